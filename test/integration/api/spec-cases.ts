import type { Grade } from '../../../src/api/common.js';

type Spec = Record<string, unknown>;

/** One rule of a spec: an object that keeps it and one that breaks it. */
export interface SpecCase {
  readonly rule: string;
  readonly kind: 'AppSnapshot' | 'AppRestore' | 'QuiesceProfile' | 'VolumePolicy' | 'StorageCluster' | 'BackupTarget';
  readonly good: Spec;
  readonly bad: Spec;
  /** What the API server says about the bad one. */
  readonly says: RegExp;
}

const snapshot = (spec: Spec = {}): Spec => ({ serviceAccountName: 'stillpoint', ...spec });
const restore = (spec: Spec = {}): Spec => ({ serviceAccountName: 'stillpoint', from: { appSnapshotRef: { name: 'copy' } }, ...spec });
const fromTarget = (more: Spec = {}): Spec => restore({ from: { targetRef: { name: 's3' }, ...more } });
const rewrite = (r: Spec): Spec => restore({ rewrite: r });
const patched = (...patch: Spec[]): Spec => rewrite({ patches: [{ target: { kind: 'Deployment' }, patch }] });
const oneSource = /spec\.from.*exactly one of appSnapshotRef, targetRef and retained must be set/;
const retained = { retained: '0d4c0d4c-0000-4000-8000-000000000001' };
const quiesce = (q: Spec): Spec => snapshot({ quiesce: q });
const selector = (s: Spec): Spec => snapshot({ selector: s });
const application = (...list: Spec[]): Spec => snapshot({ applications: list });
const orders = { name: 'orders', kind: 'PostgreSQL' };
const search = { name: 'search', kind: 'Elasticsearch' };
const frozen: Grade = 'Frozen';
const cache = { name: 'cache', kind: 'Custom', profileRef: { name: 'redis' } };
const profile = (spec: Spec = {}): Spec => ({ hold: 'Freeze', ...spec });
const one = { command: ['true'] };
const fence = { engage: one, verify: one, release: one };
const fenced = (spec: Spec = {}): Spec => ({ hold: 'Fence', processName: 'mariadbd', fence, ...spec });
const step = (more: Spec = {}): Spec => ({ name: 'flush', command: ['true'], ...more });

const policy = (protection: Spec = {}): Spec => ({ serviceAccountName: 'stillpoint', protection: { schedule: { cron: '30 2 * * *' }, retention: { daily: 7 }, ...protection } });
const schedule = (more: Spec): Spec => policy({ schedule: { cron: '30 2 * * *', ...more } });
const cron = (text: string): Spec => schedule({ cron: text });
const retention = (counts: Spec): Spec => policy({ retention: counts });
const volumes = (more: Spec = {}): Spec => ({ serviceAccountName: 'stillpoint', storageClusterRef: { name: 'ebs' }, ...more });
const growth = (more: Spec = {}): Spec => ({ serviceAccountName: 'stillpoint', growth: { whenUsedPercent: 80, by: '20%', max: '500Gi', ...more } });

