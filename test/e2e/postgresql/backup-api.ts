import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { annotations } from '../../../src/api/common.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { isGood, type Window } from '../../apps/postgresql/check.js';
import { monotonicMs } from '../../apps/postgresql/history.js';
import { postgresqlObjects } from '../../apps/postgresql/manifests.js';
import { compare, counts, wallToMonotonic } from '../lib/compare.js';
import { deleteAndWait, describe as describeObject, readyOf, restoreCopy, takeCopy, untilReason } from '../lib/copies.js';
import { claimsInOrder, databaseOptions, query, readRows, startDatabase, type Database } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { apply, kubectl, tryKubectl } from '../lib/kubectl.js';
import { startLoad, type LoadHistory } from '../lib/load.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appSnapshot, makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';

const batch = 2000;
const online = { applications: [{ name: 'pg', kind: 'PostgreSQL', mode: 'BackupAPI' }], quiesce: { vantage: 'Pod' } };

/** Data, WAL and a tablespace on three volumes that the storage cuts seconds apart, and nothing is held. */
export function backupApi(variant: '15' | '17'): void {
  describe(`mode BackupAPI of PostgreSQL ${variant}, a tablespace on a volume of its own`, () => {
    const namespace = `e2e-pg-online-${variant}`;
    let database: Database;
    let copy: AppSnapshot;
    let history: LoadHistory;
    let window: Window;
    let batches: readonly number[];
    const targets: string[] = [];

    beforeAll(async () => {
      await makeTenant(namespace);
      // In the first half of the set the tablespace is cut first, the data 3 s later.
      await claimsInOrder(namespace, ['wal', 'data', 'fast']);
      database = await startDatabase(namespace, variant, { tablespaces: true });
      await kubectl(['-n', namespace, 'exec', 'pg-0', '--', 'mkdir', '-p', '/fast/space']);
      await query(database, "CREATE TABLESPACE quick LOCATION '/fast/space'", 'ALTER DATABASE postgres SET default_tablespace = quick');
      await query(database, 'CREATE TABLE batches (id int PRIMARY KEY, batch int) WITH (autovacuum_enabled = false)');
    }, 120_000);
    afterAll(async () => {
      for (const name of [namespace, ...targets]) await dropNamespace(name);
    }, 30_000);

    const target = async (name: string): Promise<string> => {
      targets.push(`${namespace}-${name}`);
      await makeTenant(`${namespace}-${name}`);
      return `${namespace}-${name}`;
    };

    test('a copy without the tablespace is refused, with path and claim', async () => {
      await kubectl(['-n', namespace, 'label', 'pvc', 'data-pg-0', 'wal-pg-0', 'e2e=some']);
      await apply([appSnapshot(namespace, 'some', { selector: { matchLabels: { e2e: 'some' } } })]);
      const refused = await untilReason<AppSnapshot>('appsnapshots', namespace, 'some', ['DataOutsideSet'], 30);
      expect(readyOf(refused.status)?.message).toMatch(/tablespace quick \(\/fast\/space\) lies on the claim fast-pg-0/);
      await deleteAndWait('appsnapshot', namespace, 'some');
    }, 60_000);

    test('is Quiesced without any hold, and carries its backup_label', async () => {
      const load = await startLoad(database);
      await load.untilMore(200);
      const writing = batchesWithCheckpoints(database);
      copy = await takeCopy(namespace, 'copy', { ...online, volumeGroupSnapshotClassName: 'bed-skewed', consistency: { required: 'Quiesced' } });
      const seen = monotonicMs();
      batches = await writing.stop();
      await load.untilMore(20);
      history = await load.stop();
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'copy'));

      const [app] = copy.status.applications ?? [];
      expect(copy.status).toMatchObject({ grade: 'Quiesced', membersReady: '3/3' });
      expect(copy.status.holds ?? []).toEqual([]);
      expect(copy.status.window?.heldMillis).toBeUndefined();
      expect(copy.status.window?.cutMillis).toBeGreaterThan(3000);
      expect(app).toMatchObject({ mechanism: 'BackupAPI', grade: 'Quiesced', caps: [expect.stringContaining('was not held')] });
      expect(app?.startFiles?.map((f) => f.name)).toEqual(['backup_label', 'tablespace_map']);
      const snapshot = copy.status.members?.[0]?.snapshot ?? '';
      const kept = JSON.parse(await kubectl(['-n', namespace, 'get', 'volumesnapshot', snapshot, '-o', 'json'])) as { metadata: { annotations: Record<string, string> } };
      expect(JSON.parse(kept.metadata.annotations[annotations.startFiles] ?? '')).toEqual(app?.startFiles);
      expect(history.failures).toEqual([]);
      window = { heldAt: Date.parse(app?.positions?.['backupStopAt'] ?? '') + wallToMonotonic() - 1, releasedAt: seen };
      // Nothing temporary is left on server and claims.
      expect(await query(database, 'SELECT slot_name FROM pg_replication_slots')).toEqual([]);
      expect(await kubectl(['-n', namespace, 'get', 'pvc', '-o', 'jsonpath={.items[*].metadata.labels}'])).not.toContain('stillpoint.dev');
      recordFigures('postgresql', { [`backupApi ${variant}`]: { cutMillis: copy.status.window?.cutMillis, longestGapMs: Math.round(history.longestGapMs), rows: history.acknowledgements } });
    }, 120_000);

    test('restored: everything acknowledged before the backup ended is there, and every check passes', async () => {
      const into = await target('copy');
      const restore = await restoreCopy(namespace, 'copy', 'copy', { into: { namespace: into, serviceAccountName: 'stillpoint' } });
      if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, 'copy'));
      const checks = restore.status.applications?.flatMap((a) => a.checks ?? []) ?? [];
      expect(checks.filter((c) => c.outcome !== 'Passed')).toEqual([]);
      expect(checks.map((c) => c.name)).toEqual(expect.arrayContaining(['marker present', 'WAL of the backup is whole', 'pg_amcheck', 'data checksums']));
      const restored = { ...database, namespace: into };
      const result = compare(history, window, await readRows(restored));
      const due = batches.filter((at) => at < window.heldAt).length;
      const [found] = await query<{ rows: number }>(restored, 'SELECT count(*)::int AS rows FROM batches');
      recordFigures('postgresql', { [`backupApi ${variant} restored`]: { ...counts(result), batchesDue: due, batchRows: found?.rows, checks: restore.status.checksPassed } });
      expect({ ...counts(result), good: isGood(result) }).toMatchObject({ lost: 0, extra: 0, gaps: 0, duplicates: 0, unknown: 0, good: true });
      expect(due).toBeGreaterThan(0);
      expect(found?.rows).toBeGreaterThanOrEqual(due * batch);
    }, 180_000);

    test('control: the same volumes started without the label lack rows, or do not start', async () => {
      const into = await target('bare');
      const restore = await restoreCopy(namespace, 'bare', 'copy', { into: { namespace: into, serviceAccountName: 'stillpoint' }, what: 'Volumes' });
      expect(restore.status?.phase).toBe('Ready');
      await apply(postgresqlObjects(databaseOptions(variant, { tablespaces: true })), into);
      const outcome = await startedAnyway({ ...database, namespace: into }, history, window, batches);
      recordFigures('postgresql', { [`backupApi ${variant} without label`]: outcome });
      expect(outcome.damaged).toBe(true);
    }, 180_000);
  });
}

