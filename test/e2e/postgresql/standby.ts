import { afterAll, describe, expect, test } from '@jest/globals';
import { isGood } from '../../apps/postgresql/check.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { describe as describeObject, restoreCopy, takeCopy } from '../lib/copies.js';
import { podIp, query, readRows, startDatabase } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { startLoad } from '../lib/load.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';

/** A primary and a standby that streams from it: held together, restored together, apart from the original. */
export function standby(): void {
  describe('a primary with a streaming standby', () => {
    const namespace = 'e2e-pg-standby';
    const target = `${namespace}-copy`;
    afterAll(async () => {
      for (const name of [namespace, target]) await dropNamespace(name);
    }, 30_000);

    test('both are held; the restored standby follows the restored primary, never the original', async () => {
      await makeTenant(namespace);
      await makeTenant(target);
      const database = await startDatabase(namespace, '15', { standby: true });
      await query({ ...database, pod: 'pg-1' }, 'SELECT 1');
      const load = await startLoad(database);
      await load.untilMore(200);
      const copy = await takeCopy(namespace, 'copy', { consistency: { required: 'Frozen' } });
      await load.untilMore(20);
      const history = await load.stop();
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'copy'));
      expect(copy.status.applications).toMatchObject([{ grade: 'Frozen', members: [{ pod: 'pg-0', role: 'primary' }, { pod: 'pg-1', role: 'standby' }] }]);
      expect(copy.status.holds?.flatMap((h) => h.targets.map((t) => t.pod)).sort()).toEqual(['pg-0', 'pg-1']);
      expect(copy.status.applications?.[0]?.positions).toMatchObject({ replayed: expect.stringMatching(/^pg-1 [0-9A-F]+\//), standbys: expect.stringMatching(/^pg-1 /), releasedStandbys: expect.stringMatching(/^pg-1 /) });

      const restore = await restoreCopy(namespace, 'copy', 'copy', { into: { namespace: target, serviceAccountName: 'stillpoint' } });
      if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, 'copy'));
      const checks = restore.status.applications?.flatMap((a) => a.checks ?? []) ?? [];
      expect(checks.filter((c) => c.outcome !== 'Passed')).toEqual([]);
      expect(checks.map((c) => c.name)).toEqual(expect.arrayContaining(['primary pg-0 answers', 'standby pg-1 answers', 'standby pg-1 follows']));
      const [first, second] = [{ ...database, namespace: target }, { ...database, namespace: target, pod: 'pg-1' }];
      const result = compare(history, windowOf(copy), await readRows(first));
      expect({ ...counts(result), good: isGood(result) }).toMatchObject({ lost: 0, extra: 0, gaps: 0, good: true });

      // What only the restored primary has reaches the restored standby; the original knows its own standby alone.
      await query(first, 'CREATE TABLE of_the_copy ()');
      await until('the restored standby has what the restored primary wrote', async () => (await query(second, "SELECT FROM pg_class WHERE relname = 'of_the_copy'")).length === 1, 20, 200);
      const followers = await query<{ address: string }>(database, 'SELECT host(client_addr) AS address FROM pg_stat_replication');
      expect(followers).toEqual([{ address: await podIp(namespace, 'pg-1') }]);
      recordFigures('postgresql', { standby: { heldMillis: copy.status.window?.heldMillis, checks: restore.status.checksPassed, ...counts(result) } });
    }, 240_000);
  });
}
