import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import { applyObjects, scaleWorkload } from '../../../src/manifests/apply.js';
import { captureNamespace, changedBetween } from '../../../src/manifests/capture.js';
import { digestOf, objectId, type Capture, type CapturedObject } from '../../../src/manifests/captured.js';
import { orderForRestore } from '../../../src/manifests/order.js';
import { planApply, summarizePlan, type ExistingPolicy, type PlanSummary } from '../../../src/manifests/plan-apply.js';
import { dropAssigned, rewriteForRestore } from '../../../src/manifests/rewrite.js';
import { loadCapture, releaseCapture, storeCapture, type CaptureOwner } from '../../../src/manifests/store.js';
import type { Client } from '../../../src/runtime/client.js';
import { discover } from '../../../src/runtime/discovery.js';
import { persistentVolumeClaims, pods, secrets } from '../../../src/runtime/resource.js';
import { boundClaim, connect, dropNamespace, eventually, makeNamespace, type Bed } from '../snapshots/bed.js';
import { configMaps, deployments, makeAccount, makeApplication, services } from './tenant.js';

const claim = 'data-db-0';
const restoreUid = randomUUID();
let bed: Bed;
let source: string;
let target: string;
let asSource: Client;
let asTarget: Client;
let capture: Capture;

beforeAll(async () => {
  bed = await connect();
  source = await makeNamespace(bed.client, 'shop');
  target = await makeNamespace(bed.client, 'drill');
  await makeAccount(bed.client, source);
  await makeAccount(bed.client, target);
  asSource = bed.client.as({ namespace: source, name: 'tenant' });
  asTarget = bed.client.as({ namespace: target, name: 'tenant' });
  await makeApplication(bed.client, source);
  await boundClaim(bed.client, source, claim);
  await eventually('both replicas run', async () => {
    const { items } = await bed.client.list(pods, { namespace: source, labelSelector: 'app=web' });
    return items.length === 2 ? true : undefined;
  });
  capture = await read(asSource, source);
}, 180_000);

afterAll(async () => {
  await Promise.all([dropNamespace(bed.client, source), dropNamespace(bed.client, target)]);
  bed.close();
}, 180_000);

async function read(client: Client, namespace: string): Promise<Capture> {
  return captureNamespace({ client, discovery: await discover(bed.client), namespace, memberClaims: [claim] });
}

/** What a restore into the target would apply. */
function prepared(objects: readonly CapturedObject[]): ReturnType<typeof orderForRestore> {
  const maps = { namespaces: { [source]: target }, storageClasses: {} };
  return orderForRestore(rewriteForRestore(objects, maps, { moved: true, claims: new Map() }));
}

async function plan(objects: readonly CapturedObject[], existing: ExistingPolicy): Promise<PlanSummary> {
  return summarizePlan(await planApply({ client: asTarget, objects, existing, restoreUid, salt: 'test' }));
}

describe('capture', () => {
  test('has what somebody wrote, not what the cluster made of it', () => {
    const ids = capture.objects.map(objectId);
    expect(ids).toEqual(
      expect.arrayContaining([
        'configmaps/settings',
        'cronjobs.batch/nightly',
        'deployments.apps/web',
        'horizontalpodautoscalers.autoscaling/web',
        'networkpolicies.networking.k8s.io/own',
        `persistentvolumeclaims/${claim}`,
        'rolebindings.rbac.authorization.k8s.io/reader',
        'secrets/login',
        'serviceaccounts/app',
        'services/db',
        'statefulsets.apps/db',
      ]),
    );
    expect(ids.filter((id) => /^(pods|replicasets|events|endpoints|endpointslices|controllerrevisions|leases)[./]/.test(id))).toEqual([]);
    expect(ids).not.toContain('configmaps/kube-root-ca.crt');
    expect(ids).not.toContain('serviceaccounts/default');
    expect(capture.objects.every(({ object }) => object['status'] === undefined && object.metadata.uid === undefined && object.kind !== undefined)).toBe(true);
  });

  test('read again it has the same digest; a change is named', async () => {
    const again = await read(asSource, source);
    expect(changedBetween(capture, again)).toEqual([]);
    expect(again.digest).toBe(capture.digest);
    await bed.client.mergePatch(configMaps, { namespace: source, name: 'settings' }, { data: { extra: 'x' } });
    const changed = await read(asSource, source);
    expect(changedBetween(capture, changed)).toEqual(['configmaps/settings']);
    expect(changed.digest).not.toBe(capture.digest);
    await bed.client.mergePatch(configMaps, { namespace: source, name: 'settings' }, { data: { extra: null } });
  });

  test('what the account may not list is named, not dropped in silence', async () => {
    const nobody = await read(bed.client.as({ namespace: source, name: 'nobody' }), source);
    expect(nobody.objects).toEqual([]);
    expect(nobody.missing).toContain('secrets: the account may not list them');
    expect(capture.missing.filter((m) => m.startsWith('secrets'))).toEqual([]);
  });
});

