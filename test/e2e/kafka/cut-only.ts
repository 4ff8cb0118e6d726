import { expect, test } from '@jest/globals';
import { monotonicMs } from '../../apps/postgresql/history.js';
import { compare, counts, wallToMonotonic } from '../lib/compare.js';
import { describe as describeObject, restoreCopy, takeCopy } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { kafkaRows, partitions, rowClient } from '../lib/kafka.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { Writers } from '../profile/writers.js';

/** No two runs on one cluster may share a number of a writer. */
const firstWriter = 101;

/**
 * The same volumes, cut at one instant, with neither freeze nor sync: Kafka acknowledges what lies in the page caches of its replicas, and all of them are cut
 * together. If this lost nothing, the other test would prove nothing.
 */
export function cutOnly(namespace: string): void {
  test('negative control, cut only: acknowledged records are lost, and the grade does not claim them', async () => {
    const target = `${namespace}-cut`;
    await makeTenant(target);
    try {
      const writers = new Writers(() => rowClient(namespace), firstWriter, partitions);
      await writers.untilMore(300, 120);
      const applications = [{ name: 'kafka', kind: 'Kafka', mode: 'None' }];
      const copy = await takeCopy(namespace, 'cut', { applications, quiesce: { vantage: 'Pod' }, consistency: { required: 'CrashConsistent' } }, 240);
      const seen = monotonicMs();
      await writers.untilMore(50, 60);
      const history = await writers.stop();
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'cut'));
      expect(copy.status.grade).toBe('CrashConsistent');
      const opened = Date.parse(copy.status.window?.openedAt ?? '') + wallToMonotonic();
      expect(copy.status.reasons?.join(' ')).toContain('is not frozen, since spec.applications sets mode None for kafka');

      const restore = await restoreCopy(namespace, 'cut', 'cut', { into: { namespace: target, serviceAccountName: 'stillpoint' }, verify: { timeout: '10m' } }, 900);
      const failed = (restore.status?.applications?.flatMap((a) => a.checks ?? []) ?? []).filter((check) => check.outcome === 'Failed');
      const rows = (await kafkaRows(target)).filter((row) => row.writer >= firstWriter);
      const result = compare(history, { heldAt: opened, releasedAt: seen }, rows);
      recordFigures('kafka', { cutOnly: { grade: copy.status.grade, ...counts(result), failedChecks: failed.map((check) => check.name) } });
      expect(result.lost.length).toBeGreaterThan(0);
    } finally {
      await dropNamespace(target);
    }
  }, 1_500_000);
}
