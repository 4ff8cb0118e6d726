import { beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { eventsOf } from '../lib/copies.js';
import { query } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { get, kubectl } from '../lib/kubectl.js';
import { beginDrill, conditionOf, untilFreshCopy, untilNothingLeft, untilOver, untilPolicy, type Scene } from './scene.js';

const table = 'rotten';

/** A copy whose data is not what the server wrote: nobody knows before somebody looks. */
export function damaged(scene: () => Scene): void {
  describe('a copy of rotten data', () => {
    let copy: AppSnapshot;

    beforeAll(async () => {
      const { database, namespace } = scene();
      // Frozen and left alone by autovacuum: the server has no reason to write the page again.
      await query(database, `CREATE TABLE ${table} WITH (autovacuum_enabled = false) AS SELECT i, repeat('x', 200) AS t FROM generate_series(1, 1000) i`, `VACUUM (FREEZE) ${table}`, 'CHECKPOINT');
      const [row] = await query<{ file: string }>(database, `SELECT current_setting('data_directory') || '/' || pg_relation_filepath('${table}') AS file`);
      // In the middle of a page that the server has in memory: it does not see it.
      await kubectl(['-n', namespace, 'exec', 'pg-0', '--', 'sh', '-c', 'printf ROTTEN | dd of="$1" bs=1 seek=12000 conv=notrunc && sync', 'sh', row?.file ?? '']);
      copy = await untilFreshCopy(scene());
    }, 300_000);

    test('is made and looks good; the drill fails, says what it found, and leaves nothing', async () => {
      expect(copy.status?.phase).toBe('Ready');
      const drill = await beginDrill(scene());
      // A later copy has the same damage.
      const result = await untilOver(scene(), drill);
      expect(result).toMatchObject({ verified: false, reason: 'DrillFailed', message: expect.stringContaining('CheckFailed') as unknown });
      expect(result.checksFailed).toBeGreaterThan(0);
      const policy = await untilPolicy(scene(), 'says that the drill failed', (o) => conditionOf(o, 'Verified')?.reason === 'DrillFailed', 30);
      expect(conditionOf(policy, 'Verified')).toMatchObject({ status: 'False', message: expect.stringContaining(result.copy) as unknown });
      expect((await get<AppSnapshot>('appsnapshot', result.copy, scene().namespace))?.status?.verified).toBeUndefined();
      expect((await eventsOf(scene().namespace, scene().policy)).find((e) => e.reason === 'DrillFailed')?.type).toBe('Warning');
      recordFigures('drill', { damaged: { message: result.message, checksFailed: result.checksFailed } });
      await untilNothingLeft(scene().namespace);
    }, 420_000);

    test('a copy that its own first step refuses fails with what the step said', async () => {
      const { namespace, database } = scene();
      // A file that a server reads when it starts only: in a copy of one instant it would lead recovery astray.
      const [row] = await query<{ directory: string }>(database, `SELECT current_setting('data_directory') AS directory`);
      const label = `${row?.directory ?? ''}/backup_label`;
      await kubectl(['-n', namespace, 'exec', 'pg-0', '--', 'touch', label]);
      try {
        await untilFreshCopy(scene());
        const result = await untilOver(scene(), await beginDrill(scene()));
        expect(result).toMatchObject({ verified: false, reason: 'DrillFailed', message: expect.stringMatching(/RestoreFailed: Step prepare .*backup_label exists: a copy of one instant must start without it/s) as unknown });
        await untilNothingLeft(namespace);
      } finally {
        await kubectl(['-n', namespace, 'exec', 'pg-0', '--', 'rm', '-f', label]);
      }
    }, 600_000);

    test('once it is repaired, the next copy is verified', async () => {
      await query(scene().database, `DROP TABLE ${table}`, 'CHECKPOINT');
      await untilFreshCopy(scene());
      const result = await untilOver(scene(), await beginDrill(scene()));
      expect(result).toMatchObject({ verified: true, reason: 'DrillPassed' });
      await untilNothingLeft(scene().namespace);
    }, 600_000);
  });
}