const snapshotCases: readonly Omit<SpecCase, 'kind'>[] = [
  { rule: 'serviceAccountName is required', good: snapshot(), bad: {}, says: /spec\.serviceAccountName: Required value/ },
  { rule: 'serviceAccountName is a name', good: snapshot(), bad: { serviceAccountName: 'Not A Name' }, says: /spec\.serviceAccountName.*should match/ },
  { rule: 'unknown fields are refused', good: snapshot({ suspend: true }), bad: snapshot({ suspended: true }), says: /unknown field "spec\.suspended"/ },
  { rule: 'maxHold at least 100ms', good: quiesce({ maxHold: '100ms' }), bad: quiesce({ maxHold: '99ms' }), says: /spec\.quiesce\.maxHold.*must be a duration from 100ms to 10s/ },
  { rule: 'maxHold at most 10s', good: quiesce({ maxHold: '10s' }), bad: quiesce({ maxHold: '10s1ms' }), says: /spec\.quiesce\.maxHold.*must be a duration from 100ms to 10s/ },
  { rule: 'maxHold is a duration', good: quiesce({ maxHold: '1s500ms' }), bad: quiesce({ maxHold: '1.5s' }), says: /spec\.quiesce\.maxHold.*should match/ },
  { rule: 'heartbeatTimeout at least 1s', good: quiesce({ heartbeatTimeout: '1s' }), bad: quiesce({ heartbeatTimeout: '999ms' }), says: /heartbeatTimeout.*must be a duration from 1s to 10s/ },
  { rule: 'heartbeatTimeout at most 10s', good: quiesce({ heartbeatTimeout: '10s' }), bad: quiesce({ heartbeatTimeout: '1m' }), says: /heartbeatTimeout.*must be a duration from 1s to 10s/ },
  { rule: 'attempts from 1', good: quiesce({ attempts: 1 }), bad: quiesce({ attempts: 0 }), says: /attempts.*greater than or equal to 1/ },
  { rule: 'attempts to 5', good: quiesce({ attempts: 5 }), bad: quiesce({ attempts: 6 }), says: /attempts.*less than or equal to 5/ },
  { rule: 'expiresAfter at least 1m', good: snapshot({ expiresAfter: '1m' }), bad: snapshot({ expiresAfter: '59s' }), says: /expiresAfter.*must be a duration from 1m to 87600h/ },
  { rule: 'expiresAfter at most ten years', good: snapshot({ expiresAfter: '87600h' }), bad: snapshot({ expiresAfter: '87601h' }), says: /expiresAfter.*must be a duration from 1m to 87600h/ },
  { rule: 'deletionPolicy is known', good: snapshot({ deletionPolicy: 'Retain' }), bad: snapshot({ deletionPolicy: 'Keep' }), says: /spec\.deletionPolicy: Unsupported value/ },
  { rule: 'grades are known', good: snapshot({ consistency: { required: frozen } }), bad: snapshot({ consistency: { required: 'Perfect' } }), says: /spec\.consistency\.required: Unsupported value/ },
  { rule: 'kinds of applications are known', good: application(orders), bad: application({ ...orders, kind: 'Oracle7' }), says: /applications\[0\]\.kind: Unsupported value/ },
  { rule: 'mode BackupAPI is for PostgreSQL', good: application({ ...orders, mode: 'BackupAPI' }), bad: application({ ...orders, kind: 'Generic', mode: 'BackupAPI' }), says: /applications\[0\].*mode BackupAPI is for kind PostgreSQL/ },
  { rule: 'mode Repository is for Elasticsearch', good: application({ ...search, mode: 'Repository' }), bad: application({ ...orders, mode: 'Repository' }), says: /applications\[0\].*mode Repository is for kind Elasticsearch/ },
  { rule: 'a repository is for its mode', good: application({ ...search, mode: 'Repository', repository: 'backup' }), bad: application({ ...search, repository: 'backup' }), says: /applications\[0\].*repository is for mode Repository/ },
  { rule: 'names of repositories', good: application({ ...search, mode: 'Repository', repository: 'Nightly_1' }), bad: application({ ...search, mode: 'Repository', repository: 'a/b' }), says: /applications\[0\]\.repository.*should match/ },
  { rule: 'names of applications are unique', good: application(orders, { ...orders, name: 'stock' }), bad: application(orders, orders), says: /spec\.applications\[1\]: Duplicate value/ },
  { rule: 'names of applications are labels', good: application(orders), bad: application({ ...orders, name: 'a.b' }), says: /applications\[0\]\.name.*should match/ },
  { rule: 'capture.exclude has no doubles', good: snapshot({ capture: { exclude: ['events', 'jobs.batch'] } }), bad: snapshot({ capture: { exclude: ['events', 'events'] } }), says: /spec\.capture\.exclude\[1\]: Duplicate value/ },
  { rule: 'capture.include has plural.group', good: snapshot({ capture: { include: ['statefulsets.apps'] } }), bad: snapshot({ capture: { include: ['StatefulSet'] } }), says: /capture\.include\[0\].*should match/ },
  { rule: 'label values', good: selector({ matchLabels: { app: 'shop' } }), bad: selector({ matchLabels: { app: 'a b' } }), says: /spec\.selector\.matchLabels\.app.*should match/ },
  { rule: 'label keys', good: selector({ matchLabels: { 'app.kubernetes.io/name': 'shop' } }), bad: selector({ matchLabels: { 'app name': 'shop' } }), says: /matchLabels.*every key must be a label key/ },
  { rule: 'at most 16 labels', good: selector({ matchLabels: manyLabels(16) }), bad: selector({ matchLabels: manyLabels(17) }), says: /matchLabels: Too many: 17: must have at most 16/ },
  { rule: 'In needs values', good: selector({ matchExpressions: [{ key: 'app', operator: 'In', values: ['a'] }] }), bad: selector({ matchExpressions: [{ key: 'app', operator: 'In' }] }), says: /In and NotIn need at least one entry/ },
  { rule: 'Exists takes no values', good: selector({ matchExpressions: [{ key: 'app', operator: 'Exists' }] }), bad: selector({ matchExpressions: [{ key: 'app', operator: 'Exists', values: ['a'] }] }), says: /Exists and DoesNotExist must have none/ },
  { rule: 'selector of an application', good: application({ ...orders, selector: { matchLabels: { app: 'db' } } }), bad: application({ ...orders, selector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [] }] } }), says: /applications\[0\]\.selector\.matchExpressions\[0\].*In and NotIn need at least one entry/ },
  { rule: 'one copy for a target', good: snapshot({ copies: [{ targetRef: { name: 's3' } }, { targetRef: { name: 'nas' }, deletionPolicy: 'Retain' }] }), bad: snapshot({ copies: [{ targetRef: { name: 's3' } }, { targetRef: { name: 's3' }, deletionPolicy: 'Retain' }] }), says: /spec\.copies.*every target must be there once only/ },
  { rule: 'kind Custom needs a profile', good: application(cache), bad: application({ name: 'cache', kind: 'Custom' }), says: /applications\[0\].*kind Custom needs profileRef/ },
  { rule: 'only kind Custom has a profile', good: application(cache), bad: application({ ...orders, profileRef: { name: 'redis' } }), says: /applications\[0\].*no other kind may have one/ },
  { rule: 'kind Custom takes no credentials', good: application(cache), bad: application({ ...cache, credentialsSecretRef: { name: 'x' } }), says: /applications\[0\].*stdin\.secretKeyRef/ },
];

