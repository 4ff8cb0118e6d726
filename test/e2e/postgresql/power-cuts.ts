import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { isGood } from '../../apps/postgresql/check.js';
import { TABLE } from '../../apps/postgresql/history.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { deleteAndWait, describe as describeObject, restoreCopy, takeCopy } from '../lib/copies.js';
import { query, readRows, startDatabase, type Database } from '../lib/database.js';
import { percentile, recordFigures } from '../lib/figures.js';
import { startLoad } from '../lib/load.js';
import { dropNamespace } from '../lib/namespaces.js';
import { random } from '../lib/random.js';
import { makeTenant } from '../lib/tenant.js';
import { watchUntil } from '../lib/watch.js';

const runs = Number(process.env['RUNS'] || 5);
const seed = Number(process.env['SEED'] || 20_261_123);

interface CutFigures {
  readonly heldMillis: number;
  readonly overheadMillis: number;
  readonly acknowledgedBeforeCut: number;
  readonly lost: number;
  readonly extra: number;
  readonly checksPassed: number;
  readonly checksFailed: number;
}

/** A power cut of a two-volume PostgreSQL under load, restored elsewhere and compared with what the writer was promised. */
export function powerCuts(): void {
  describe(`power cuts, seed ${seed}`, () => {
    const namespace = 'e2e-pg-cuts';
    const figures: CutFigures[] = [];
    const next = random(seed);
    let database: Database;

    beforeAll(async () => {
      await makeTenant(namespace);
      database = await startDatabase(namespace, '15');
    }, 120_000);
    afterAll(async () => {
      record(figures);
      await dropNamespace(namespace);
    }, 150_000);

    test.each(Array.from({ length: runs }, (_, i) => i + 1))('cut %i: no acknowledged row is lost, none is from after the release', async (run) => {
      const target = `${namespace}-${run}`;
      await makeTenant(target);
      const load = await startLoad(database, 4);
      await load.untilMore(200 + Math.floor(next() * 1500));
      const copy = await takeCopy(namespace, `cut-${run}`, { consistency: { required: 'Frozen' } });
      expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'Frozen' });
      // Rows from after the release must exist, so that the copy could hold too many.
      await load.untilMore(50);
      const history = await load.stop();
      const restore = await restoreCopy(namespace, `cut-${run}`, `cut-${run}`, { into: { namespace: target, serviceAccountName: 'stillpoint' } });
      if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, `cut-${run}`));

      const result = compare(history, windowOf(copy), await readRows({ ...database, namespace: target }));
      figures.push({
        heldMillis: copy.status?.window?.heldMillis ?? NaN,
        overheadMillis: copy.status?.window?.overheadMillis ?? NaN,
        acknowledgedBeforeCut: result.acknowledgedBeforeCut,
        lost: result.lost.length,
        extra: result.extra.length,
        checksPassed: restore.status.checksPassed ?? 0,
        checksFailed: restore.status.checksFailed ?? 0,
      });
      expect(history.failures).toEqual([]);
      expect({ ...counts(result), acknowledgedBeforeCut: 0 }).toEqual({ acknowledgedBeforeCut: 0, lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0 });
      expect(isGood(result)).toBe(true);
      // First what did not pass, so that a failure says why.
      expect((restore.status?.applications ?? []).flatMap((a) => a.checks ?? []).filter((c) => c.outcome !== 'Passed')).toEqual([]);
      expect(restore.status).toMatchObject({ verified: true, checksFailed: 0 });
      await watchUntil<AppSnapshot>('appsnapshots', `cut-${run}`, namespace, 'is verified', (o) => o.status?.verified !== undefined, 15);

      await deleteAndWait('apprestore', namespace, `cut-${run}`);
      await deleteAndWait('appsnapshot', namespace, `cut-${run}`);
      await Promise.all([query(database, `DROP TABLE ${TABLE}`), dropNamespace(target)]);
    }, 180_000);
  });
}

function record(figures: readonly CutFigures[]): void {
  const sum = (pick: (f: CutFigures) => number): number => figures.map(pick).reduce((a, b) => a + b, 0);
  if (figures.length === 0) return;
  recordFigures('postgresql', {
    powerCuts: {
      seed,
      cuts: figures.length,
      acknowledgedRows: sum((f) => f.acknowledgedBeforeCut),
      lost: sum((f) => f.lost),
      extra: sum((f) => f.extra),
      checksPassed: sum((f) => f.checksPassed),
      checksFailed: sum((f) => f.checksFailed),
      heldMillisP50: percentile(figures.map((f) => f.heldMillis), 0.5),
      overheadMillisP50: percentile(figures.map((f) => f.overheadMillis), 0.5),
    },
  });
}
