import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { persistentVolumeClaims, volumeSnapshotContents, volumeSnapshots } from '../../../src/runtime/resource.js';
import type { SnapshotCapability } from '../../../src/snapshots/capability.js';
import { labelSet, unlabelClaims } from '../../../src/snapshots/label.js';
import { judgeSet, type SetState } from '../../../src/snapshots/members.js';
import { driverLabel, setIdOf } from '../../../src/snapshots/names.js';
import { observeSet } from '../../../src/snapshots/observe-set.js';
import { planSnapshots, type PlanClaim } from '../../../src/snapshots/plan.js';
import { prepareCuts } from '../../../src/snapshots/prepare-cuts.js';
import { removeSet } from '../../../src/snapshots/remove-set.js';
import { boundClaim, connect, dropNamespace, eventually, makeClaim, makeNamespace, type Bed } from './bed.js';

const configMaps = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true } as const;

let bed: Bed;
let namespace: string;
let owner: KubeObject;
const claims: PlanClaim[] = [];

beforeAll(async () => {
  bed = await connect();
  namespace = await makeNamespace(bed.client, 'cut');
  for (const name of ['data', 'wal', 'other']) await makeClaim(bed.client, namespace, name);
  for (const name of ['data', 'wal']) claims.push(await boundClaim(bed.client, namespace, name));
  await boundClaim(bed.client, namespace, 'other');
  owner = await bed.client.create(configMaps, { metadata: { name: 'owner', namespace } });
}, 120_000);

afterAll(async () => {
  await dropNamespace(bed.client, namespace);
  bed.close();
}, 120_000);

/** Plan, cut, wait until ready, label. Ends with the state and what it took from the first create to the last content. */
async function makeSet(capability: SnapshotCapability, setId: string): Promise<{ state: SetState; cutMillis: number; cuts: number; atomic: boolean }> {
  const plan = planSnapshots({ claims, capability, volumeSnapshotClassName: 'bed-atomic', ...(capability.group ? { volumeGroupSnapshotClassName: 'bed-atomic' } : {}) });
  expect(plan.errors).toEqual([]);
  const ownerRef = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid! };
  const cuts = await prepareCuts(plan.cuts, { client: bed.client, contents: bed.contents, group: capability.group, namespace, setId, owner: ownerRef });
  const begin = performance.now();
  await Promise.all(cuts.map((cut) => cut.run(AbortSignal.timeout(10_000))));
  const cutMillis = performance.now() - begin;
  const planned = plan.cuts.flatMap((cut) => cut.claims);
  const { state, observed } = await eventually('the set is ready', async () => {
    const seen = await observeSet(bed.client, capability.group, { namespace, setId });
    const judged = judgeSet(planned, seen);
    if (judged.error !== undefined) throw judged.error;
    return judged.ready ? { state: judged, observed: seen } : undefined;
  });
  const marks = new Map(claims.map((c) => [c.metadata.uid!, { labels: { [labels.grade]: 'Frozen' }, annotations: { [`${labels.grade}-why`]: 'test' } }]));
  await labelSet(bed.client, capability.group, { namespace, setId, appSnapshotUid: owner.metadata.uid! }, observed, state.members, marks);
  return { state, cutMillis, cuts: cuts.length, atomic: plan.storageAtomic };
}

async function expectNothingLeft(capability: SnapshotCapability, setId: string): Promise<void> {
  await eventually('nothing of the set remains', async () => {
    const remaining = await removeSet(bed.client, capability.group, bed.contents, { namespace, setId });
    return remaining.length === 0 ? true : undefined;
  });
  // Read from the server, not from the caches that removeSet believed.
  expect((await bed.client.list(volumeSnapshots, { namespace })).items).toEqual([]);
  const contents = (await bed.client.list(volumeSnapshotContents)).items.filter((c) => (c['spec'] as { volumeSnapshotRef: { namespace: string } }).volumeSnapshotRef.namespace === namespace);
  expect(contents.map((c) => c.metadata.name)).toEqual([]);
  const groups = (await bed.client.list(bed.capability.group!.contents)).items.filter(
    (c) => (c['spec'] as { volumeGroupSnapshotRef: { namespace: string } }).volumeGroupSnapshotRef.namespace === namespace,
  );
  expect(groups.map((c) => c.metadata.name)).toEqual([]);
}