const profileCases: readonly Omit<SpecCase, 'kind'>[] = [
  { rule: 'hold is required', good: profile(), bad: {}, says: /spec\.hold: Required value/ },
  { rule: 'settling cannot be asked for', good: profile(), bad: profile({ settle: '300ms' }), says: /unknown field "spec\.settle"/ },
  { rule: 'a fence for hold Fence', good: fenced(), bad: profile({ hold: 'Fence', processName: 'x' }), says: /hold Fence needs fence/ },
  { rule: 'no fence for hold Freeze', good: profile(), bad: profile({ fence }), says: /hold Freeze must have none/ },
  { rule: 'hold Fence needs the process', good: fenced(), bad: profile({ hold: 'Fence', fence }), says: /hold Fence needs processName/ },
  { rule: 'names of processes have 15 characters', good: profile({ processName: 'redis-server' }), bad: profile({ processName: 'much-too-long-name' }), says: /spec\.processName.*Too long/ },
  { rule: 'the position of a fence has no Secret', good: profile({ position: { ...one, stdin: { secretKeyRef: { name: 'a', key: 'b' } } } }), bad: fenced({ position: { ...one, stdin: { secretKeyRef: { name: 'a', key: 'b' } } } }), says: /position\.stdin cannot be used with hold Fence/ },
  { rule: 'commands of a fence have no Secret', good: fenced(), bad: fenced({ fence: { ...fence, engage: { ...one, stdin: { secretKeyRef: { name: 'a', key: 'b' } } } } }), says: /unknown field "spec\.fence\.engage\.stdin"/ },
  { rule: 'commands are lists', good: profile({ position: one }), bad: profile({ position: { command: 'redis-cli PING' } }), says: /spec\.position\.command.*must be of type array/ },
  { rule: 'commands name a program', good: profile({ position: one }), bad: profile({ position: { command: ['-x'] } }), says: /the first word must name a program/ },
  { rule: 'words have no line breaks', good: profile({ position: { command: ['echo', 'a b'] } }), bad: profile({ position: { command: ['echo', 'a\nb'] } }), says: /position\.command\[1\].*should match/ },
  { rule: 'a command of a fence takes 5s at most', good: fenced({ fence: { ...fence, engage: { ...one, timeout: '5s' } } }), bad: fenced({ fence: { ...fence, engage: { ...one, timeout: '6s' } } }), says: /engage\.timeout.*must be a duration from 100ms to 5s/ },
  { rule: 'expected output is one line', good: profile({ checks: [step({ expect: 'a\tb' })] }), bad: profile({ checks: [step({ expect: 'a\nb' })] }), says: /checks\[0\]\.expect.*should match/ },
  { rule: 'names of steps differ', good: profile({ warmUp: [step(), step({ name: 'sync' })] }), bad: profile({ warmUp: [step(), step()] }), says: /spec\.warmUp\[1\]: Duplicate value/ },
  { rule: 'names of checks differ', good: profile({ checks: [step(), step({ name: 'sync' })] }), bad: profile({ checks: [step(), step()] }), says: /spec\.checks\[1\]: Duplicate value/ },
  { rule: 'a hold takes 10s at most', good: profile({ tolerates: { maxHold: '10s' } }), bad: profile({ tolerates: { maxHold: '11s' } }), says: /tolerates\.maxHold.*must be a duration from 100ms to 10s/ },
  { rule: 'recovery is known', good: profile({ recovery: 'Durable' }), bad: profile({ recovery: 'Certain' }), says: /spec\.recovery: Unsupported value/ },
];

