import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openKafka, startKafka } from '../apps/kafka/tokens.js';
import { cutOnly } from './kafka/cut-only.js';
import { held } from './kafka/held.js';
import { makeRows } from './lib/kafka.js';
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

  test('is a store of tokens for the proof', async () => {
    const store = await openKafka(namespace);
    const tokens = [1, 2, 3, 4, 5, 6];
    try {
      for (const token of tokens) await store.put(token, token % store.members);
      expect((await store.tokens()).sort((a, b) => a - b)).toEqual(tokens);
    } finally {
      await store.close();
    }
  }, 120_000);

  held(namespace);
  cutOnly(namespace);
});