describe('the store', () => {
  const owner = (name: string, uid: string): CaptureOwner => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: source, uid } });
  const stored = async (): Promise<string[]> => (await bed.client.list(secrets, { namespace: source, labelSelector: labels.capture })).items.map((s) => s.metadata.name);

  test('keeps one copy for two owners, refuses a changed one, repairs it, and goes with the last owner', async () => {
    // Owners that exist: the garbage collector removes what belongs to nobody.
    const ids = await Promise.all(['first', 'second'].map(async (name) => (await bed.client.create(configMaps, { metadata: { name, namespace: source } })).metadata.uid!));
    const [first, second] = [owner('first', ids[0]!), owner('second', ids[1]!)];
    const big: CapturedObject = {
      type: configMaps,
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'noise', namespace: source }, data: { noise: randomBytes(450_000).toString('base64') } },
    };
    const objects = [...capture.objects, big].sort((a, b) => (objectId(a) < objectId(b) ? -1 : 1));
    const large: Capture = { ...capture, objects, digest: digestOf(objects) };
    const record = await storeCapture(asSource, large, first);
    expect(record.secrets.length).toBeGreaterThan(1);
    expect(await storeCapture(asSource, large, second)).toEqual(record);
    expect((await loadCapture(asSource, source, record)).objects).toEqual(large.objects);
    expect((await read(asSource, source)).objects.map(objectId).filter((id) => id.startsWith('secrets/stillpoint'))).toEqual([]);

    const [name] = record.secrets;
    const secret = await bed.client.get(secrets, { namespace: source, name: name! });
    await bed.client.delete(secrets, { namespace: source, name: name! });
    const { labels: marks = {}, ownerReferences: owned = [] } = secret.metadata;
    await bed.client.create(secrets, { metadata: { name: name!, namespace: source, labels: marks, ownerReferences: owned }, data: { capture: Buffer.from('forged').toString('base64') } });
    await expect(loadCapture(asSource, source, record)).rejects.toMatchObject({ code: 'CaptureDamaged' });
    await storeCapture(asSource, large, first);
    expect((await loadCapture(asSource, source, record)).digest).toBe(large.digest);
    const owners = (await bed.client.get(secrets, { namespace: source, name: name! })).metadata.ownerReferences ?? [];
    expect(owners.map((o) => o.uid).sort()).toEqual([...ids].sort());

    await releaseCapture(asSource, first);
    expect(await stored()).toHaveLength(record.secrets.length);
    await releaseCapture(asSource, second);
    await releaseCapture(asSource, second);
    expect(await stored()).toEqual([]);
    await expect(loadCapture(asSource, source, record)).rejects.toMatchObject({ code: 'CaptureDamaged' });
  }, 60_000);

  test('whoever joins in the moment in which the last owner lets go has it all the same', async () => {
    const ids = await Promise.all(['leaving', 'joining'].map(async (name) => (await bed.client.create(configMaps, { metadata: { name, namespace: source } })).metadata.uid!));
    const [leaving, joining] = [owner('leaving', ids[0]!), owner('joining', ids[1]!)];
    const record = await storeCapture(asSource, capture, leaving);
    // Between what the one has read and its deletion.
    await releaseCapture(once(asSource, 'delete', () => storeCapture(asSource, capture, joining)), leaving);
    expect((await loadCapture(asSource, source, record)).digest).toBe(capture.digest);
    // Between what the one has read and its joining.
    await storeCapture(once(asSource, 'mergePatch', () => releaseCapture(asSource, joining)), capture, leaving);
    expect((await loadCapture(asSource, source, record)).digest).toBe(capture.digest);
    await releaseCapture(asSource, leaving);
    expect(await stored()).toEqual([]);
  }, 60_000);

  /** A client by which something else happens just before its first call of one verb. */
  function once(client: Client, verb: 'delete' | 'mergePatch', before: () => Promise<unknown>): Client {
    let done = false;
    return new Proxy(client, {
      get: (_, name: keyof Client) => {
        const own = Reflect.get(client, name).bind(client) as (...args: unknown[]) => Promise<unknown>;
        if (name !== verb) return own;
        return async (...args: unknown[]): Promise<unknown> => {
          if (!done) {
            done = true;
            await before();
          }
          return own(...args);
        };
      },
    });
  }
});