const restoreCases: readonly Omit<SpecCase, 'kind'>[] = [
  { rule: 'serviceAccountName is required', good: restore(), bad: { from: { appSnapshotRef: { name: 'copy' } } }, says: /spec\.serviceAccountName: Required value/ },
  { rule: 'from is required', good: restore(), bad: { serviceAccountName: 'stillpoint' }, says: /spec\.from: Required value/ },
  { rule: 'from names a copy', good: restore(), bad: restore({ from: {} }), says: oneSource },
  { rule: 'from names one copy', good: fromTarget(), bad: fromTarget({ appSnapshotRef: { name: 'copy' } }), says: oneSource },
  { rule: 'from names one copy that was retained', good: restore({ from: retained }), bad: restore({ from: { ...retained, appSnapshotRef: { name: 'copy' } } }), says: oneSource },
  { rule: 'what was retained has a uid', good: restore({ from: retained }), bad: restore({ from: { retained: '../0d4c' } }), says: /spec\.from\.retained.*should match/ },
  { rule: 'what was retained is found by its uid only', good: restore({ from: retained }), bad: restore({ from: { ...retained, namespace: 'shop' } }), says: /recoveryPoint, namespace and encryptionKeySecretRef go with targetRef/ },
  { rule: 'a recovery point is one of a target', good: fromTarget({ recoveryPoint: 'latest-verified' }), bad: restore({ from: { appSnapshotRef: { name: 'copy' }, recoveryPoint: 'latest' } }), says: /recoveryPoint, namespace and encryptionKeySecretRef go with targetRef/ },
  { rule: 'another namespace is one of a target', good: fromTarget({ namespace: 'shop' }), bad: restore({ from: { appSnapshotRef: { name: 'copy' }, namespace: 'shop' } }), says: /recoveryPoint, namespace and encryptionKeySecretRef go with targetRef/ },
  { rule: 'a key is one of a target', good: fromTarget({ encryptionKeySecretRef: { name: 'key' } }), bad: restore({ from: { appSnapshotRef: { name: 'copy' }, encryptionKeySecretRef: { name: 'key' } } }), says: /recoveryPoint, namespace and encryptionKeySecretRef go with targetRef/ },
  { rule: 'what is staged comes from a target', good: fromTarget({ staged: true }), bad: restore({ from: { appSnapshotRef: { name: 'copy' }, staged: true } }), says: /spec\.from.*staged goes with targetRef/ },
  { rule: 'recovery points have ids', good: fromTarget({ recoveryPoint: '0f9d-1' }), bad: fromTarget({ recoveryPoint: '../0f9d' }), says: /spec\.from\.recoveryPoint.*should match/ },
  { rule: 'into.namespace is a label', good: restore({ into: { namespace: 'default', serviceAccountName: 'x' } }), bad: restore({ into: { namespace: 'a.b', serviceAccountName: 'x' } }), says: /spec\.into\.namespace.*should match/ },
  { rule: 'verify.timeout at least 10s', good: restore({ verify: { timeout: '10s' } }), bad: restore({ verify: { timeout: '9s' } }), says: /verify\.timeout.*must be a duration from 10s to 24h/ },
  { rule: 'verify.timeout at most 24h', good: restore({ verify: { timeout: '24h' } }), bad: restore({ verify: { timeout: '24h1ms' } }), says: /verify\.timeout.*must be a duration from 10s to 24h/ },
  { rule: 'existing is known', good: restore({ existing: 'Adopt' }), bad: restore({ existing: 'Overwrite' }), says: /spec\.existing: Unsupported value/ },
  { rule: 'what is known', good: restore({ what: 'Volumes' }), bad: restore({ what: 'Some' }), says: /spec\.what: Unsupported value/ },
  { rule: 'keys of images are references', good: rewrite({ images: { 'registry.example:5000/team': 'mirror.example', 'nginx:1.27': `mirror.example/nginx@sha256:${'0'.repeat(64)}` } }), bad: rewrite({ images: { 'registry.example/': 'mirror.example' } }), says: /spec\.rewrite\.images.*every key must be a reference to an image or the beginning of one/ },
  { rule: 'values of images are references', good: rewrite({ images: { 'registry.example': 'mirror.example:5000/all' } }), bad: rewrite({ images: { 'registry.example': 'https://mirror.example' } }), says: /spec\.rewrite\.images\.registry\.example.*should match/ },
  { rule: 'a tag needs a tag', good: rewrite({ images: { 'redis:7': 'mirror.example/redis:7.4' } }), bad: rewrite({ images: { redis: 'mirror.example/redis:7.4' } }), says: /spec\.rewrite\.images.*a value with a tag or digest needs a key with one/ },
  { rule: 'keys of hosts are names', good: rewrite({ hosts: { 'shop.example': 'drill.example', '*.shop.example': '*.drill.example' } }), bad: rewrite({ hosts: { 'https://shop.example': 'drill.example' } }), says: /spec\.rewrite\.hosts.*every key must be a DNS name in lower case/ },
  { rule: 'values of hosts are names', good: rewrite({ hosts: { 'shop.example': 'drill.example' } }), bad: rewrite({ hosts: { 'shop.example': 'Drill.example' } }), says: /spec\.rewrite\.hosts\.shop\.example.*should match/ },
  { rule: 'a patch has a kind', good: patched({ op: 'remove', path: '/spec/a' }), bad: rewrite({ patches: [{ target: {}, patch: [{ op: 'remove', path: '/spec/a' }] }] }), says: /patches\[0\]\.target\.kind: Required value/ },
  { rule: 'a patch has operations', good: patched({ op: 'remove', path: '/spec/a' }), bad: patched(), says: /patches\[0\]\.patch.*at least 1 items/ },
  { rule: 'operations are those of JSON Patch', good: patched({ op: 'test', path: '/spec/a', value: null }), bad: patched({ op: 'merge', path: '/spec/a', value: {} }), says: /patch\[0\]\.op: Unsupported value/ },
  { rule: 'paths are JSON pointers', good: patched({ op: 'add', path: '/metadata/labels/a~1b', value: [{ c: 1.5 }, 'd', true] }), bad: patched({ op: 'remove', path: 'spec.a' }), says: /patch\[0\]\.path.*should match/ },
  { rule: 'move needs from', good: patched({ op: 'move', path: '/spec/a', from: '/spec/b' }), bad: patched({ op: 'move', path: '/spec/a' }), says: /patches\[0\]\.patch\[0\].*copy and move need from/ },
  { rule: 'only copy and move have from', good: patched({ op: 'copy', path: '/spec/a', from: '/spec/b' }), bad: patched({ op: 'add', path: '/spec/a', value: 1, from: '/spec/b' }), says: /no other operation may have it/ },
  { rule: 'labels of a target', good: rewrite({ patches: [{ target: { group: '', kind: 'Service', labelSelector: { matchLabels: { app: 'web' } } }, patch: [{ op: 'remove', path: '/spec/a' }] }] }), bad: rewrite({ patches: [{ target: { kind: 'Service', labelSelector: { matchLabels: { 'app name': 'web' } } }, patch: [{ op: 'remove', path: '/spec/a' }] }] }), says: /target\.labelSelector\.matchLabels.*every key must be a label key/ },
  { rule: 'in place needs all of the copy', good: restore({ inPlace: true, existing: 'Skip' }), bad: restore({ inPlace: true, what: 'Volumes' }), says: /inPlace: true needs what: All; with existing: Skip the configuration stays as it is/ },
  { rule: 'old volumes are those of a restore in place', good: restore({ inPlace: true, previousVolumes: 'Delete' }), bad: restore({ previousVolumes: 'Delete' }), says: /previousVolumes goes with inPlace: true/ },
  { rule: 'what becomes of old volumes is known', good: restore({ inPlace: true, previousVolumes: 'Restore' }), bad: restore({ inPlace: true, previousVolumes: 'Archive' }), says: /spec\.previousVolumes: Unsupported value/ },
  { rule: 'storage classes have names', good: restore({ rewrite: { storageClasses: { a: 'b' } } }), bad: restore({ rewrite: { storageClasses: { a: '' } } }), says: /storageClasses\.a.*at least 1 chars/ },
];

