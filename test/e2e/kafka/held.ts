import { expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { isGood } from '../../apps/postgresql/check.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { describe as describeObject, readyOf, restoreCopy, takeCopy, untilReason } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { commitRows, committedRows, kafkaRows, partitions, rowClient } from '../lib/kafka.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { Writers } from '../profile/writers.js';

/** Names of the checks that a restore makes. */
const checks = ['cluster is whole', 'same cluster id', 'only nodes of the copy', 'records of before the hold', 'group offsets within their logs', 'no hanging transactions'];

/** Everything that was acknowledged before the freeze is in the copy, which starts beside the original and leaves it alone. */
export function held(namespace: string): void {
  test('frozen under load: no acknowledged record is lost, and the clone is a cluster of its own', async () => {
    const target = `${namespace}-held`;
    await makeTenant(target);
    try {
      let pace = 0;
      const writers = new Writers(() => rowClient(namespace, () => pace), 1, partitions);
      await writers.untilMore(300, 120);
      await commitRows(namespace, 'readers');
      const [planned, copy] = await Promise.all([
        untilReason<AppSnapshot>('appsnapshots', namespace, 'held', ['Planned'], 240),
        takeCopy(namespace, 'held', { consistency: { required: 'Frozen' } }, 240),
      ]);
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'held'));
      await writers.untilMore(50, 60);
      // By the settings of the servers, all of them defaults: a follower of the quorum waits 2 s; of the 9 s after which a broker is fenced, 2 s may be over when it is frozen.
      expect(readyOf(planned.status)?.message).toContain('Beyond 2000 ms: clients and peers of kafka notice more than latency.');
      expect(copy.status.holds?.map((hold) => hold.maxHoldMillis)).toEqual([7000]);
      expect(copy.status).toMatchObject({ grade: 'Frozen', window: { atomic: true, unbroken: true } });
      const [application] = copy.status.applications ?? [];
      expect(application).toMatchObject({ name: 'kafka', kind: 'Kafka', version: expect.stringMatching(/^4\./), vantage: 'Node', mechanism: 'Freezer' });
      expect(application?.members?.map((m) => [m.pod, m.role])).toEqual(['kafka-0', 'kafka-1', 'kafka-2'].map((pod) => [pod, 'broker-controller']));

      // The original goes on being written to while its clone starts, but leaves it something of the machine.
      pace = 200;
      const restore = await restoreCopy(namespace, 'held', 'held', { into: { namespace: target, serviceAccountName: 'stillpoint' }, verify: { timeout: '10m' } }, 900);
      await writers.untilMore(50, 60);
      const history = await writers.stop();
      const found = restore.status?.applications?.flatMap((a) => a.checks ?? []) ?? [];
      expect(found.filter((check) => check.outcome !== 'Passed')).toEqual([]);
      expect(found.map((check) => check.name)).toEqual(checks);
      expect(restore.status).toMatchObject({ phase: 'Ready', verified: true, checksFailed: 0 });

      const result = compare(history, windowOf(copy), await kafkaRows(target));
      const { heldMillis, cutMillis, overheadMillis, freezeMillis, syncMillis } = copy.status.window ?? {};
      recordFigures('kafka', { held: { heldMillis, cutMillis, overheadMillis, freezeMillis, syncMillis, longestGapMs: Math.round(history.longestGapMs), clientErrors: history.failures.length, ...counts(result) } });
      expect({ ...counts(result), acknowledgedBeforeCut: 0 }).toEqual({ acknowledgedBeforeCut: 0, lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0 });
      expect(isGood(result)).toBe(true);
      expect((await committedRows(target, 'readers')).filter(({ committed, end }) => committed < 1 || committed > end)).toEqual([]);
      // What the original was promised meanwhile is in the original, and nothing of a clone.
      const original = compare(history, { heldAt: Infinity, releasedAt: Infinity }, await kafkaRows(namespace));
      expect({ ...counts(original), acknowledgedBeforeCut: 0 }).toEqual({ acknowledgedBeforeCut: 0, lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0 });
    } finally {
      await dropNamespace(target);
    }
  }, 1_500_000);
}