describe('into another namespace', () => {
  test('the plan is what the server says for this account', async () => {
    const { first, gate } = prepared(capture.objects);
    const all = await plan([...first, ...gate], 'Fail');
    // tenant and its binding are in the target already; everything else would be made.
    expect(all.refuse.sort()).toEqual([
      'rolebindings.rbac.authorization.k8s.io/tenant-admin: exists already (spec.existing: Fail)',
      'serviceaccounts/tenant: exists already (spec.existing: Fail)',
    ]);
    expect(all.create).toContain('statefulsets.apps/db');
    expect((await bed.client.list(configMaps, { namespace: target })).items.map((c) => c.metadata.name)).toEqual(['kube-root-ca.crt']);
    const foreign = await planApply({ client: bed.client.as({ namespace: target, name: 'nobody' }), objects: first, existing: 'Fail', restoreUid, salt: 'x' });
    expect(foreign.every((p) => p.verdict === 'refuse')).toBe(true);
  }, 60_000);

  test('everything arrives as it was, workloads at rest, and starts when told', async () => {
    const { first, gate, scaled } = prepared(capture.objects);
    const wanted = first.filter((o) => !objectId(o).endsWith('/tenant') && !objectId(o).endsWith('/tenant-admin'));
    const result = await applyObjects(asTarget, wanted, { restoreUid, force: false });
    expect(result.failed).toEqual([]);
    expect((await applyObjects(asTarget, wanted, { restoreUid, force: false })).failed).toEqual([]);

    const arrived = await read(asTarget, target);
    const byId = new Map(arrived.objects.map((o) => [objectId(o), dropAssigned(o, { moved: true }).object]));
    for (const expected of wanted) expect({ id: objectId(expected), object: byId.get(objectId(expected)) }).toEqual({ id: objectId(expected), object: expected.object });
    expect((await bed.client.list(pods, { namespace: target })).items).toEqual([]);
    const web = await bed.client.get(services, { namespace: target, name: 'web' });
    expect((web['spec'] as { clusterIP: string }).clusterIP).toMatch(/^10\./);
    const account = await bed.client.get(deployments, { namespace: target, name: 'web' });
    expect(account.metadata.labels?.[labels.restore]).toBe(restoreUid);
    expect(account.metadata['managedFields']).toEqual(expect.arrayContaining([expect.objectContaining({ manager: 'stillpoint-restore', operation: 'Apply' })]));

    expect(scaled).toEqual(expect.arrayContaining([{ resource: 'deployments.apps', name: 'web', replicas: 2 }, { resource: 'statefulsets.apps', name: 'db', replicas: 1 }]));
    for (const workload of scaled) await scaleWorkload(asTarget, target, workload);
    await eventually('the pods are back', async () => {
      const { items } = await bed.client.list(pods, { namespace: target });
      return items.length === 3 && items.every((p) => (p['status'] as { phase?: string }).phase === 'Running') ? true : undefined;
    });
    expect(gate.map(objectId)).toEqual(['cronjobs.batch/nightly', 'horizontalpodautoscalers.autoscaling/web']);
    expect((await applyObjects(asTarget, gate, { restoreUid, force: false })).failed).toEqual([]);
  }, 120_000);

  test('what is there is left alone, refused, or taken over as the spec says', async () => {
    const settings = prepared(capture.objects).first.filter((o) => ['configmaps/settings', 'secrets/login', `persistentvolumeclaims/${claim}`].includes(objectId(o)));
    const other = { restoreUid: randomUUID(), salt: randomUUID(), client: asTarget };
    const say = async (existing: ExistingPolicy): Promise<PlanSummary> => summarizePlan(await planApply({ ...other, objects: settings, existing }));
    expect((await say('Fail')).refuse).toHaveLength(3);
    expect((await say('Skip')).skip).toHaveLength(3);
    expect((await say('Adopt')).skip).toHaveLength(3);

    await bed.client.mergePatch(secrets, { namespace: target, name: 'login' }, { stringData: { password: 'changed' } });
    await bed.client.mergePatch(configMaps, { namespace: target, name: 'settings' }, { data: { host: 'elsewhere' } });
    const adopt = await planApply({ ...other, objects: settings, existing: 'Adopt' });
    const changes = adopt.flatMap((p) => (p.verdict === 'change' ? p.changes : []));
    expect(changes.map((c) => c.path).sort()).toEqual(['/data/host', '/data/password']);
    expect(JSON.stringify(adopt.map((p) => (p.verdict === 'change' ? p.changes : [])))).not.toContain(Buffer.from('correct horse').toString('base64'));
    expect(changes.find((c) => c.path === '/data/password')!.to).toMatch(/^"13 bytes, [0-9a-f]{12}"$/);

    await bed.client.mergePatch(configMaps, { namespace: target, name: 'settings' }, { metadata: { labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' } } });
    expect((await say('Adopt')).refuse).toEqual(['configmaps/settings: ManagedByGitOps: Flux kustomization flux-system/shop would undo the change; suspend it first: flux suspend kustomization shop -n flux-system (whether it is suspended is not known: the account may not get kustomizations.kustomize.toolkit.fluxcd.io flux-system/shop, or it is not there)']);
  }, 60_000);

  test('a claim that is to be filled is never laid over one that is there', async () => {
    const fill = { dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'x' }, restoreSize: '32Mi' };
    const maps = { namespaces: { [source]: target }, storageClasses: {} };
    const objects = rewriteForRestore(capture.objects, maps, { moved: true, claims: new Map([[claim, fill]]) }).filter((o) => o.type.plural === persistentVolumeClaims.plural);
    const summary = summarizePlan(await planApply({ client: asTarget, objects, existing: 'Adopt', restoreUid: randomUUID(), salt: 'x' }));
    expect(summary.refuse).toEqual([`persistentvolumeclaims/${claim}: exists already, and claims are never overwritten; delete it first`]);
  });
});