const inTwo: Spec = { copies: ['s3', 'nas'].map((name) => ({ targetRef: { name } })) };
const notCron = /spec\.protection\.schedule\.cron.*must be five fields.*For example 30 2 \* \* \*/;

const policyCases: readonly Omit<SpecCase, 'kind'>[] = [
  { rule: 'serviceAccountName is required', good: policy(), bad: { protection: policy()['protection'] }, says: /spec\.serviceAccountName: Required value/ },
  { rule: 'retention is required', good: policy(), bad: { serviceAccountName: 'x', protection: { schedule: { cron: '30 2 * * *' } } }, says: /spec\.protection\.retention: Required value/ },
  { rule: 'cron has five fields', good: cron('*/5 * * * *'), bad: cron('*/5 * * *  *'), says: notCron },
  { rule: 'cron has no seconds', good: cron('0 0 1,15 * MON-FRI'), bad: cron('0 0 0 1 1 *'), says: notCron },
  { rule: 'cron has no nicknames', good: cron('0 0 * JAN-MAR/2 *'), bad: cron('@midnight'), says: notCron },
  { rule: 'cron has minutes to 59', good: cron('59 23 31 12 7'), bad: cron('60 2 * * *'), says: notCron },
  { rule: 'cron has hours to 23', good: cron('0 0-23/6 * * *'), bad: cron('0 24 * * *'), says: notCron },
  { rule: 'cron has steps above 0', good: cron('*/1 * * * *'), bad: cron('*/0 * * * *'), says: notCron },
  { rule: 'cron has days from 1', good: cron('0 0 1 * *'), bad: cron('0 0 0 * *'), says: notCron },
  { rule: 'time zones are known', good: schedule({ timeZone: 'America/Argentina/Buenos_Aires' }), bad: schedule({ timeZone: 'Mars/Base' }), says: /spec\.protection\.schedule\.timeZone.*must be the name of a time zone of the IANA database, for example Europe\/Berlin/ },
  { rule: 'time zones are no offsets', good: schedule({ timeZone: 'Etc/GMT+5' }), bad: schedule({ timeZone: '+05:00' }), says: /timeZone.*should match/ },
  { rule: 'jitter to 12h', good: schedule({ jitter: '12h' }), bad: schedule({ jitter: '13h' }), says: /jitter.*must be a duration from 1s to 12h/ },
  { rule: 'retention keeps something', good: retention({ yearly: 1 }), bad: retention({ minVerified: 3 }), says: /spec\.protection\.retention.*must keep something: set last, hourly, daily, weekly, monthly or yearly to at least 1/ },
  { rule: 'retention with zeros keeps nothing', good: retention({ last: 1, daily: 0 }), bad: retention({ last: 0, daily: 0 }), says: /must keep something/ },
  { rule: 'retention counts from 0', good: retention({ last: 1, minVerified: 0 }), bad: retention({ last: -1, daily: 3 }), says: /retention\.last.*greater than or equal to 0/ },
  { rule: 'one entry for a target', good: policy({ copies: [{ targetRef: { name: 's3' }, cron: '0 3 * * 0', retention: { weekly: 8 } }, { targetRef: { name: 'nas' } }] }), bad: policy({ copies: [{ targetRef: { name: 's3' } }, { targetRef: { name: 's3' }, cron: '0 3 * * 0' }] }), says: /protection\.copies.*every target must be there once only/ },
  { rule: 'the cron of a target has five fields', good: policy({ copies: [{ targetRef: { name: 's3' }, cron: '0 3 * * SUN' }] }), bad: policy({ copies: [{ targetRef: { name: 's3' }, cron: '@weekly' }] }), says: /copies\[0\]\.cron.*must be five fields/ },
  { rule: 'the retention of a target keeps something', good: policy({ copies: [{ targetRef: { name: 's3' }, retention: { last: 1 } }] }), bad: policy({ copies: [{ targetRef: { name: 's3' }, retention: { minVerified: 3 } }] }), says: /copies\[0\]\.retention.*must keep something/ },
  { rule: 'four targets', good: policy({ copies: ['a', 'b', 'c', 'd'].map((name) => ({ targetRef: { name } })) }), bad: policy({ copies: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ targetRef: { name } })) }), says: /protection\.copies.*must have at most 4 items/ },
  { rule: 'rpo at least 1m', good: policy({ rpo: '1m' }), bad: policy({ rpo: '59s' }), says: /rpo.*must be a duration from 1m to 8760h/ },
  { rule: 'verify needs a cron', good: policy({ verify: { cron: '0 5 * * SUN' } }), bad: policy({ verify: {} }), says: /protection\.verify\.cron: Required value/ },
  { rule: 'cron of verify has five fields', good: policy({ verify: { cron: '*/5 * * * *', jitter: '1s', startingDeadline: '10s', suspend: true } }), bad: policy({ verify: { cron: '@weekly' } }), says: /protection\.verify\.cron.*must be five fields with one space between/ },
  { rule: 'timeZone of verify is one of the database', good: policy({ verify: { cron: '0 5 * * *', timeZone: 'Europe/Berlin' } }), bad: policy({ verify: { cron: '0 5 * * *', timeZone: 'Mars/Base' } }), says: /verify\.timeZone.*must be the name of a time zone/ },
  { rule: 'verify is from snapshots or a target', good: policy({ verify: { cron: '0 5 * * *', from: 'Snapshot' } }), bad: policy({ verify: { cron: '0 5 * * *', from: 'Bucket' } }), says: /verify\.from: Unsupported value: "Bucket"/ },
  { rule: 'verify from a target needs copies', good: policy({ copies: [{ targetRef: { name: 's3' } }], verify: { cron: '0 5 * * *', from: 'Target' } }), bad: policy({ verify: { cron: '0 5 * * *', from: 'Target' } }), says: /protection.*verify\.from: Target needs copies/ },
  { rule: 'verify says which of several targets', good: policy({ ...inTwo, verify: { cron: '0 5 * * *', from: 'Target', targetRef: { name: 'nas' } } }), bad: policy({ ...inTwo, verify: { cron: '0 5 * * *', from: 'Target' } }), says: /protection.*where they name several targets verify\.targetRef to say which/ },
  { rule: 'targetRef of verify goes with Target', good: policy({ ...inTwo, verify: { cron: '0 5 * * *', from: 'Target', targetRef: { name: 's3' } } }), bad: policy({ ...inTwo, verify: { cron: '0 5 * * *', targetRef: { name: 's3' } } }), says: /protection\.verify.*targetRef goes with from: Target/ },
  { rule: 'timeout of verify at least 1m', good: policy({ verify: { cron: '0 5 * * *', timeout: '1m' } }), bad: policy({ verify: { cron: '0 5 * * *', timeout: '59s' } }), says: /verify\.timeout.*must be a duration from 1m to 24h/ },
  { rule: 'storage classes of verify are names', good: policy({ verify: { cron: '0 5 * * *', storageClasses: { kept: 'gone' } } }), bad: policy({ verify: { cron: '0 5 * * *', storageClasses: { '': 'gone' } } }), says: /every key must be the name of a storage class/ },
  { rule: 'verify needs the configuration', good: policy({ verify: { cron: '0 5 * * *' }, capture: { exclude: ['secrets'] } }), bad: policy({ verify: { cron: '0 5 * * *' }, capture: { enabled: false } }), says: /verify needs copies with their configuration/ },
  { rule: 'applications as in AppSnapshot', good: policy({ applications: [orders] }), bad: policy({ applications: [{ name: 'cache', kind: 'Custom' }] }), says: /applications\[0\].*kind Custom needs profileRef/ },
];

