import { afterAll, beforeAll, describe } from '@jest/globals';
import { operatorRuns } from './kill/cluster.js';
import { clearFaults } from './lib/csi-faults.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { classes } from './volumes/classes.js';
import { ending } from './volumes/ending.js';
import { growth } from './volumes/growth.js';
import { refusals } from './volumes/refusals.js';
import { clearClasses, makeScene } from './volumes/scene.js';

/** `make test` plays a part; `make e2e SUITE=volumes` all. */
const small = process.env['PART'] === 'small';

/** Volumes as a policy wants them, on the driver of the test cluster: made by its class, changed while they are in use, grown, and what differs said. */
describe('volumes of a VolumePolicy', () => {
  const namespace = 'e2e-volumes';

  beforeAll(async () => {
    clearFaults();
    await operatorRuns();
    await clearNamespaces(namespace);
    await clearClasses(namespace);
    await makeScene(namespace);
  }, 240_000);
  afterAll(async () => {
    await operatorRuns();
    await dropNamespace(namespace);
    await untilDropped();
    await clearClasses(namespace);
  }, 240_000);

  classes(namespace, small);
  refusals(namespace);
  if (!small) growth(namespace);
  ending(namespace);
});
