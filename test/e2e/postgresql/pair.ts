import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { isGood } from '../../apps/postgresql/check.js';
import { keepApart, type Apart } from '../lib/apart.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { deleteAndWait, describe as describeObject, readyOf, restoreCopy, takeCopy, untilReason } from '../lib/copies.js';
import { podIp, query, readRows, startDatabase, type Database } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { startLoad, type LoadHistory } from '../lib/load.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appSnapshot, makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';

const namespace = 'e2e-pg-pair';
const clone = `${namespace}-clone`;
const frozen = { consistency: { required: 'Frozen' } };

/** A primary and the standby that follows it, as one application: held in one window, restored beside themselves, and refused where the copy would be less. */
export function primaryAndStandby(): void {
  describe('a primary with a streaming standby', () => {
    let database: Database;
    let copy: AppSnapshot;
    let history: LoadHistory;
    let apart: Apart;
    const primaryIn = (where: string): Database => ({ ...database, namespace: where });
    const standbyIn = (where: string): Database => ({ ...database, namespace: where, pod: 'pg-1' });

    beforeAll(async () => {
      await makeTenant(namespace);
      database = await startDatabase(namespace, '15', { standbys: 1 });
      await until('the standby streams', async () => (await followersOf(database)).length === 1, 30, 200);
      for (const [pod, member] of [['pg-0', 'primary'], ['pg-1', 'standby']] as const) await kubectl(['-n', namespace, 'label', 'pvc', `data-${pod}`, `wal-${pod}`, `member=${member}`]);
    }, 150_000);
    afterAll(async () => {
      for (const name of [namespace, clone]) await dropNamespace(name);
    }, 60_000);

    test('is held in one window, Frozen, each member with the role that its server reports', async () => {
      const load = await startLoad(database);
      await load.untilMore(500);
      copy = await takeCopy(namespace, 'pair', frozen);
      await load.untilMore(50);
      history = await load.stop();
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'pair'));
      expect(copy.status).toMatchObject({ grade: 'Frozen', membersReady: '4/4', window: { unbroken: true } });
      expect(copy.status.reasons ?? []).toEqual([]);
      expect(copy.status.applications).toMatchObject([{ name: 'pg', kind: 'PostgreSQL', grade: 'Frozen', facts: { primary: 'pg-0' } }]);
      const members = [{ pod: 'pg-0', role: 'primary', container: 'postgres' }, { pod: 'pg-1', role: 'standby', container: 'postgres' }];
      expect(copy.status.applications?.[0]?.members).toEqual(members);
      expect(copy.status.holds?.flatMap((hold) => hold.targets.map((target) => target.pod)).sort()).toEqual(['pg-0', 'pg-1']);
      const { standbys, releasedStandbys } = copy.status.applications?.[0]?.positions ?? {};
      expect(standbys).toMatch(/^pg-1 /);
      expect(releasedStandbys).toBe(standbys);
      expect(history.failures).toEqual([]);
    }, 120_000);

    test('comes up beside the original: the standby follows the restored primary, never the original, and both have every acknowledged row', async () => {
      await makeTenant(clone);
      apart = await keepApart(namespace);
      const restore = await restoreCopy(namespace, 'pair', 'pair', { into: { namespace: clone, serviceAccountName: 'stillpoint' } });
      if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, 'pair'));
      expectChecks(restore);
      const rows = await readRows(primaryIn(clone));
      const result = compare(history, windowOf(copy), rows);
      expect({ ...counts(result), good: isGood(result) }).toMatchObject({ lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0, good: true });
      await until('the restored standby has them too', async () => (await readRows(standbyIn(clone))).length === rows.length, 20, 200);
      expect(await readRows(standbyIn(clone))).toEqual(rows);
      // What is written from now on arrives as well, there and nowhere else.
      await query(primaryIn(clone), 'CREATE TABLE of_the_clone AS SELECT 1 AS one');
      await until('the restored standby receives what is new', () => hasTable(standbyIn(clone)), 20, 200);
      expect(await Promise.all([hasTable(primaryIn(namespace)), hasTable(standbyIn(namespace))])).toEqual([false, false]);
      expect(await followersOf(primaryIn(clone))).toEqual([await podIp(clone, 'pg-1')]);
      expect(await followersOf(primaryIn(namespace))).toEqual([await podIp(namespace, 'pg-1')]);
      expect(apart.dropped()).toEqual({ 'pg-0': 0, 'pg-1': 0 });
      const { heldMillis, cutMillis, overheadMillis } = copy.status?.window ?? {};
      recordFigures('postgresql', { pair: { heldMillis, cutMillis, overheadMillis, longestGapMs: Math.round(history.longestGapMs), rtoSeconds: restore.status.rtoSeconds, ...counts(result) } });
    }, 240_000);

    test('control: by the name in its copy the same standby goes to the original', async () => {
      const [{ conninfo } = { conninfo: '' }] = await query<{ conninfo: string }>(standbyIn(namespace), "SELECT current_setting('primary_conninfo') AS conninfo");
      expect(conninfo).toContain(`.${namespace}.svc`);
      await query(standbyIn(clone), `ALTER SYSTEM SET primary_conninfo = '${conninfo.replaceAll("'", "''")}'`, 'SELECT pg_reload_conf()');
      await until('the original is asked', () => (apart.dropped()['pg-0'] ?? 0) > 0, 30, 200);
      await deleteAndWait('apprestore', namespace, 'pair');
      await dropNamespace(clone);
    }, 90_000);

    test('without its primary the standby is refused', async () => {
      await apply([appSnapshot(namespace, 'alone', { selector: { matchLabels: { member: 'standby' } } })]);
      const refused = await untilReason<AppSnapshot>('appsnapshots', namespace, 'alone', ['ApplicationNotReady'], 30);
      expect(readyOf(refused.status)?.message).toContain("No pod of pg is a primary (pg-1): the primary's claims must belong to the copy");
      expect(untouched(refused)).toEqual({});
      await deleteAndWait('appsnapshot', namespace, 'alone');
    }, 60_000);

    test('a standby that is far behind: what its slot keeps for it is in the copy; without the slot refused, or Quiesced with the reason', async () => {
      const standby = standbyIn(namespace);
      const [{ conninfo } = { conninfo: '' }] = await query<{ conninfo: string }>(standby, "SELECT current_setting('primary_conninfo') AS conninfo");
      const follow = (whom: string): Promise<unknown> => query(standby, `ALTER SYSTEM SET primary_conninfo = '${whom.replaceAll("'", "''")}'`, 'SELECT pg_reload_conf()');
      // Where nobody listens.
      await follow(`${conninfo} port=1`);
      try {
        await until('nothing uses the slot', async () => (await query(database, 'SELECT FROM pg_replication_slots WHERE active')).length === 0, 20, 200);
        // Each begins another file of 16 MiB, of which the image lets the server keep 128.
        for (let files = 0; files < 10; files++) await query(database, `SELECT pg_logical_emit_message(false, 'behind', '${files}'), pg_switch_wal()`);
        const kept = await takeCopy(namespace, 'kept', frozen);
        expect(kept.status).toMatchObject({ phase: 'Ready', grade: 'Frozen' });

        await query(database, "SELECT pg_drop_replication_slot('pg_1')");
        const lacks = /Standby pg-1 lacks \d+ MiB of the primary's WAL, more than max_wal_size \(128 MiB\): .* leave it out with spec\.selector/;
        await apply([appSnapshot(namespace, 'refused', frozen)]);
        const refused = await untilReason<AppSnapshot>('appsnapshots', namespace, 'refused', ['HoldNotPossible'], 30);
        expect(readyOf(refused.status)?.message).toMatch(lacks);
        expect(untouched(refused)).toEqual({});
        await deleteAndWait('appsnapshot', namespace, 'refused');

        const lesser = await takeCopy(namespace, 'lesser', { consistency: { required: 'Frozen', onUnmet: 'Downgrade' } });
        expect(lesser.status).toMatchObject({ phase: 'Ready', grade: 'Quiesced' });
        expect(lesser.status?.reasons?.join(' ')).toMatch(lacks);
        const without = await takeCopy(namespace, 'without', { ...frozen, selector: { matchLabels: { member: 'primary' } } });
        expect(without.status).toMatchObject({ phase: 'Ready', grade: 'Frozen', membersReady: '2/2' });
      } finally {
        await follow(conninfo);
      }
    }, 150_000);
  });
}

