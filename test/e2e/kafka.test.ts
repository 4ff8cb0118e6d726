import { afterAll, beforeAll, describe } from '@jest/globals';
import { cutOnly } from './kafka/cut-only.js';
import { held } from './kafka/held.js';
import { makeRows, startKafka } from './lib/kafka.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant } from './lib/tenant.js';
import { stopAllWriters } from './profile/writers.js';

/** Three combined nodes under load, copied and restored beside the running original. One cluster for all. */
describe('Kafka', () => {
  const namespace = 'e2e-kafka';

  beforeAll(async () => {
    await clearNamespaces(namespace);
    await makeTenant(namespace);
    await startKafka(namespace);
    await makeRows(namespace);
  }, 800_000);
  afterAll(async () => {
    await stopAllWriters();
    await dropNamespace(namespace);
    await untilDropped();
  }, 180_000);

  held(namespace);
  cutOnly(namespace);
});