const volumeCases: readonly Omit<SpecCase, 'kind'>[] = [
  { rule: 'a policy asks for something', good: volumes(), bad: { serviceAccountName: 'stillpoint' }, says: /spec.*must ask for something: set protection, storageClusterRef or growth/ },
  { rule: 'replicas are those of a storage', good: volumes({ replicas: 3 }), bad: { ...policy(), replicas: 3 }, says: /need storageClusterRef, which says where the volumes are/ },
  { rule: 'growth needs no storage', good: growth(), bad: growth({ max: undefined }), says: /spec\.growth\.max: Required value/ },
  { rule: 'grown before it is full', good: growth({ whenUsedPercent: 99 }), bad: growth({ whenUsedPercent: 100 }), says: /growth\.whenUsedPercent.*less than or equal to 99/ },
  { rule: 'grown by a part or a size', good: growth({ by: '10Gi' }), bad: growth({ by: '0%' }), says: /growth\.by.*should match/ },
  { rule: 'grown by whole sizes', good: growth({ by: '100%' }), bad: growth({ by: '1.5Gi' }), says: /growth\.by.*should match/ },
  { rule: 'max has a unit', good: growth({ max: '2Ti' }), bad: growth({ max: '500' }), says: /growth\.max.*should match/ },
  { rule: 'once a minute at most', good: growth({ cooldown: '1m' }), bad: growth({ cooldown: '59s' }), says: /growth\.cooldown.*must be a duration from 1m to 168h/ },
  { rule: 'performance asks for something', good: volumes({ performance: { minIops: 3000, minBps: '250Mi' } }), bad: volumes({ performance: {} }), says: /spec\.performance.*must ask for something: set at least one of its fields/ },
  { rule: 'rates have a unit', good: volumes({ performance: { maxReadBps: '1Gi' } }), bad: volumes({ performance: { maxReadBps: '1000' } }), says: /performance\.maxReadBps.*should match/ },
  { rule: 'operations from 1', good: volumes({ performance: { maxWriteIops: 1 } }), bad: volumes({ performance: { maxWriteIops: 0 } }), says: /performance\.maxWriteIops.*greater than or equal to 1/ },
  { rule: 'encryption is known', good: volumes({ encryption: 'Required' }), bad: volumes({ encryption: 'Optional' }), says: /spec\.encryption: Unsupported value/ },
  { rule: 'replicas to 9', good: volumes({ replicas: 9 }), bad: volumes({ replicas: 10 }), says: /spec\.replicas.*less than or equal to 9/ },
  { rule: 'placement is not there yet', good: volumes({ storageClassName: 'shop-db', tier: 'fast' }), bad: volumes({ placement: { zones: ['a'] } }), says: /unknown field "spec\.placement"/ },
];

