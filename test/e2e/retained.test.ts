import { afterAll, beforeAll, describe } from '@jest/globals';
import { operatorRuns } from './kill/cluster.js';
import { describe as describeObject, takeCopy } from './lib/copies.js';
import { clearFaults } from './lib/csi-faults.js';
import { startDatabase } from './lib/database.js';
import { startLoad, stopAllLoads } from './lib/load.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant } from './lib/tenant.js';
import { field } from './retained/field.js';
import { killed } from './retained/killed.js';
import { clearRetained, type Scene } from './retained/scene.js';
import { survives } from './retained/survives.js';

/** `make test` plays a part; `make e2e SUITE=retained` all. */
const small = process.env['PART'] === 'small';

/** A copy that outlives its namespace, and who may have it. */
describe('retained', () => {
  const namespace = 'e2e-retained';
  const others = ['again', 'killed', 'killed-again'].map((name) => `${namespace}-${name}`);
  let made: Scene;
  const scene = (): Scene => made;

  beforeAll(async () => {
    clearFaults();
    await operatorRuns();
    await clearNamespaces(namespace);
    for (const name of [namespace, ...others]) await clearRetained(name);
    await makeTenant(namespace);
    const database = await startDatabase(namespace, '15');
    const load = await startLoad(database);
    await load.untilMore(500);
    const copy = await takeCopy(namespace, 'copy', { consistency: { required: 'Frozen' }, deletionPolicy: 'Retain' });
    await load.untilMore(50);
    const history = await load.stop();
    if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'copy'));
    made = { namespace, copy, history, database };
  }, 480_000);
  afterAll(async () => {
    clearFaults();
    await stopAllLoads();
    await operatorRuns();
    for (const name of [namespace, ...others]) await dropNamespace(name);
    await untilDropped();
    for (const name of [namespace, ...others]) await clearRetained(name);
  }, 480_000);

  field(scene, small);
  survives(scene);
  if (!small) killed(`${namespace}-killed`);
});
