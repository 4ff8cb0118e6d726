import { fromRule, hostsRule, imagesRule, tagsRule } from '../../src/api/rewrite.js';
import { cronRule, timeZoneRule } from '../../src/api/timing.js';
import { drillCopiesRule, drillTargetRule, verifyRule } from '../../src/api/volumepolicy.js';
import { clusterRule, performanceRule, somethingRule } from '../../src/api/volumes.js';

const application = { name: 'a', kind: 'PostgreSQL' };
const custom = { name: 'a', kind: 'Custom', profileRef: { name: 'p' } };
const fence = { engage: { command: ['on'] }, verify: { command: ['look'] }, release: { command: ['off'] } };
const fenced = { hold: 'Fence', processName: 'db', fence };
const position = { command: ['where'], stdin: { secretKeyRef: { name: 'login', key: 'options' } } };

const restore = { serviceAccountName: 'a', from: { appSnapshotRef: { name: 'a' } } };
const inPlace = { ...restore, inPlace: true };

const bucket = { endpoint: 'https://s3.example', bucket: 'copies', credentialsSecretRef: { name: 'login' } };
const inBucket = { serviceAccountName: 'a', s3: bucket };
const inClaim = { serviceAccountName: 'a', persistentVolumeClaim: { claimName: 'nas' } };

const daily = { schedule: { cron: '30 2 * * *' }, retention: { daily: 7 } };
const protecting = { serviceAccountName: 'a', protection: daily };
const placed = { serviceAccountName: 'a', storageClusterRef: { name: 'ebs' } };
const growing = { serviceAccountName: 'a', growth: { whenUsedPercent: 80, by: '20%', max: '500Gi' } };
const inTwo = { copies: [{ targetRef: { name: 's3' } }, { targetRef: { name: 'nas' } }] };
const fromTarget = { cron: '0 5 * * 0', from: 'Target' };

