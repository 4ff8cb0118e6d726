import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, eventsOf, readyOf, snapshotObjects, takeCopy, untilReason } from '../lib/copies.js';
import { clearFaults, setFaults } from '../lib/csi-faults.js';
import { apply, get, tryKubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appSnapshot, makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { claim, pod, writer } from './objects.js';
import { untilWrites } from './pods.js';

interface WrongSpec {
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly reason: string;
  /** Names the field or the object, and the way out. */
  readonly message: RegExp;
}

const one = { matchLabels: { shape: 'one' } };
const consistency = { required: 'CrashConsistentSynced' };

const wrong: readonly WrongSpec[] = [
  {
    name: 'selector-matches-nothing',
    spec: { selector: { matchLabels: { shape: 'nobody' } } },
    reason: 'NoMembers',
    message: /^spec\.selector matches no PersistentVolumeClaim of this namespace: correct it, or create the claims\.$/,
  },
  {
    name: 'unbound-claim',
    spec: { selector: { matchLabels: { shape: 'unbound' } } },
    reason: 'ClaimNotBound',
    message: /^PersistentVolumeClaim unbound is Pending, not Bound; leave it out with spec\.selector or bind it\.$/,
  },
  {
    name: 'second-driver-without-class',
    spec: { selector: { matchExpressions: [{ key: 'shape', operator: 'In', values: ['one', 'other'] }] } },
    reason: 'SnapshotClassMissing',
    message: /^Driver other\.example\.com has no VolumeSnapshotClass, so other cannot be cut: an admin creates one, or leave them out with spec\.selector\.$/,
  },
  {
    name: 'container-does-not-exist',
    spec: { selector: one, applications: [{ name: 'one', kind: 'Generic', selector: { matchLabels: { app: 'one' } }, container: 'server' }] },
    reason: 'ContainerNotFound',
    message: /^spec\.applications\[0\]\.container: server does not exist in pod one \(it has: main\)\.$/,
  },
  {
    name: 'account-may-not-exec',
    spec: { selector: one, serviceAccountName: 'no-exec' },
    reason: 'AccountNotAllowed',
    message: /^spec\.serviceAccountName: system:serviceaccount:\S+:no-exec may not create pods\/exec in namespace \S+\. Bind the ClusterRoles admin and stillpoint-tenant to it: /,
  },
];

/** Each wrong spec gets an error that names the field and the way out, before anything is held. */
export function wrongSpecs(namespace: string): void {
  describe('wrong specs', () => {
    beforeAll(async () => {
      await makeTenant(namespace);
      await apply([foreignVolume(namespace)]);
      await apply([
        claim('one', 'one'),
        pod('one', ['one'], [writer('main', 'one', 'main')]),
        claim('unbound', 'unbound', { storageClassName: 'there-is-no-such-class' }),
        claim('other', 'other', { storageClassName: '', volumeName: foreignVolume(namespace).metadata.name }),
        ...accountWithoutExec(namespace),
      ], namespace);
      await untilWrites(namespace, 'one/main', 60);
      await until('the foreign claim is bound', async () => (await get<{ status?: { phase: string } }>('pvc', 'other', namespace))?.status?.phase === 'Bound', 30, 200);
    }, 120_000);
    afterAll(async () => {
      clearFaults();
      await tryKubectl(['delete', 'pv', foreignVolume(namespace).metadata.name, '--wait=false', '--ignore-not-found']);
      await dropNamespace(namespace);
    }, 60_000);

    test('an unknown kind is refused by the API server, which names the field and the kinds there are', async () => {
      const { code, stderr } = await tryKubectl(['apply', '-f', '-'], JSON.stringify(appSnapshot(namespace, 'unknown-kind', { applications: [{ name: 'x', kind: 'Oracle' }] })));
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/spec\.applications\[0\]\.kind: Unsupported value: "Oracle": supported values: .*"PostgreSQL"/);
    }, 30_000);

    for (const { name, spec, reason, message } of wrong) {
      test(`${name}: ${reason}, in the condition and in the event`, async () => {
        await apply([appSnapshot(namespace, name, { consistency, ...spec })]);
        await refused(namespace, name, reason, message);
        await deleteAndWait('appsnapshot', namespace, name);
      }, 60_000);
    }

    test('a maxHold below the expected cut is refused with the value that is needed, and that value works', async () => {
      setFaults({ CreateVolumeGroupSnapshot: { Before: '1200ms', Times: 1 } });
      const slow = await takeCopy(namespace, 'slow', { selector: one, consistency }, 60);
      expect(slow.status?.phase).toBe('Ready');
      await apply([appSnapshot(namespace, 'hasty', { selector: one, consistency, quiesce: { maxHold: '500ms' } })]);
      const message = await refused(namespace, 'hasty', 'BudgetTooSmall', /^spec\.quiesce\.maxHold allows a hold of 0\.5 s, in which the cut does not fit, since the last window like it took \d+ ms: raise it to at least \d+ms\.$/);
      const [, needed = ''] = /at least (\d+ms)/.exec(message) ?? [];
      const patient = await takeCopy(namespace, 'patient', { selector: one, consistency, quiesce: { maxHold: needed } }, 60);
      expect(patient.status?.phase).toBe('Ready');
      for (const name of ['slow', 'hasty', 'patient']) await deleteAndWait('appsnapshot', namespace, name);
    }, 120_000);
  });
}

/** Waits for the refusal and returns its message; nothing was held or cut for it. */
async function refused(namespace: string, name: string, reason: string, message: RegExp): Promise<string> {
  const copy = await untilReason<AppSnapshot>('appsnapshots', namespace, name, [reason], 30);
  const said = readyOf(copy.status)?.message ?? '';
  expect(said).toMatch(message);
  const told = await until(`an event ${reason}`, async () => (await eventsOf(namespace, name)).find((e) => e.reason === reason), 20, 200);
  expect(told).toMatchObject({ type: 'Warning', message: said });
  expect({ attempts: copy.status?.attempts ?? 0, holds: copy.status?.holds ?? [] }).toEqual({ attempts: 0, holds: [] });
  expect((await snapshotObjects(namespace)).filter((o) => o.includes(copy.metadata.uid))).toEqual([]);
  return said;
}

/** A volume of a driver that has no snapshot class. Nobody mounts it, so that the driver itself need not run. */
function foreignVolume(namespace: string): { metadata: { name: string } } & Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${namespace}-other` },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '64Mi' },
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace, name: 'other' },
      csi: { driver: 'other.example.com', volumeHandle: 'other' },
    },
  };
}

function accountWithoutExec(namespace: string): object[] {
  const rules = [
    { apiGroups: ['snapshot.storage.k8s.io'], resources: ['volumesnapshots'], verbs: ['create', 'get', 'list'] },
    { apiGroups: [''], resources: ['persistentvolumeclaims', 'pods', 'serviceaccounts'], verbs: ['get', 'list'] },
  ];
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'no-exec' } },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'no-exec' }, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'no-exec' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'no-exec' },
      subjects: [{ kind: 'ServiceAccount', name: 'no-exec', namespace }],
    },
  ];
}
