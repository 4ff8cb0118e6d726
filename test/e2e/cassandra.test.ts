import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startCassandra } from '../apps/cassandra/tokens.js';
import { copyAndRestore } from './cassandra/copy-and-restore.js';
import { negativeControls } from './cassandra/negative-controls.js';
import { seesDown } from './lib/cassandra.js';
import { clearFaults } from './lib/csi-faults.js';
import { kubectl } from './lib/kubectl.js';
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
    const address = await kubectl(['-n', namespace, 'get', 'pod', 'cassandra-1', '-o', 'jsonpath={.status.podIP}']);
    const message = await refusedWhileStopped(namespace, 'cassandra-1', 'cassandra', () => seesDown(namespace, 'cassandra-0', address), /in state DN/);
    expect(message).toContain(`Pod cassandra-0 of cassandra sees the node ${address} (`);
    // Nor does it answer itself.
    expect(message).toMatch(/nodetool status in pod cassandra-1 /);
  }, 480_000);

  copyAndRestore(namespace);
  negativeControls(namespace);
});