describe('a snapshot set on real storage', () => {
  test('one group covers exactly the planned claims, is marked, and goes as a whole', async () => {
    const setId = setIdOf(randomUUID(), 1);
    const { state, cutMillis, cuts, atomic } = await makeSet(bed.capability, setId);
    console.log(`group of 2: content after ${cutMillis.toFixed(0)} ms`);
    expect({ cuts, atomic }).toEqual({ cuts: 1, atomic: true });
    expect(state.members.map((m) => m.claim)).toEqual(['data', 'wal']);
    expect(state.members.every((m) => m.ready && m.restoreBytes === 16 * 1024 * 1024)).toBe(true);

    const marked = await bed.client.list(volumeSnapshots, { namespace, labelSelector: `${labels.set}=${setId},${labels.grade}=Frozen` });
    expect(marked.items).toHaveLength(2);
    const labelled = await bed.client.get(persistentVolumeClaims, { namespace, name: 'data' });
    expect(labelled.metadata.labels).toMatchObject({ [labels.set]: setId, [driverLabel]: 'csi.bed.stillpoint.dev' });
    await unlabelClaims(bed.client, { namespace, setId });
    await unlabelClaims(bed.client, { namespace, setId });
    for (const name of ['data', 'wal', 'other']) {
      const { metadata } = await bed.client.get(persistentVolumeClaims, { namespace, name });
      expect(Object.keys(metadata.labels ?? {})).toEqual([]);
    }
    await expectNothingLeft(bed.capability, setId);
  }, 120_000);

  test('without the group API every claim gets a single snapshot', async () => {
    const setId = setIdOf(randomUUID(), 1);
    const singlesOnly = { ...bed.capability, group: undefined };
    const { state, cutMillis, cuts, atomic } = await makeSet(singlesOnly, setId);
    console.log(`2 singles: contents after ${cutMillis.toFixed(0)} ms`);
    expect({ cuts, atomic, ready: state.ready }).toEqual({ cuts: 2, atomic: false, ready: true });
    await expectNothingLeft(singlesOnly, setId);
  }, 120_000);

  test('a group that nobody cuts in time is given up with the reason, and removed', async () => {
    const setId = setIdOf(randomUUID(), 1);
    const plan = planSnapshots({ claims, capability: bed.capability, volumeGroupSnapshotClassName: 'bed-skewed' });
    const ownerRef = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid! };
    const [cut] = await prepareCuts(plan.cuts, { client: bed.client, contents: bed.contents, group: bed.capability.group, namespace, setId, owner: ownerRef });
    expect(cut!.atomic).toBe(false);
    // The class cuts its volumes 3 s apart, so the content cannot say so before.
    await expect(cut!.run(AbortSignal.timeout(1_500))).rejects.toMatchObject({ code: 'CutTooSlow' });
    await unlabelClaims(bed.client, { namespace, setId });
    await expectNothingLeft(bed.capability, setId);
  }, 120_000);

  test('a claim that was replaced since the plan is refused before anything is cut', async () => {
    const setId = setIdOf(randomUUID(), 1);
    const plan = planSnapshots({ claims, capability: bed.capability, volumeGroupSnapshotClassName: 'bed-atomic' });
    const stale = plan.cuts.map((c) => ({ ...c, claims: c.claims.map((claim) => ({ ...claim, uid: randomUUID() })) }));
    const ownerRef = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid! };
    const prepared = prepareCuts(stale, { client: bed.client, contents: bed.contents, group: bed.capability.group, namespace, setId, owner: ownerRef });
    await expect(prepared).rejects.toMatchObject({ code: 'ClaimNotBound' });
    await unlabelClaims(bed.client, { namespace, setId });
  }, 60_000);
});
