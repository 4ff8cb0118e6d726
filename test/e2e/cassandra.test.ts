import { afterAll, beforeAll, describe, test } from '@jest/globals';
import { startCassandra } from '../apps/cassandra/tokens.js';
import { copyAndRestore } from './cassandra/copy-and-restore.js';
import { negativeControls } from './cassandra/negative-controls.js';
import { clearFaults } from './lib/csi-faults.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant } from './lib/tenant.js';
import { refusedWhileStopped } from './lib/unhealthy.js';
import { stopAllWriters } from './profile/writers.js';

/** A ring of two nodes with every row on both, started once: held, cut, restored beside itself and compared. */
describe('Cassandra', () => {
  const namespace = 'e2e-cassandra';

  beforeAll(async () => {
    clearFaults();
    await clearNamespaces(namespace);
    await makeTenant(namespace);
    await startCassandra(namespace);
  }, 1_200_000);
  afterAll(async () => {
    await stopAllWriters();
    clearFaults();
    await dropNamespace(namespace);
    await untilDropped();
  }, 240_000);

  test('is not copied while a node is down, and is once it is back', async () => {
    // One that does not answer is as good as down: nothing is waited for.
    await refusedWhileStopped(namespace, 'cassandra-1', 'cassandra', () => Promise.resolve(true), /in state DN|cassandra-1/);
  }, 480_000);

  copyAndRestore(namespace);
  negativeControls(namespace);
});
