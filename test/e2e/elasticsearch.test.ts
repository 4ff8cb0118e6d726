import { afterAll, beforeAll, describe } from '@jest/globals';
import { startCluster, stopCluster } from './elasticsearch/cluster.js';
import { copyAndRestore } from './elasticsearch/copy-and-restore.js';
import { refusals } from './elasticsearch/refusals.js';
import { clearFaults } from './lib/csi-faults.js';
import { clearNamespaces, untilDropped } from './lib/namespaces.js';
import { stopAllWriters } from './profile/writers.js';

/** An Elasticsearch of three nodes, started once. */
describe('Elasticsearch', () => {
  beforeAll(async () => {
    clearFaults();
    await clearNamespaces('e2e-es');
    await startCluster();
  }, 900_000);
  afterAll(async () => {
    await stopAllWriters();
    await stopCluster();
    await untilDropped();
  }, 200_000);

  copyAndRestore();
  refusals();
});