const external = (more: Spec = {}): Spec => ({ engine: { external: { driver: 'ebs.csi.aws.com', ...more } } });
const told = (...parameters: Spec[]): Spec => external({ parameters });
const offers = (more: Spec): Spec => ({ ...external(), offers: { namespaces: {}, classes: ['gp3'], ...more } });

const clusterCases: readonly Omit<SpecCase, 'kind'>[] = [
  { rule: 'a driver is required', good: external(), bad: { engine: { external: {} } }, says: /spec\.engine\.external\.driver: Required value/ },
  { rule: 'engines of other kinds are not there yet', good: external(), bad: { engine: { local: {} } }, says: /unknown field "spec\.engine\.local"/ },
  { rule: 'drivers have names', good: external({ driver: 'rook-ceph.rbd.csi.ceph.com' }), bad: external({ driver: 'a/b' }), says: /external\.driver.*should match/ },
  { rule: 'a field is told once', good: told({ field: 'minIops', storageClass: 'iops' }, { field: 'replicas', storageClass: 'copies' }), bad: told({ field: 'minIops', storageClass: 'iops' }, { field: 'minIops', storageClass: 'other' }), says: /external\.parameters\[1\]: Duplicate value/ },
  { rule: 'a field is told by a parameter', good: told({ field: 'minIops', volumeAttributesClass: 'iops' }), bad: told({ field: 'minIops' }), says: /the parameters by which the driver is told/ },
  { rule: 'units are for rates', good: told({ field: 'minBps', storageClass: 'throughput', unit: 'MiB' }), bad: told({ field: 'minIops', storageClass: 'iops', unit: 'MiB' }), says: /unit is for minBps, maxReadBps and maxWriteBps/ },
  { rule: 'replicas are told once', good: told({ field: 'replicas', storageClass: 'copies' }), bad: told({ field: 'replicas', volumeAttributesClass: 'copies' }), says: /replicas and encryption are told once, when a volume is made/ },
  { rule: 'an offer has classes', good: offers({}), bad: offers({ classes: [] }), says: /spec\.offers\.classes.*at least 1 items/ },
  { rule: 'each class once', good: offers({ classes: ['gp3', 'io2'] }), bad: offers({ classes: ['gp3', 'gp3'] }), says: /offers\.classes\[1\]: Duplicate value/ },
  { rule: 'an offer says to whom', good: offers({ namespaces: { matchLabels: { storage: 'yes' } } }), bad: offers({ namespaces: undefined }), says: /spec\.offers\.namespaces: Required value/ },
  { rule: 'maxReplicas from 1', good: offers({ maxReplicas: 1 }), bad: offers({ maxReplicas: 0 }), says: /offers\.maxReplicas.*greater than or equal to 1/ },
];

const bucket = (more: Spec = {}): Spec => ({ serviceAccountName: 'stillpoint', s3: { endpoint: 'https://s3.example:9000', bucket: 'copies', credentialsSecretRef: { name: 'login' }, ...more } });
const claim = (more: Spec = {}): Spec => ({ serviceAccountName: 'stillpoint', persistentVolumeClaim: { claimName: 'nas' }, ...more });

const targetCases: readonly Omit<SpecCase, 'kind'>[] = [
  { rule: 'one place', good: bucket(), bad: { serviceAccountName: 'x' }, says: /exactly one of s3 and persistentVolumeClaim must be set/ },
  { rule: 'not two places', good: claim(), bad: { ...bucket(), ...claim() }, says: /exactly one of s3 and persistentVolumeClaim must be set/ },
  { rule: 'an endpoint is a URL', good: bucket({ endpoint: 'http://10.1.2.3:7070' }), bad: bucket({ endpoint: 's3.example' }), says: /spec\.s3\.endpoint.*should match/ },
  { rule: 'an endpoint has no credentials in it', good: bucket(), bad: bucket({ endpoint: 'https://key:secret@s3.example' }), says: /spec\.s3\.endpoint.*should match/ },
  { rule: 'an endpoint has no path', good: bucket(), bad: bucket({ endpoint: 'https://s3.example/x' }), says: /spec\.s3\.endpoint.*should match/ },
  { rule: 'a prefix stays in the bucket', good: bucket({ prefix: 'a/b.c' }), bad: bucket({ prefix: 'a/../b' }), says: /spec\.s3\.prefix.*should match/ },
  { rule: 'a path stays in the volume', good: claim({ persistentVolumeClaim: { claimName: 'nas', path: 'shop' } }), bad: claim({ persistentVolumeClaim: { claimName: 'nas', path: '/shop' } }), says: /persistentVolumeClaim\.path.*should match/ },
  { rule: 'locks of a day at least', good: bucket({ objectLock: { mode: 'Compliance', retention: '720h' } }), bad: bucket({ objectLock: { mode: 'Compliance', retention: '1h' } }), says: /retention.*must be a duration from 24h to 87600h/ },
  { rule: 'bandwidth has a unit', good: claim({ bandwidth: { upload: '50Mi' } }), bad: claim({ bandwidth: { upload: '50' } }), says: /bandwidth\.upload.*should match/ },
  { rule: 'concurrency from 1', good: claim({ concurrency: 32 }), bad: claim({ concurrency: 0 }), says: /concurrency.*greater than or equal to 1/ },
  { rule: 'pruned every minute at most', good: claim({ maintenance: { pruneEvery: '1m' } }), bad: claim({ maintenance: { pruneEvery: '59s' } }), says: /maintenance\.pruneEvery.*must be a duration from 1m to 8760h/ },
  { rule: 'percent to 100', good: claim({ maintenance: { readPercent: 100 } }), bad: claim({ maintenance: { readPercent: 101 } }), says: /maintenance\.readPercent.*less than or equal to 100/ },
  { rule: 'checks every minute at most', good: claim({ checkEvery: '1m' }), bad: claim({ checkEvery: '59s' }), says: /checkEvery.*must be a duration from 1m to 168h/ },
];

