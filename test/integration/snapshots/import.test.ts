import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { volumeSnapshotContents, volumeSnapshots } from '../../../src/runtime/resource.js';
import { importedName, importSnapshot, removeImported } from '../../../src/snapshots/import.js';
import { judgeSet } from '../../../src/snapshots/members.js';
import { setIdOf } from '../../../src/snapshots/names.js';
import { observeSet } from '../../../src/snapshots/observe-set.js';
import { planSnapshots } from '../../../src/snapshots/plan.js';
import { prepareCuts } from '../../../src/snapshots/prepare-cuts.js';
import { removeSet } from '../../../src/snapshots/remove-set.js';
import { boundClaim, connect, dropNamespace, eventually, makeClaim, makeNamespace, runPod, type Bed } from './bed.js';

const configMaps = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true } as const;

let bed: Bed;
let source: string;
let target: string;

beforeAll(async () => {
  bed = await connect();
  source = await makeNamespace(bed.client, 'from');
  target = await makeNamespace(bed.client, 'into');
}, 60_000);

afterAll(async () => {
  await Promise.all([dropNamespace(bed.client, source), dropNamespace(bed.client, target)]);
  bed.close();
}, 120_000);

test('the data of a set reaches a claim of another namespace and of its own, and the import leaves the set alone', async () => {
  const { client } = bed;
  const token = randomUUID();
  await makeClaim(client, source, 'data');
  await makeClaim(client, source, 'wal');
  expect(await runPod(client, source, 'write', ['data', 'wal'], `echo ${token} >/data/token && echo ${token} >/wal/token && sync`)).toBe(0);
  const claims = await Promise.all(['data', 'wal'].map((name) => boundClaim(client, source, name)));
  const owner = await client.create(configMaps, { metadata: { name: 'owner', namespace: source } });
  const setId = setIdOf(owner.metadata.uid!, 1);
  const plan = planSnapshots({ claims, capability: bed.capability, volumeGroupSnapshotClassName: 'bed-atomic' });
  const ownerRef = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid! };
  const cuts = await prepareCuts(plan.cuts, { client, contents: bed.contents, group: bed.capability.group, namespace: source, setId, owner: ownerRef });
  await Promise.all(cuts.map((cut) => cut.run(AbortSignal.timeout(10_000))));
  const planned = plan.cuts.flatMap((c) => c.claims);
  const state = await eventually('the set is ready', async () => {
    const judged = judgeSet(planned, await observeSet(client, bed.capability.group, { namespace: source, setId }));
    return judged.ready ? judged : undefined;
  });

  const restoreUid = randomUUID();
  const member = state.members[0]!;
  const request = { source: { namespace: source, snapshot: member.snapshot, claimUid: member.claimUid, driver: planned[0]!.driver }, targetNamespace: target, restoreUid };
  const imported = await eventually('the imported snapshot is ready', async () => {
    const now = await importSnapshot(client, request);
    return now.ready ? now : undefined;
  });
  expect(imported.dataSource.name).toBe(importedName(restoreUid, member.claimUid));
  await makeClaim(client, target, 'restored', { dataSource: imported.dataSource });
  await boundClaim(client, target, 'restored');
  expect(await runPod(client, target, 'read', ['restored'], `test "$(cat /restored/token)" = ${token}`)).toBe(0);
  // The check itself can fail: another token is not there.
  expect(await runPod(client, target, 'negative', ['restored'], `test "$(cat /restored/token)" = ${randomUUID()}`)).toBe(1);

  const here = await importSnapshot(client, { ...request, targetNamespace: source });
  expect(here).toMatchObject({ ready: true, content: undefined, dataSource: { name: member.snapshot } });

  await eventually('the import is gone', async () => ((await removeImported(client, target, restoreUid)).length === 0 ? true : undefined));
  expect((await client.list(volumeSnapshots, { namespace: target })).items).toEqual([]);
  const untouched = judgeSet(planned, await observeSet(client, bed.capability.group, { namespace: source, setId }));
  expect(untouched.ready).toBe(true);
  // Retain was honoured: the storage still has the snapshot.
  await makeClaim(client, source, 'again', { dataSource: here.dataSource });
  await boundClaim(client, source, 'again');
  expect(await runPod(client, source, 'read-again', ['again'], `test "$(cat /again/token)" = ${token}`)).toBe(0);

  await eventually('the set is gone', async () => {
    const remaining = await removeSet(client, bed.capability.group, bed.contents, { namespace: source, setId });
    return remaining.length === 0 ? true : undefined;
  });
  const left = (await client.list(volumeSnapshotContents)).items.filter((c) => [source, target].includes((c['spec'] as { volumeSnapshotRef: { namespace: string } }).volumeSnapshotRef.namespace));
  expect(left).toEqual([]);
}, 240_000);