/** Values of `self` that keep and break a rule of CEL, by the text of the rule. Durations have theirs generated. */
export const celFixtures: Readonly<Record<string, readonly { readonly good: unknown; readonly bad: unknown }[]>> = {
  "self.all(k, size(k) <= 317 && k.matches('^([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$'))": [
    { good: { app: 'shop', 'app.kubernetes.io/name': 'shop' }, bad: { 'app name': 'shop' } },
    { good: { [`${'a'.repeat(253)}/${'a'.repeat(63)}`]: 'shop' }, bad: { [`${'a'.repeat(254)}/${'a'.repeat(63)}`]: 'shop' } },
  ],
  "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)": [
    { good: { key: 'app', operator: 'In', values: ['a'] }, bad: { key: 'app', operator: 'In' } },
    { good: { key: 'app', operator: 'NotIn', values: ['a'] }, bad: { key: 'app', operator: 'NotIn', values: [] } },
    { good: { key: 'app', operator: 'Exists' }, bad: { key: 'app', operator: 'Exists', values: ['a'] } },
    { good: { key: 'app', operator: 'DoesNotExist', values: [] }, bad: { key: 'app', operator: 'DoesNotExist', values: ['a'] } },
  ],
  'self.all(k, size(k) >= 1 && size(k) <= 253)': [
    { good: { a: 'fast', ['b'.repeat(253)]: 'fast' }, bad: { '': 'fast' } },
    { good: { a: 'fast' }, bad: { ['b'.repeat(254)]: 'fast' } },
  ],
  // AppSnapshot: an application
  "self.mode != 'BackupAPI' || self.kind == 'PostgreSQL'": [{ good: { ...application, mode: 'BackupAPI' }, bad: { ...application, kind: 'Generic', mode: 'BackupAPI' } }],
  "self.mode != 'Repository' || self.kind == 'Elasticsearch'": [{ good: { ...application, kind: 'Elasticsearch', mode: 'Repository' }, bad: { ...application, mode: 'Repository' } }],
  "!has(self.repository) || self.mode == 'Repository'": [{ good: { ...application, kind: 'Elasticsearch', mode: 'Repository', repository: 'backup' }, bad: { ...application, kind: 'Elasticsearch', mode: 'Auto', repository: 'backup' } }],
  "(self.kind == 'Custom') == has(self.profileRef)": [
    { good: custom, bad: { ...application, kind: 'Custom' } },
    { good: application, bad: { ...custom, kind: 'PostgreSQL' } },
  ],
  "self.kind != 'Custom' || !has(self.credentialsSecretRef)": [{ good: { ...application, credentialsSecretRef: { name: 'login' } }, bad: { ...custom, credentialsSecretRef: { name: 'login' } } }],
  'self.all(a, self.exists_one(b, b.targetRef.name == a.targetRef.name))': [{ good: [{ targetRef: { name: 'a' } }, { targetRef: { name: 'b' } }], bad: [{ targetRef: { name: 'a' } }, { targetRef: { name: 'a' } }] }],
  // AppRestore: where it reads from
  '[has(self.appSnapshotRef), has(self.targetRef), has(self.retained)].exists_one(x, x)': [
    { good: { appSnapshotRef: { name: 'a' } }, bad: {} },
    { good: { targetRef: { name: 's3' } }, bad: { appSnapshotRef: { name: 'a' }, targetRef: { name: 's3' } } },
    { good: { retained: '0d4c0d4c-0000-4000-8000-000000000001' }, bad: { targetRef: { name: 's3' }, retained: '0d4c0d4c-0000-4000-8000-000000000001' } },
  ],
  'has(self.targetRef) || (!has(self.recoveryPoint) && !has(self.namespace) && !has(self.encryptionKeySecretRef))': [
    { good: { targetRef: { name: 's3' }, recoveryPoint: 'latest' }, bad: { appSnapshotRef: { name: 'a' }, recoveryPoint: 'latest' } },
    { good: { targetRef: { name: 's3' }, namespace: 'shop' }, bad: { appSnapshotRef: { name: 'a' }, namespace: 'shop' } },
    { good: { targetRef: { name: 's3' }, encryptionKeySecretRef: { name: 'key' } }, bad: { appSnapshotRef: { name: 'a' }, encryptionKeySecretRef: { name: 'key' } } },
  ],
  'has(self.targetRef) || !has(self.staged)': [{ good: { targetRef: { name: 's3' }, staged: true }, bad: { appSnapshotRef: { name: 'a' }, staged: true } }],
  // AppRestore: what is rewritten
  [imagesRule.rule]: [
    { good: { 'registry.example:5000/team': 'mirror.example', web: 'mirror.example/web' }, bad: { 'registry.example/': 'mirror.example' } },
    { good: { ['a'.repeat(512)]: 'b' }, bad: { ['a'.repeat(513)]: 'b' } },
  ],
  [tagsRule.rule]: [
    { good: { 'registry.example/web:1.4': `mirror.example/web@sha256:${'0'.repeat(64)}` }, bad: { 'registry.example/web': 'mirror.example/web:1.4' } },
    { good: { 'registry.example': 'mirror.example:5000', 'redis:7': 'mirror.example/redis:7.4' }, bad: { redis: 'redis:7-alpine' } },
  ],
  [hostsRule.rule]: [
    { good: { 'shop.example': 'drill.example', '*.shop.example': '*.drill.example' }, bad: { 'https://shop.example': 'drill.example' } },
    { good: { ['a'.repeat(253)]: 'b' }, bad: { ['a'.repeat(254)]: 'b' } },
  ],
  [fromRule.rule]: [
    { good: { op: 'remove', path: '/a' }, bad: { op: 'remove', path: '/a', from: '/b' } },
    { good: { op: 'move', path: '/a', from: '/b' }, bad: { op: 'move', path: '/a' } },
    { good: { op: 'add', path: '/a/-', value: null }, bad: { op: 'add', path: '/a/-', value: null, from: '/b' } },
    { good: { op: 'copy', path: '/a', from: '' }, bad: { op: 'copy', path: '/a' } },
  ],
  // AppRestore: in place
  "!self.inPlace || self.what == 'All'": [
    { good: { ...restore, what: 'Volumes', inPlace: false }, bad: { ...inPlace, what: 'Volumes' } },
    { good: { ...inPlace, what: 'All', existing: 'Skip' }, bad: { ...inPlace, what: 'Configuration' } },
  ],
  "self.inPlace || self.previousVolumes == 'Keep'": [
    { good: { ...inPlace, previousVolumes: 'Restore' }, bad: { ...restore, previousVolumes: 'Restore' } },
    { good: restore, bad: { ...restore, inPlace: false, previousVolumes: 'Delete' } },
  ],
  // QuiesceProfile
  "size(self) == 0 || (size(self[0]) > 0 && !self[0].startsWith('-'))": [
    { good: ['flush', '--all'], bad: ['--all', 'flush'] },
    { good: ['flush', ''], bad: ['', 'flush'] },
  ],
  "(self.hold == 'Fence') == has(self.fence)": [
    { good: fenced, bad: { ...fenced, fence: undefined } },
    { good: { hold: 'Freeze' }, bad: { hold: 'Freeze', fence } },
  ],
  "self.hold != 'Fence' || has(self.processName)": [{ good: fenced, bad: { ...fenced, processName: undefined } }],
  // VolumePolicy: the second value of each is as long as may be
  [cronRule.rule]: [
    { good: '30 2 * * *', bad: '30 2 * *  *' },
    { good: `00,${'0,'.repeat(44)}0 2 * * *`, bad: '60 2 * * *' },
    { good: '*/5 0-6/2 1,15 JAN-MAR MON-FRI', bad: '*/0 * * * *' },
  ],
  [timeZoneRule.rule]: [
    { good: 'Europe/Berlin', bad: 'Mars/Base' },
    { good: 'America/Argentina/ComodRivadavia', bad: 'Local' },
  ],
  'self.last + self.hourly + self.daily + self.weekly + self.monthly + self.yearly > 0': [
    { good: { last: 3 }, bad: { last: 0 } },
    { good: { hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 3, minVerified: 2 }, bad: { minVerified: 2 } },
  ],
  [verifyRule.rule]: [
    { good: { ...daily, verify: { cron: '0 5 * * 0' } }, bad: { ...daily, verify: { cron: '0 5 * * 0' }, capture: { enabled: false } } },
    { good: { ...daily, capture: { enabled: false } }, bad: { ...daily, verify: { cron: '0 5 * * 0', timeout: '30m' }, capture: { enabled: false, exclude: ['secrets'] } } },
  ],
  [drillTargetRule.rule]: [
    { good: { cron: '0 5 * * 0', from: 'Target', targetRef: { name: 's3' } }, bad: { cron: '0 5 * * 0', targetRef: { name: 's3' } } },
    { good: { cron: '0 5 * * 0', from: 'Target' }, bad: { cron: '0 5 * * 0', from: 'Snapshot', targetRef: { name: 's3' } } },
  ],
  [drillCopiesRule.rule]: [
    { good: { ...daily, ...inTwo, verify: { ...fromTarget, targetRef: { name: 'nas' } } }, bad: { ...daily, ...inTwo, verify: fromTarget } },
    { good: { ...daily, copies: [{ targetRef: { name: 's3' } }], verify: fromTarget }, bad: { ...daily, verify: fromTarget } },
    { good: { ...daily, ...inTwo, verify: { cron: '0 5 * * 0', from: 'Snapshot' } }, bad: { ...daily, copies: [], verify: { ...fromTarget, targetRef: { name: 's3' } } } },
  ],
  [somethingRule.rule]: [
    { good: protecting, bad: { serviceAccountName: 'a' } },
    { good: placed, bad: { serviceAccountName: 'a', selector: { matchLabels: { app: 'db' } } } },
    { good: growing, bad: { serviceAccountName: 'a', selector: {} } },
  ],
  [clusterRule.rule]: [
    { good: { ...protecting, ...placed, replicas: 3 }, bad: { ...protecting, replicas: 3 } },
    { good: { ...placed, tier: 'fast' }, bad: { ...protecting, tier: 'fast' } },
    { good: { ...placed, encryption: 'Required' }, bad: { ...growing, encryption: 'Required' } },
    { good: { ...placed, performance: { minIops: 100 } }, bad: { ...growing, performance: { minIops: 100 } } },
    { good: { ...placed, storageClassName: 'shop-fast' }, bad: { ...protecting, storageClassName: 'shop-fast' } },
  ],
  [performanceRule.rule]: [
    { good: { minIops: 3000 }, bad: {} },
    { good: { maxReadIops: 1 }, bad: {} },
    { good: { maxWriteIops: 1 }, bad: {} },
    { good: { minBps: '250Mi' }, bad: {} },
    { good: { maxReadBps: '1Gi' }, bad: {} },
    { good: { maxWriteBps: '1Ki', minIops: 1 }, bad: {} },
  ],
  // StorageCluster: a parameter of the driver. The first is one whose field may be any other.
  "!has(self.unit) || self.field in ['minBps', 'maxReadBps', 'maxWriteBps']": [
    { good: { field: 'minIops', storageClass: 'a' }, bad: { field: 'minIops', storageClass: 'a', unit: 'MiB' } },
    { good: { field: 'maxReadBps', storageClass: 'a', unit: 'MiB' }, bad: { field: 'replicas', storageClass: 'a', unit: 'Bytes' } },
  ],
  'has(self.storageClass) || has(self.volumeAttributesClass)': [{ good: { field: 'minBps', volumeAttributesClass: 'throughput' }, bad: { field: 'minBps' } }],
  "self.field in ['replicas', 'encryption'] ? !has(self.volumeAttributesClass) : true": [
    { good: { field: 'replicas', storageClass: 'copies' }, bad: { field: 'replicas', storageClass: 'copies', volumeAttributesClass: 'copies' } },
    { good: { field: 'maxWriteIops', volumeAttributesClass: 'wiops' }, bad: { field: 'encryption', volumeAttributesClass: 'encrypted' } },
  ],
  // BackupTarget
  'has(self.s3) != has(self.persistentVolumeClaim)': [
    { good: inBucket, bad: { serviceAccountName: 'a' } },
    { good: inClaim, bad: { ...inBucket, ...inClaim } },
  ],
  "self.hold != 'Fence' || !has(self.position) || !has(self.position.stdin)": [{ good: { hold: 'Freeze', position }, bad: { ...fenced, position } }],
};