/**
 * Fills pages and checkpoints, again and again: without the label recovery begins at a checkpoint that the tablespace's cut does not have. Nobody
 * reads or vacuums the table meanwhile: with checksums on, hint bits would bring its pages into the WAL once more. Resolves with when each batch was
 * acknowledged.
 */
function batchesWithCheckpoints(database: Database): { stop(): Promise<readonly number[]> } {
  const acknowledged: number[] = [];
  let stopped = false;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      await query(database, `INSERT INTO batches SELECT g, ${acknowledged.length} FROM generate_series(${acknowledged.length * batch + 1}, ${(acknowledged.length + 1) * batch}) g`);
      acknowledged.push(monotonicMs());
      await query(database, 'CHECKPOINT');
    }
  };
  const done = loop();
  return {
    stop: async () => {
      stopped = true;
      await done;
      return acknowledged;
    },
  };
}

/** What a server is worth that was started on such volumes by hand: it lacks rows, its indexes do not fit, or it says itself that it cannot start. */
async function startedAnyway(database: Database, history: LoadHistory, window: Window, batches: readonly number[]): Promise<Record<string, unknown> & { damaged: boolean }> {
  const { namespace: target } = database;
  const state = await until('the server is ready or has crashed', async () => {
    const pod = await tryKubectl(['-n', target, 'get', 'pod', 'pg-0', '-o', 'jsonpath={.status.containerStatuses[0].ready} {.status.containerStatuses[0].restartCount}']);
    return /^(true|false [1-9])/.exec(pod.stdout)?.[0];
  }, 90, 500);
  if (state !== 'true') {
    const log = (await kubectl(['-n', target, 'logs', 'pg-0', '--previous'])).split('\n').filter((line) => /PANIC|FATAL/.test(line));
    return { log, damaged: log.length > 0 };
  }
  const result = counts(compare(history, window, await readRows(database)));
  const [found] = await query<{ rows: number }>(database, 'SET enable_indexscan = off', 'SET enable_indexonlyscan = off', 'SET enable_bitmapscan = off', 'SELECT count(*)::int AS rows FROM batches');
  const missing = batches.filter((at) => at < window.heldAt).length * batch - (found?.rows ?? 0);
  const amcheck = await tryKubectl(['-n', target, 'exec', 'pg-0', '--', 'pg_amcheck', '--all', '--install-missing', '--heapallindexed']);
  return { ...result, missing, amcheck: amcheck.code, damaged: missing > 0 || result.lost + result.gaps > 0 || amcheck.code === 2 };
}
