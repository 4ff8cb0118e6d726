import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { discoverCapability } from '../../../src/snapshots/capability.js';
import { judgeSet } from '../../../src/snapshots/members.js';
import { setIdOf } from '../../../src/snapshots/names.js';
import { observeSet } from '../../../src/snapshots/observe-set.js';
import { planSnapshots } from '../../../src/snapshots/plan.js';
import { pokeSet } from '../../../src/snapshots/poke.js';
import { prepareCuts } from '../../../src/snapshots/prepare-cuts.js';
import { removeSet } from '../../../src/snapshots/remove-set.js';
import { boundClaim, connect, dropNamespace, eventually, makeClaim, makeNamespace, type Bed } from './bed.js';

const configMaps = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true } as const;
const className = `it-slow-${randomUUID().slice(0, 8)}`;
const readyAfterMillis = 4_000;

let bed: Bed;
let namespace: string;

beforeAll(async () => {
  bed = await connect();
  namespace = await makeNamespace(bed.client, 'slow');
  const parameters = { mode: 'slow', cutDelay: '0s', readyAfter: `${readyAfterMillis}ms` };
  await bed.client.create(bed.capability.group!.classes, { metadata: { name: className }, ...{ driver: 'csi.bed.stillpoint.dev', deletionPolicy: 'Delete', parameters } });
}, 60_000);

afterAll(async () => {
  await dropNamespace(bed.client, namespace);
  await bed.client.delete(bed.capability.group!.classes, { name: className });
  bed.close();
}, 120_000);

test('a group that becomes ready long after its cut is cut at once and found ready within seconds, touched in growing intervals meanwhile', async () => {
  const { client } = bed;
  const capability = await discoverCapability(client);
  await makeClaim(client, namespace, 'data');
  const claims = [await boundClaim(client, namespace, 'data')];
  const owner = await client.create(configMaps, { metadata: { name: 'owner', namespace } });
  const setId = setIdOf(owner.metadata.uid!, 1);
  const plan = planSnapshots({ claims, capability, volumeGroupSnapshotClassName: className });
  const ownerRef = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid! };
  const cuts = await prepareCuts(plan.cuts, { client, contents: bed.contents, group: capability.group, namespace, setId, owner: ownerRef });
  const begin = performance.now();
  await Promise.all(cuts.map((cut) => cut.run(AbortSignal.timeout(10_000))));
  expect(performance.now() - begin).toBeLessThan(readyAfterMillis);
  const planned = plan.cuts.flatMap((c) => c.claims);
  expect(judgeSet(planned, await observeSet(client, capability.group, { namespace, setId })).ready).toBe(false);

  let pokes = 0;
  await eventually('the set is ready', async () => {
    const observed = await observeSet(client, capability.group, { namespace, setId });
    const state = judgeSet(planned, observed);
    if (state.ready) return true;
    if ((await pokeSet(client, capability.group, namespace, observed, bed.clock.now())) !== undefined) pokes += 1;
    return undefined;
  });
  console.log(`ready ${((performance.now() - begin) / 1000).toFixed(1)} s after the create`);
  expect(pokes).toBeGreaterThan(0);
  await eventually('the set is gone', async () => ((await removeSet(client, capability.group, bed.contents, { namespace, setId })).length === 0 ? true : undefined));
}, 180_000);
