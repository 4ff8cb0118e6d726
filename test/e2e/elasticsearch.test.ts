import { afterAll, beforeAll, describe } from '@jest/globals';
import { startElasticsearch } from '../apps/elasticsearch/tokens.js';
import { copyAndRestore } from './elasticsearch/copy-and-restore.js';
import { durability } from './elasticsearch/durability.js';
import { refusals } from './elasticsearch/refusals.js';
import { repositoryMode } from './elasticsearch/repository.js';
import { clearFaults } from './lib/csi-faults.js';
import { namespace } from './lib/elasticsearch.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant } from './lib/tenant.js';
import { stopAllWriters } from './profile/writers.js';

/** An Elasticsearch of three nodes with a claim for a snapshot repository, started once. */
describe('Elasticsearch', () => {
  beforeAll(async () => {
    clearFaults();
    await clearNamespaces(namespace);
    await makeTenant(namespace);
    await startElasticsearch(namespace, 'plain', { repository: true });
  }, 900_000);
  afterAll(async () => {
    await stopAllWriters();
    await dropNamespace(namespace);
    await untilDropped();
  }, 200_000);

  copyAndRestore();
  refusals();
  durability();
  repositoryMode();
});
