import { expect, test } from '@jest/globals';
import { deleteAndWait, describe as describeObject, takeCopy } from '../lib/copies.js';
import { clientOf, name, namespace } from '../lib/elasticsearch.js';
import { refused } from './refusals.js';

/** One index among others; what its documents are written to is synced every 5 s. */
const lazy = 'lazy';

/** A server that acknowledges what is in its memory only gives no better grade for being held. */
export function durability(): void {
  test('an index with durability async caps the grade; what asks for more, as it does by default, is refused before any impact', async () => {
    const client = await clientOf(namespace);
    await client.createIndex(lazy, { shards: 1, replicas: 1, settings: { 'index.translog.durability': 'async' } });
    try {
      await client.untilGreen(60);
      const reason = `index.translog.durability is async on indices of ${name} (${lazy})`;
      const message = await refused('durable', {}, 'HoldNotPossible');
      expect(message).toContain('spec.consistency.required is Quiesced, but at best CrashConsistentSynced can be reached');
      expect(message).toContain(reason);

      const copy = await takeCopy(namespace, 'lazy', { consistency: { required: 'CrashConsistentSynced' } }, 180);
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'lazy'));
      expect(copy.status).toMatchObject({ grade: 'CrashConsistentSynced', window: { unbroken: true } });
      expect(copy.status.reasons?.join(' ')).toContain(reason);
      await deleteAndWait('appsnapshot', namespace, 'lazy');
    } finally {
      await client.request('DELETE', `/${lazy}`);
    }
  }, 400_000);
}
