import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { startDatabase } from './lib/database.js';
import { clearFaults } from './lib/csi-faults.js';
import { recordFigures } from './lib/figures.js';
import { stopAllLoads } from './lib/load.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant } from './lib/tenant.js';
import { pauseOperator } from './kill/cluster.js';
import { disruptions } from './kill/disruptions.js';
import { hookPoints } from './kill/hook-points.js';
import { stopAllOperators } from './kill/operator-process.js';
import { openScene, play, type Scene } from './kill/scene.js';

/** Whatever dies in whatever moment of a window: the database runs again in time, and no copy claims too much. */
describe('kill', () => {
  const namespace = 'e2e-kill';
  let scene: Scene;
  let putBack: () => Promise<void>;

  beforeAll(async () => {
    clearFaults();
    await clearNamespaces(namespace);
    await makeTenant(namespace);
    const database = await startDatabase(namespace, '15');
    putBack = await pauseOperator();
    scene = await openScene(database);
  }, 240_000);
  afterAll(async () => {
    await stopAllLoads();
    clearFaults();
    await dropNamespace(namespace);
    await stopAllOperators();
    scene?.home.remove();
    await scene?.proxy.stop();
    await putBack?.();
    await untilDropped();
  }, 300_000);

  for (const kill of [...hookPoints, ...disruptions]) test(kill.name, async () => recordFigures('kill', { [kill.name]: await play(scene, kill) }), 150_000);
});
