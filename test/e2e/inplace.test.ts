import { afterAll, beforeAll, describe } from '@jest/globals';
import { fromTarget } from './inplace/from-target.js';
import { killed } from './inplace/killed.js';
import { refused } from './inplace/refused.js';
import { left, replaced } from './inplace/replaced.js';
import type { Scene } from './inplace/scene.js';
import { operatorRuns } from './kill/cluster.js';
import { describe as describeObject, takeCopy } from './lib/copies.js';
import { clearFaults } from './lib/csi-faults.js';
import { startDatabase } from './lib/database.js';
import { kubectl } from './lib/kubectl.js';
import { startLoad, stopAllLoads } from './lib/load.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant } from './lib/tenant.js';

/** `make test` plays a part; `make e2e SUITE=inplace` all. */
const small = process.env['PART'] === 'small';

/** A PostgreSQL whose volumes are replaced by those of a copy, under the same claims, and back. */
describe('AppRestore in place', () => {
  const namespace = 'e2e-inplace';
  let made: Scene;
  const scene = (): Scene => made;

  beforeAll(async () => {
    clearFaults();
    await operatorRuns();
    await clearNamespaces(namespace);
    await makeTenant(namespace);
    const database = await startDatabase(namespace, '15');
    const load = await startLoad(database);
    await load.untilMore(300);
    const copy = await takeCopy(namespace, 'copy', { consistency: { required: 'Frozen' } });
    await load.untilMore(50);
    const history = await load.stop();
    if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'copy'));
    made = { namespace, database, copy, history };
  }, 300_000);
  afterAll(async () => {
    await stopAllLoads();
    await operatorRuns();
    await dropNamespace(namespace);
    await untilDropped();
    await removeKept(namespace);
  }, 300_000);

  if (!small) refused(scene);
  replaced(scene);
  if (small) return;
  left(scene);
  killed(scene);
  fromTarget(scene);
});

/** Volumes that a failed test has left: their namespace is gone, and nobody asks for them any more. */
async function removeKept(namespace: string): Promise<void> {
  const { items } = JSON.parse(await kubectl(['get', 'pv', '-l', 'stillpoint.dev/kept-by', '-o', 'json'])) as { items: { metadata: { name: string }; spec: { claimRef?: { namespace: string } } }[] };
  for (const { metadata } of items.filter(({ spec }) => spec.claimRef?.namespace === namespace)) await kubectl(['patch', 'pv', metadata.name, '--type=merge', '-p', '{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}']);
}
