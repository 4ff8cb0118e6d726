import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isGood } from '../../apps/postgresql/check.js';
import { monotonicMs, TABLE } from '../../apps/postgresql/history.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { deleteAndWait, eventsOf, readyOf, restoreCopy, snapshotObjects, takeCopy, untilNoSnapshots } from '../lib/copies.js';
import { clearFaults, setFaults } from '../lib/csi-faults.js';
import { claimsInOrder, query, readRows, startDatabase, type Database } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { startLoad, type Load } from '../lib/load.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';

/** What must fail does fail, for the reason that it must: else the other tests prove nothing. */
export function negativeControls(shared: () => Database): void {
  describe('volumes that are cut three seconds apart, the WAL first', () => {
    const namespace = 'e2e-pg-skewed';
    let database: Database;

    beforeAll(async () => {
      await makeTenant(namespace);
      // The class cuts the volume that was made last first; the WAL shall be that one.
      await claimsInOrder(namespace, ['data', 'wal']);
      database = await startDatabase(namespace, '15');
    }, 120_000);
    afterAll(() => dropNamespace(namespace), 30_000);

    const cut = async (name: string, spec: Record<string, unknown>, checkpoints: boolean) => {
      const load = await startLoad(database);
      await load.untilMore(300);
      const asked = monotonicMs();
      const running = checkpoints ? checkpointing(database, load) : undefined;
      const copy = await takeCopy(namespace, name, { volumeGroupSnapshotClassName: 'bed-skewed', ...spec });
      const seen = monotonicMs();
      await running?.stop();
      await load.untilMore(50);
      const history = await load.stop();
      await query(database, `DROP TABLE ${TABLE}`);
      return { copy, history, asked, seen };
    };

    test('without a hold: the copy is damaged, and the checks see it', async () => {
      const { copy, history, asked, seen } = await cut('loose', {
        applications: [{ name: 'pg', kind: 'PostgreSQL', mode: 'None' }],
        consistency: { required: 'Inconsistent' },
      }, true);
      expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'Inconsistent' });
      const target = `${namespace}-loose`;
      await makeTenant(target);
      try {
        const restore = await restoreCopy(namespace, 'loose', 'loose', { into: { namespace: target, serviceAccountName: 'stillpoint' }, verify: { timeout: '15s' } });
        const outcome = restore.status?.phase === 'Ready' ? counts(compare(history, { heldAt: asked, releasedAt: seen }, await readRows({ ...database, namespace: target }))) : undefined;
        recordFigures('postgresql', { skewedWithoutHold: { restore: restore.status?.phase, reason: readyOf(restore.status)?.reason, message: readyOf(restore.status)?.message, ...outcome } });
        if (outcome === undefined) expect(readyOf(restore.status)?.reason).toMatch(/^(StartFailed|CheckFailed|RestoreFailed)$/);
        else expect(outcome.lost + outcome.gaps + outcome.duplicates + outcome.unknown).toBeGreaterThan(0);
      } finally {
        await deleteAndWait('apprestore', namespace, 'loose');
        await dropNamespace(target);
      }
    }, 240_000);

    test('with a hold: the same volumes and class make a good copy', async () => {
      // Nobody can checkpoint during a hold; one before it could recycle the WAL that carries the marker.
      const { copy, history } = await cut('held', { consistency: { required: 'Frozen' } }, false);
      expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'Frozen', window: { atomic: false, unbroken: true } });
      expect(copy.status?.window?.heldMillis).toBeGreaterThan(3000);
      const target = `${namespace}-held`;
      await makeTenant(target);
      try {
        const restore = await restoreCopy(namespace, 'held', 'held', { into: { namespace: target, serviceAccountName: 'stillpoint' } });
        expect(restore.status?.applications?.flatMap((a) => a.checks ?? []).filter((c) => c.outcome !== 'Passed')).toEqual([]);
        expect(restore.status).toMatchObject({ phase: 'Ready', verified: true, checksFailed: 0 });
        const result = compare(history, windowOf(copy), await readRows({ ...database, namespace: target }));
        recordFigures('postgresql', { skewedWithHold: { heldMillis: copy.status?.window?.heldMillis, ...counts(result) } });
        expect(isGood(result)).toBe(true);
      } finally {
        await deleteAndWait('apprestore', namespace, 'held');
        await dropNamespace(target);
      }
    }, 240_000);
  });

  describe('what keeps no copy', () => {
    afterAll(clearFaults);

    test('a guard shorter than the cut: the database runs on, the copy is not kept', async () => {
      const { namespace } = shared();
      const load = await startLoad(shared());
      setFaults({ CreateVolumeGroupSnapshot: { Before: '4s', Times: 1 } });
      const copy = await takeCopy(namespace, 'short-guard', { quiesce: { maxHold: '1s', attempts: 1 } });
      clearFaults();
      await load.untilWritesAgain(5);
      const history = await load.stop();
      expect(copy.status?.phase).toBe('Failed');
      expect(readyOf(copy.status)?.reason).toMatch(/^(CutTooSlow|HoldBroken)$/);
      expect(copy.status?.grade).toBeUndefined();
      expect(history.failures).toEqual([]);
      expect(history.longestGapMs).toBeLessThanOrEqual(2000);
      await untilNoSnapshots(namespace);
      recordFigures('postgresql', { guardShorterThanCut: { reason: readyOf(copy.status)?.reason, longestGapMs: Math.round(history.longestGapMs) } });
    }, 120_000);

    test('the storage fails the cut: released, Failed with what the storage said, nothing left', async () => {
      const { namespace } = shared();
      setFaults({ CreateVolumeGroupSnapshot: { Code: 'INTERNAL', Message: 'the disk says no' } });
      const copy = await takeCopy(namespace, 'storage-fails', { quiesce: { maxHold: '2s', attempts: 1 } });
      clearFaults();
      expect(copy.status?.phase).toBe('Failed');
      expect(readyOf(copy.status)).toMatchObject({ message: expect.stringContaining('the disk says no') });
      await untilNoSnapshots(namespace);
      expect(await snapshotObjects(namespace)).toEqual([]);
      expect((await eventsOf(namespace, 'storage-fails')).map((e) => e.type)).toContain('Warning');
    }, 120_000);
  });
}

/** Checkpoints again and again: one between the two cuts points to WAL that the WAL's cut does not have. */
function checkpointing(database: Database, load: Load): { stop(): Promise<void> } {
  let stopped = false;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      await load.untilMore(20);
      await query(database, 'CHECKPOINT');
    }
  };
  const done = loop();
  return {
    stop: () => {
      stopped = true;
      return done;
    },
  };
}
