import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { volumeSnapshotContents } from '../../../src/runtime/resource.js';
import { projectContent } from '../../../src/snapshots/contents.js';
import { removeImported } from '../../../src/snapshots/import.js';
import { importRetained, requireRetained, type RetainedSnapshot } from '../../../src/snapshots/import-retained.js';
import { labelSet } from '../../../src/snapshots/label.js';
import { judgeSet, type SetMember } from '../../../src/snapshots/members.js';
import { setIdOf } from '../../../src/snapshots/names.js';
import { observeSet, type ObservedSet } from '../../../src/snapshots/observe-set.js';
import { planSnapshots } from '../../../src/snapshots/plan.js';
import { prepareCuts } from '../../../src/snapshots/prepare-cuts.js';
import { removeSet } from '../../../src/snapshots/remove-set.js';
import { keptContents, releaseContents, removeContents, retainContents } from '../../../src/snapshots/retain.js';
import { boundClaim, connect, dropNamespace, eventually, makeClaim, makeNamespace, runPod, type Bed } from './bed.js';

const configMaps = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true } as const;

let bed: Bed;
let source: string;
let target: string;

beforeAll(async () => {
  bed = await connect();
  source = await makeNamespace(bed.client, 'kept');
  target = await makeNamespace(bed.client, 'again');
}, 60_000);

afterAll(async () => {
  await dropNamespace(bed.client, target);
  bed.close();
}, 120_000);

/** A labelled group of both claims, as a graded AppSnapshot has it. */
async function cut(): Promise<{ readonly uid: string; readonly setId: string; readonly observed: ObservedSet; readonly members: readonly SetMember[] }> {
  const { client, capability } = bed;
  const owner = await client.create(configMaps, { metadata: { name: `owner-${randomUUID().slice(0, 8)}`, namespace: source } });
  const uid = owner.metadata.uid!;
  const setId = setIdOf(uid, 1);
  const claims = await Promise.all(['data', 'wal'].map((name) => boundClaim(client, source, name)));
  const plan = planSnapshots({ claims, capability, volumeGroupSnapshotClassName: 'bed-atomic' });
  const cuts = await prepareCuts(plan.cuts, { client, contents: bed.contents, group: capability.group, namespace: source, setId, owner: { apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata.name, uid } });
  await Promise.all(cuts.map((c) => c.run(AbortSignal.timeout(10_000))));
  const planned = plan.cuts.flatMap((c) => c.claims);
  const look = (): Promise<ObservedSet> => observeSet(client, capability.group, { namespace: source, setId });
  const { observed, members } = await eventually('the set is ready', async () => {
    const seen = await look();
    const judged = judgeSet(planned, seen);
    return judged.ready ? { observed: seen, members: judged.members } : undefined;
  });
  await labelSet(client, capability.group, { namespace: source, setId, appSnapshotUid: uid }, observed, members, new Map());
  return { uid, setId, observed: await look(), members };
}

function retainedOf({ observed, members }: { observed: ObservedSet; members: readonly SetMember[] }, claim: string): RetainedSnapshot & { readonly claimUid: string } {
  const member = members.find((m) => m.claim === claim)!;
  const { metadata, driver, handle, sourceVolumeMode } = observed.snapshots.find((s) => s.uid === member.snapshotUid)!.content!;
  return { content: { name: metadata.name, uid: metadata.uid! }, driver, handle: handle!, sourceVolumeMode, restoreSize: member.restoreSize, claimUid: member.claimUid };
}

async function contentsOf(namespace: string): Promise<string[]> {
  const { client, capability } = bed;
  const lists = await Promise.all([volumeSnapshotContents, capability.group!.contents].map((type) => client.list(type)));
  return lists.flatMap(({ items }) => items.map(projectContent)).filter(({ ref }) => ref.namespace === namespace).map(({ metadata }) => metadata.name);
}

test('what is retained and let go again goes with its set', async () => {
  const { client, capability, contents } = bed;
  await makeClaim(client, source, 'data');
  await makeClaim(client, source, 'wal');
  const token = randomUUID();
  expect(await runPod(client, source, 'write', ['data', 'wal'], `echo ${token} >/data/token && echo ${token} >/wal/token && sync`)).toBe(0);
  const set = await cut();
  await retainContents(client, capability.group, set.observed);
  expect((await keptContents(client, capability.group, set.uid)).map(({ view }) => view.deletionPolicy)).toEqual(['Retain', 'Retain', 'Retain']);
  // Once more, on what was seen before: nothing changes.
  await retainContents(client, capability.group, set.observed);
  await eventually('nothing is retained', async () => ((await releaseContents(client, capability.group, contents, set.uid)) === 0 ? true : undefined));
  await eventually('the set is gone', async () => ((await removeSet(client, capability.group, contents, { namespace: source, setId: set.setId })).length === 0 ? true : undefined));
  expect(await contentsOf(source)).toEqual([]);
}, 240_000);

test('what is retained outlives its namespace, is restored by handle, and is removed on demand', async () => {
  const { client, capability } = bed;
  const token = randomUUID();
  expect(await runPod(client, source, 'write-again', ['data', 'wal'], `echo ${token} >/data/token && echo ${token} >/wal/token && sync`)).toBe(0);
  const set = await cut();
  await retainContents(client, capability.group, set.observed);
  await dropNamespace(client, source);
  expect(await contentsOf(source)).toHaveLength(3);

  const from = retainedOf(set, 'data');
  const restoreUid = randomUUID();
  const to = { claimUid: from.claimUid, targetNamespace: target, restoreUid };
  const imported = await eventually('the import is ready', async () => {
    const now = await importRetained(client, from, to);
    return now.ready ? now : undefined;
  });
  await makeClaim(client, target, 'restored', { dataSource: imported.dataSource });
  await boundClaim(client, target, 'restored');
  expect(await runPod(client, target, 'read', ['restored'], `test "$(cat /restored/token)" = ${token}`)).toBe(0);
  await expect(importRetained(client, { ...from, content: { ...from.content, uid: randomUUID() } }, to)).rejects.toMatchObject({ code: 'RecoveryPointUnusable' });

  // The import goes, and takes nothing along.
  await eventually('the import is gone', async () => ((await removeImported(client, target, restoreUid)).length === 0 ? true : undefined));
  await requireRetained(client, from);
  const second = randomUUID();
  await eventually('it can be imported again', async () => ((await importRetained(client, from, { ...to, restoreUid: second })).ready ? true : undefined));
  await eventually('that is gone as well', async () => ((await removeImported(client, target, second)).length === 0 ? true : undefined));

  await eventually('the data is removed', async () => ((await removeContents(client, capability.group, set.uid)).length === 0 ? true : undefined));
  expect(await contentsOf(source)).toEqual([]);
  await expect(requireRetained(client, from)).rejects.toMatchObject({ code: 'RecoveryPointUnusable' });
}, 300_000);
