import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { isGood } from '../../apps/postgresql/check.js';
import { TABLE } from '../../apps/postgresql/history.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { deleteAndWait, describe as describeObject, readyOf, restoreCopy, takeCopy, untilReason } from '../lib/copies.js';
import { query, readRows, startDatabase, type Database } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { apply, kubectlProcess } from '../lib/kubectl.js';
import { startLoad } from '../lib/load.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appSnapshot, makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';

const namespace = 'e2e-pg-async';
/** Its WAL writer writes every second: so much of what was acknowledged is in memory only. Three rounds and a margin of 100 ms. */
const settings = ['synchronous_commit=off', 'wal_writer_delay=1000ms'];
const settleMillis = 3100;
const localSessions = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND client_addr IS NULL AND application_name <> 'stillpoint'";

/** A server that acknowledges commits before they are in the WAL file: time behind a gate makes the difference. */
export function asynchronousCommits(): void {
  describe('synchronous_commit = off', () => {
    let database: Database;

    beforeAll(async () => {
      await makeTenant(namespace);
      // Under an init, so that it can also be stopped from inside its container.
      database = await startDatabase(namespace, '15-init', { settings });
    }, 120_000);
    afterAll(async () => {
      for (const name of [namespace, `${namespace}-gated`, `${namespace}-bare`]) await dropNamespace(name);
    }, 60_000);

    /** A copy under load, restored elsewhere, and what the writer finds of its rows. */
    const cutAndRestore = async (name: string, spec: Record<string, unknown>) => {
      const target = `${namespace}-${name}`;
      await makeTenant(target);
      const load = await startLoad(database);
      await load.untilMore(1000);
      const copy = await takeCopy(namespace, name, spec);
      await load.untilMore(50);
      const history = await load.stop();
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, name));
      const restore = await restoreCopy(namespace, name, name, { into: { namespace: target, serviceAccountName: 'stillpoint' } });
      if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, name));
      const result = compare(history, windowOf(copy), await readRows({ ...database, namespace: target }));
      await deleteAndWait('apprestore', namespace, name);
      await Promise.all([query(database, `DROP TABLE ${TABLE}`), dropNamespace(target)]);
      recordFigures('postgresql', { [`synchronous_commit off, ${name}`]: { grade: copy.status.grade, ...copy.status.window, marks: undefined, ...counts(result), longestGapMs: Math.round(history.longestGapMs), clientErrors: history.failures.length } });
      return { copy, history, restore, result };
    };

    test('clients are kept out while the server writes what it has acknowledged: Frozen, and no row is lost', async () => {
      const { copy, history, restore, result } = await cutAndRestore('gated', { consistency: { required: 'Frozen' } });
      expect(copy.status).toMatchObject({ grade: 'Frozen', attempts: 1, window: { unbroken: true } });
      expect(copy.status?.reasons ?? []).toEqual([]);
      expect(copy.status?.holds?.[0]?.settledMillis).toBeGreaterThanOrEqual(settleMillis);
      expect(copy.status?.applications?.[0]?.positions).toMatchObject({ commits: 'asynchronous, local clients: 0', releasedCommits: 'asynchronous, local clients: 0' });
      expect(history.failures).toEqual([]);
      expect({ ...counts(result), good: isGood(result) }).toMatchObject({ lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0, good: true });
      expect((restore.status?.applications ?? []).flatMap((a) => a.checks ?? []).filter((c) => c.outcome !== 'Passed')).toEqual([]);
    }, 240_000);

    test('control: stopped and synced without it, acknowledged rows are lost, and the grade says so', async () => {
      const { copy, result } = await cutAndRestore('bare', { quiesce: { vantage: 'Pod' }, consistency: { required: 'CrashConsistentSynced' } });
      expect(copy.status).toMatchObject({ grade: 'CrashConsistentSynced', window: { unbroken: true } });
      expect(copy.status?.window?.settleMillis).toBeUndefined();
      expect(copy.status?.reasons?.join(' ')).toMatch(/pg makes its last writes recoverable only after 3100 ms without clients \(synchronous_commit is off on pg\), which are not proven/);
      expect(result.lost.length).toBeGreaterThan(0);
    }, 240_000);

    test('a hold that is too short for it is made without it, for a lower grade', async () => {
      const copy = await takeCopy(namespace, 'short', { quiesce: { maxHold: '2s' }, consistency: { required: 'CrashConsistentSynced' } });
      expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'CrashConsistentSynced' });
      expect(copy.status?.window?.settleMillis).toBeUndefined();
      expect(copy.status?.reasons?.join(' ')).toMatch(/3100 ms without clients .*limits that leave time for it/);
      await deleteAndWait('appsnapshot', namespace, 'short');
    }, 90_000);

    test('a client on the unix socket, which no gate keeps out: refused before any impact, and capped with nobody kept out', async () => {
      const local = kubectlProcess(['-n', namespace, 'exec', 'pg-0', '--', 'psql', '-XAtqc', 'SELECT pg_sleep(300)']);
      try {
        await until('the client is on the unix socket', async () => (await query<{ n: number }>(database, `SELECT count(*)::int AS n ${localSessions}`))[0]?.n === 1, 20, 200);
        await apply([appSnapshot(namespace, 'refused', { consistency: { required: 'Frozen' } })]);
        const refused = await untilReason<AppSnapshot>('appsnapshots', namespace, 'refused', ['HoldNotPossible'], 30);
        expect(readyOf(refused.status)?.message).toMatch(/synchronous_commit is off on pg: .*1 of its sessions is on a unix socket/);
        expect({ window: refused.status?.window, holds: refused.status?.holds, setId: refused.status?.setId }).toEqual({});
        await deleteAndWait('appsnapshot', namespace, 'refused');

        const copy = await takeCopy(namespace, 'capped', { consistency: { required: 'CrashConsistentSynced' } });
        expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'CrashConsistentSynced' });
        expect(copy.status?.window?.settleMillis).toBeUndefined();
        expect(copy.status?.reasons?.join(' ')).toMatch(/1 of its sessions is on a unix socket/);
        await deleteAndWait('appsnapshot', namespace, 'capped');
      } finally {
        await query(database, `SELECT pg_terminate_backend(pid) ${localSessions}`);
        local.kill();
      }
    }, 120_000);
  });
}
