import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openKafka, startKafka } from '../apps/kafka/tokens.js';
import { cutOnly } from './kafka/cut-only.js';
import { held } from './kafka/held.js';
import { separate } from './kafka/separate.js';
import { inSync, makeRows } from './lib/kafka.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant } from './lib/tenant.js';
import { refusedWhileStopped } from './lib/unhealthy.js';
import { stopAllWriters } from './profile/writers.js';

const small = process.env['PART'] === 'small';

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

  test('is not copied while partitions lack a replica, and is once they have it again', async () => {
    // Fenced after 9 s without a heartbeat (broker.session.timeout.ms).
    const message = await refusedWhileStopped(namespace, 'kafka-2', 'kafka', async () => (await inSync(namespace)).every((count) => count < 3), /with fewer replicas in sync than there are/);
    expect(message).toMatch(/rows-\d on [\d,]+: [01],[01] in sync/);
  }, 480_000);

  held(namespace);
  cutOnly(namespace);
});

// Twelve servers more: `make e2e SUITE=kafka`.
if (!small) describe('Kafka, brokers and controllers apart', separate);