/** Addresses of those that stream from a server. */
async function followersOf(database: Database): Promise<string[]> {
  return (await query<{ address: string }>(database, "SELECT host(client_addr) AS address FROM pg_stat_replication WHERE state = 'streaming'")).map((row) => row.address);
}

async function hasTable(database: Database): Promise<boolean> {
  return (await query(database, "SELECT FROM pg_tables WHERE tablename = 'of_the_clone'")).length === 1;
}

function expectChecks(restore: AppRestore): void {
  const checks = restore.status?.applications?.flatMap((a) => a.checks ?? []) ?? [];
  expect(checks.filter((c) => c.outcome !== 'Passed')).toEqual([]);
  const names = ['primary pg-0 answers', 'standby pg-1 answers', 'same system identifier (pg-0)', 'same system identifier (pg-1)', 'standby pg-1 follows', 'marker present', 'nothing after the release', 'WAL replayed to its end', 'pg_amcheck', 'data checksums'];
  expect(checks.map((c) => c.name).sort()).toEqual(names.sort());
}

/** What a refused copy would have left in its status. */
function untouched({ status }: AppSnapshot): object {
  return { ...(status?.window !== undefined && { window: status.window }), ...(status?.holds !== undefined && { holds: status.holds }), ...(status?.setId !== undefined && { setId: status.setId }) };
}