function manyLabels(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`label-${i}`, 'x']));
}

export const specCases: readonly SpecCase[] = [
  ...snapshotCases.map((c) => ({ ...c, kind: 'AppSnapshot' as const })),
  ...restoreCases.map((c) => ({ ...c, kind: 'AppRestore' as const })),
  ...profileCases.map((c) => ({ ...c, kind: 'QuiesceProfile' as const })),
  ...policyCases.map((c) => ({ ...c, kind: 'VolumePolicy' as const })),
  ...volumeCases.map((c) => ({ ...c, kind: 'VolumePolicy' as const })),
  ...clusterCases.map((c) => ({ ...c, kind: 'StorageCluster' as const })),
  ...targetCases.map((c) => ({ ...c, kind: 'BackupTarget' as const })),
];

/** A change of a field that is fixed after creation, for every such field. */
export const fixedFields: readonly { kind: SpecCase['kind']; field: string; from: Spec; to: unknown }[] = [
  { kind: 'AppSnapshot', field: 'serviceAccountName', from: snapshot(), to: 'other' },
  { kind: 'AppSnapshot', field: 'selector', from: snapshot(), to: { matchLabels: { app: 'x' } } },
  { kind: 'AppSnapshot', field: 'applications', from: application(orders), to: [{ ...orders, mode: 'None' }] },
  { kind: 'AppSnapshot', field: 'consistency', from: snapshot(), to: { required: 'CrashConsistent', onUnmet: 'Fail' } },
  { kind: 'AppSnapshot', field: 'quiesce', from: snapshot(), to: { maxHold: '5s' } },
  { kind: 'AppSnapshot', field: 'capture', from: snapshot(), to: { enabled: false } },
  { kind: 'AppSnapshot', field: 'copies', from: snapshot({ copies: [{ targetRef: { name: 's3' } }] }), to: [{ targetRef: { name: 'other' } }] },
  { kind: 'AppSnapshot', field: 'volumeSnapshotClassName', from: snapshot(), to: 'fast' },
  { kind: 'AppSnapshot', field: 'volumeGroupSnapshotClassName', from: snapshot({ volumeGroupSnapshotClassName: 'fast' }), to: null },
  { kind: 'AppRestore', field: 'serviceAccountName', from: restore(), to: 'other' },
  { kind: 'AppRestore', field: 'from', from: restore(), to: { appSnapshotRef: { name: 'other' } } },
  { kind: 'AppRestore', field: 'into', from: restore(), to: { namespace: 'default', serviceAccountName: 'x' } },
  { kind: 'AppRestore', field: 'what', from: restore(), to: 'Volumes' },
  { kind: 'AppRestore', field: 'rewrite', from: patched({ op: 'test', path: '/spec/a', value: null }), to: { patches: [{ target: { kind: 'Deployment' }, patch: [{ op: 'test', path: '/spec/a', value: { b: [1] } }] }] } },
  { kind: 'AppRestore', field: 'existing', from: restore(), to: 'Skip' },
  { kind: 'AppRestore', field: 'verify', from: restore(), to: { enabled: false } },
  { kind: 'AppRestore', field: 'dryRun', from: restore({ dryRun: true }), to: false },
  { kind: 'AppRestore', field: 'inPlace', from: restore(), to: true },
];

/** Changes that stay possible. */
export const freeFields: typeof fixedFields = [
  { kind: 'AppSnapshot', field: 'suspend', from: snapshot(), to: false },
  { kind: 'AppSnapshot', field: 'expiresAfter', from: snapshot({ expiresAfter: '1h' }), to: null },
  { kind: 'AppSnapshot', field: 'deletionPolicy', from: snapshot(), to: 'Retain' },
  { kind: 'AppSnapshot', field: 'forgetCopies', from: snapshot({ copies: [{ targetRef: { name: 's3' } }] }), to: ['s3'] },
  { kind: 'AppRestore', field: 'suspend', from: restore(), to: false },
  { kind: 'AppRestore', field: 'previousVolumes', from: restore({ inPlace: true }), to: 'Restore' },
];
