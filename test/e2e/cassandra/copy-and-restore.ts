import { afterAll, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { openCassandra } from '../../apps/cassandra/tokens.js';
import { keepApart } from '../lib/apart.js';
import { addressesOf, knownTo, nodes, readAll, writingClient } from '../lib/cassandra.js';
import type { Promises } from '../lib/load.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { describe as describeObject, readyOf, restoreCopy, takeCopy } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { Writers } from '../profile/writers.js';

/** Put before the copy is asked for, so that the flush before the hold writes them. */
const tokens = [1, 2, 3, 4, 5, 6];

/** A copy under load, its clients kept out and then frozen; restored beside the running original, checked, and compared with what clients were promised. */
export function copyAndRestore(namespace: string): void {
  const near = `${namespace}-near`;
  const apart = `${namespace}-apart`;
  let copy: AppSnapshot;
  let history: Promises & { longestGapMs: number };
  afterAll(async () => {
    for (const name of [near, apart]) await dropNamespace(name);
  }, 60_000);

  test('a copy under load says what it is', async () => {
    const store = await openCassandra(namespace);
    for (const token of tokens) await store.put(token, token % store.members);
    await store.close();
    const client = await writingClient(namespace);
    const writers = new Writers(client.connect, 1);
    await writers.untilMore(300, 120);
    copy = await takeCopy(namespace, 'copy', { consistency: { required: 'Frozen' } }, 300);
    await writers.untilMore(20);
    history = await writers.stop();
    await client.close();
    if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'copy'));
    expect(copy.status.window).toMatchObject({ unbroken: true, atomic: true });
    expect(copy.status.holds?.map((hold) => hold.mechanism)).toEqual(['Freezer']);
    const [application] = copy.status.applications ?? [];
    expect(application).toMatchObject({ name: 'cassandra', kind: 'Cassandra', version: expect.stringMatching(/^5\.0\./) });
    expect(application?.members?.map((m) => [m.pod, m.role, m.container])).toEqual([['cassandra-0', 'node', 'cassandra'], ['cassandra-1', 'node', 'cassandra']]);
    expect(application?.positions?.['started']).toBe(application?.positions?.['releasedStarted']);
    expect(application?.facts).toMatchObject({ clusterName: 'cassandra', nodes: String(nodes), storagePort: '7000', commitLog: 'periodic, memory-mapped' });
    expect(copy.status).toMatchObject({ grade: 'Frozen', window: { settleMillis: expect.any(Number) } });
    expect(copy.status.holds?.[0]?.settledMillis).toBeGreaterThanOrEqual(300);
    expect(history.failures).toEqual([]);
  }, 600_000);

  test('a clone that can reach its original is not started', async () => {
    await makeTenant(near);
    const restore = await restoreCopy(namespace, 'near', 'copy', { into: { namespace: near, serviceAccountName: 'stillpoint' } }, 300);
    expect(restore.status?.phase).toBe('Failed');
    expect(readyOf(restore.status)?.message).toContain('of the original can be reached from here');
    expect(await knownTo(namespace)).toEqual(await addressesOf(namespace));
    await dropNamespace(near);
  }, 400_000);

  test('apart from its original it comes up whole, passes its checks, and holds what it must', async () => {
    await makeTenant(apart);
    await keepApart(namespace);
    const restore = await restoreCopy(namespace, 'apart', 'copy', { into: { namespace: apart, serviceAccountName: 'stillpoint' }, verify: { timeout: '20m' } }, 1200);
    const checks = restore.status?.applications?.flatMap((a) => a.checks ?? []) ?? [];
    recordFigures('cassandra', { restored: { phase: restore.status?.phase, rtoSeconds: restore.status?.rtoSeconds, checks: Object.fromEntries(checks.map((c) => [c.name, c.outcome])) } });
    if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', namespace, 'apart'));
    expect(checks.filter((c) => c.outcome !== 'Passed')).toEqual([]);
    expect(checks).toHaveLength(2 + 3 * nodes);

    const { rows, each } = await readAll(apart);
    const window = windowOf(copy);
    const result = compare(history, window, rows);
    const { heldMillis, cutMillis, overheadMillis, freezeMillis, syncMillis } = copy.status?.window ?? {};
    recordFigures('cassandra', { frozen: { grade: copy.status?.grade, heldMillis, cutMillis, overheadMillis, freezeMillis, syncMillis, longestGapMs: Math.round(history.longestGapMs), refused: history.failures.length, ...counts(result), rowsOfEach: each.map((own) => own.length) } });
    expect(result.acknowledgedBeforeCut).toBeGreaterThan(0);
    expect(result).toMatchObject({ lost: [], extra: [], duplicates: [], gaps: [], unknown: [] });
    const store = await openCassandra(apart);
    expect((await store.tokens().finally(() => store.close())).sort()).toEqual(tokens);
    // Neither ring knows a node of the other.
    expect(await knownTo(apart)).toEqual(await addressesOf(apart));
    expect(await knownTo(namespace)).toEqual(await addressesOf(namespace));
    await dropNamespace(apart);
  }, 1_500_000);
}
