import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { applyRendered, operatorUser, release, removeAdded, render, type Rendered } from './chart.js';
import { kubectl, must, until, type Outcome } from './kubectl.js';

const policy = 'stillpoint-volume';
const namespace = `stillpoint-test-volumes-${process.pid}`;
const unserved = `${namespace}-unserved`;
const installed = ['ClusterRole', 'ClusterRoleBinding', 'ServiceAccount'];
const admin = ['--as=admin@test.stillpoint.dev', '--as-group=system:masters'];
const asOperator = [`--as=${operatorUser}`];
const [keptBy, noted] = ['stillpoint.dev/kept-by', 'stillpoint.dev/reclaim-policy'];
const oldUid = '0badcafe-0000-4000-8000-000000000001';
const newUid = '0badcafe-0000-4000-8000-000000000002';

let added: Rendered[] = [];
let charted: Rendered | undefined;
const refusals: string[] = [];

const nameOf = (name: string): string => `${namespace}-${name}`;

/** A volume whose claim is gone: of a storage that nobody provides, so that nothing is done with it. */
function volume(name: string, more: { readonly metadata?: object; readonly spec?: object } = {}): unknown {
  const annotations = { 'pv.kubernetes.io/provisioned-by': 'none.test.stillpoint.dev' };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: nameOf(name), annotations, ...more.metadata },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Delete',
      csi: { driver: 'none.test.stillpoint.dev', volumeHandle: nameOf(name) },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: 'data', uid: oldUid },
      ...more.spec,
    },
  };
}

const patch = (who: string[], name: string, change: object): Promise<Outcome> => kubectl(['patch', ...who, 'pv', nameOf(name), '--dry-run=server', '--type=merge', '-p', JSON.stringify(change)]);

beforeAll(async () => {
  const objects = await render();
  charted = objects.find((o) => o.kind === 'ValidatingAdmissionPolicy' && o.metadata.name === policy);
  await kubectl(['create', 'namespace', release.namespace]);
  await applyRendered(objects.filter((o) => o.kind === 'Namespace'));
  for (const name of [namespace, unserved]) await must(['create', 'namespace', name]);
  added = await applyRendered(objects.filter((o) => installed.includes(o.kind) || o.metadata.name === policy));
  await must(['create', 'rolebinding', 'stillpoint-serve', '-n', namespace, '--clusterrole=stillpoint-serve', `--serviceaccount=${release.namespace}:stillpoint`]);
  const kept = { labels: { [keptBy]: oldUid }, annotations: { [noted]: 'Delete' } };
  await must(['create', '-f', '-'], {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      volume('plain'),
      volume('kept', { metadata: kept, spec: { persistentVolumeReclaimPolicy: 'Retain' } }),
      volume('unserved', { spec: { claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: unserved, name: 'data', uid: oldUid } } }),
      volume('free', { spec: { claimRef: undefined } }),
    ],
  });
  await until('the volume is released', () => kubectl(['get', 'pv', nameOf('kept'), '-o', 'jsonpath={.status.phase}']), (o) => o.stdout === 'Released');
  await until(`${policy} acts`, () => patch(asOperator, 'free', { metadata: { labels: { a: 'b' } } }), (o) => o.stderr.includes(policy));
}, 120_000);

afterAll(async () => {
  await removeAdded(added);
  await must(['delete', 'pv', ...['plain', 'kept', 'unserved', 'free'].map(nameOf), '--ignore-not-found', '--wait=false']);
  for (const name of [namespace, unserved]) await must(['delete', 'namespace', name, '--wait=false']);
}, 60_000);

describe('volumes', () => {
  test.each([
    ['keeps a volume of a served namespace, with what it had', 'plain', { metadata: { labels: { [keptBy]: oldUid }, annotations: { [noted]: 'Delete' } }, spec: { persistentVolumeReclaimPolicy: 'Retain' } }],
    ['gives one that it keeps back what it had', 'kept', { metadata: { labels: { [keptBy]: null }, annotations: { [noted]: null } }, spec: { persistentVolumeReclaimPolicy: 'Delete' } }],
    ['gives one that it keeps to another claim of the same name', 'kept', { spec: { claimRef: { uid: newUid, resourceVersion: null } } }],
  ])('the operator %s', async (_, name, change) => {
    expect(await patch(asOperator, name, change)).toMatchObject({ code: 0 });
  });

  test.each([
    ['give one to another name', 'kept', { spec: { claimRef: { name: 'other' } } }, /gives none to a claim of another namespace or name/],
    ['give one to another namespace', 'kept', { spec: { claimRef: { namespace: unserved } } }, /gives none to a claim of another namespace or name/],
    ['let everybody have one', 'kept', { spec: { claimRef: null } }, /changes volumes that belong to a claim/],
    ['change one that belongs to nobody', 'free', { spec: { persistentVolumeReclaimPolicy: 'Retain' } }, /changes volumes that belong to a claim/],
    ['change one of a namespace that is not served', 'unserved', { spec: { persistentVolumeReclaimPolicy: 'Retain' } }, /volumes of served namespaces only/],
    ['give one to another claim that it does not keep', 'plain', { spec: { claimRef: { uid: newUid } } }, /gives volumes to another claim that it keeps itself/],
    ['give one to another claim and let go of it at once', 'kept', { spec: { claimRef: { uid: newUid }, persistentVolumeReclaimPolicy: 'Delete' } }, /gives volumes to another claim that it keeps itself/],
    ['set another policy', 'plain', { spec: { persistentVolumeReclaimPolicy: 'Recycle' } }, /sets Retain, or gives a volume that it keeps the one back that it had/],
    ['give one back what it never had', 'kept', { spec: { persistentVolumeReclaimPolicy: 'Recycle' } }, /the one back that it had/],
    ['note what it never had', 'kept', { metadata: { annotations: { [noted]: 'Recycle' } } }, /is the reclaim policy that a volume had when the operator of Stillpoint began to keep it/],
    ['change its size', 'plain', { spec: { capacity: { storage: '2Gi' } } }, /and nothing else of it/],
    ['change its class', 'plain', { spec: { storageClassName: 'other' } }, /and nothing else of it/],
    ['take its finalizers', 'plain', { metadata: { finalizers: null } }, /neither where a volume may be used, nor its attributes, nor its finalizers/],
  ])('the operator does not %s', async (_, name, change, says) => {
    const outcome = await patch(asOperator, name, change);
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain(`'${policy}'`);
    expect(outcome.stderr).toMatch(says);
    refusals.push(outcome.stderr);
  });

  test('others are asked for nothing', async () => {
    expect(await patch(admin, 'plain', { spec: { persistentVolumeReclaimPolicy: 'Retain', capacity: { storage: '2Gi' } } })).toMatchObject({ code: 0 });
  });

  test('every validation was broken once, and the expressions fit the types', async () => {
    const { validations } = charted?.['spec'] as { validations: { message: string }[] };
    expect(validations.filter(({ message }) => !refusals.some((text) => text.includes(message)))).toEqual([]);
    const read = async (): Promise<{ metadata: { generation: number }; status?: { observedGeneration?: number; typeChecking?: { expressionWarnings?: unknown[] } } }> => JSON.parse(await must(['get', 'validatingadmissionpolicy', policy, '-o', 'json'])) as never;
    const checked = await until('checked', read, (p) => p.status?.observedGeneration === p.metadata.generation);
    expect(checked.status?.typeChecking?.expressionWarnings ?? []).toEqual([]);
  });
});
