import { expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { monotonicMs } from '../../apps/postgresql/history.js';
import { compare, counts, wallToMonotonic } from '../lib/compare.js';
import { describe as describeObject, restoreCopy, takeCopy } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { committedRows, kafkaRows, partitions, rowClient } from '../lib/kafka.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { Writers } from '../profile/writers.js';

/** Name of the check that compares where partitions end. */
const endsCheck = 'records of before the hold';

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
      const failedChecks = failed.map((check) => check.name);
      const noted = notedEnds(copy);
      const ends = (await committedRows(target, 'readers')).sort((a, b) => a.partition - b.partition).map(({ end }) => end);
      recordFigures('kafka', { cutOnly: { grade: copy.status.grade, ...counts(result), noted, ends, failedChecks } });
      expect(result.lost.length).toBeGreaterThan(0);
      // The restore says so itself exactly when a partition ends before where the warm-up saw it end; what came later only the writers know.
      expect(failedChecks.includes(endsCheck)).toBe(ends.some((end, partition) => end < (noted[partition] ?? 0)));
    } finally {
      await dropNamespace(target);
    }
  }, 1_500_000);
}

/** Where the partitions of the rows ended when the copy was warmed up, by their numbers. */
function notedEnds({ status }: AppSnapshot): number[] {
  const positions = Object.entries(status?.applications?.[0]?.positions ?? {}).flatMap(([key, value]) => (key.startsWith('ends.') ? [value] : []));
  const noted = (/\brows\/0=([\d,]+)/.exec(positions.join(' '))?.[1] ?? '').split(',').map(Number);
  expect(noted).toHaveLength(partitions);
  return noted;
}
