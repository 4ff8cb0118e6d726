import { afterAll, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, readyOf, takeCopy, untilNoSnapshots } from '../lib/copies.js';
import { clearFaults, setFaults } from '../lib/csi-faults.js';
import { containerId, type Database } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { Freezers, openHoldsOf } from '../lib/host.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { startLoad } from '../lib/load.js';
import { appSnapshot } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';

/** Limit of a hold when nothing lowers it, and what the guard may need beyond it. */
const maxHoldMillis = 10_000;
const graceMillis = 1000;

/** The test that the design asks for first: nothing that dies leaves a database still. */
export function agentForceDeleted(database: () => Database): void {
  afterAll(clearFaults);

  test('an agent pod that is force-deleted while a hold is on leaves no database still', async () => {
    const { namespace } = database();
    const freezers = new Freezers(await containerId(namespace));
    const load = await startLoad(database());
    // The cut takes long, so that the hold is certainly on when the agent goes.
    setFaults({ CreateVolumeGroupSnapshot: { Before: '6s', Times: 1 } });
    const intended = watchUntil<AppSnapshot>('appsnapshots', 'agent-deleted', namespace, 'is Intended', (o) => o.status?.phase === 'Intended', 30);
    const settled = watchUntil<AppSnapshot>('appsnapshots', 'agent-deleted', namespace, 'is settled', (o) => ['Ready', 'Failed'].includes(o.status?.phase ?? ''), 90);
    await apply([appSnapshot(namespace, 'agent-deleted', { quiesce: { attempts: 1 } })]);
    const [hold] = (await intended).status?.holds ?? [];
    expect(hold).toMatchObject({ vantage: 'Node', mechanism: 'Freezer', state: 'Intended' });
    await until('the database stands still', () => freezers.frozen(), 10, 2);
    const deleted = performance.now();
    await kubectl(['-n', 'stillpoint-agent', 'delete', 'pod', hold?.pod ?? '', '--force', '--grace-period=0']);
    await until('the database runs again', () => !freezers.frozen(), (maxHoldMillis + graceMillis) / 1000, 5);
    const releasedAfter = performance.now() - deleted;
    await load.untilWritesAgain(5);

    const copy = await settled;
    clearFaults();
    const reason = readyOf(copy.status)?.reason;
    expect({ phase: copy.status?.phase, reason }).toEqual({ phase: 'Failed', reason: expect.stringMatching(/^(HoldBroken|HoldRefused|CutTooSlow)$/) });
    // The stream is gone, so that the end is asked for through the next agent.
    const known = (o: AppSnapshot): boolean => o.status?.holds?.every((h) => h.state !== 'Intended') === true;
    const ended = await watchUntil<AppSnapshot>('appsnapshots', 'agent-deleted', namespace, 'knows the end of every hold', known, 60);
    expect(ended.status?.holds?.[0]).toMatchObject({ state: 'Broken', endedBy: expect.stringMatching(/^(eof|ttl|takeover)$/) });
    expect(freezers.frozen()).toBe(false);
    // A copy whose hold was not seen to its end is not kept.
    await untilNoSnapshots(namespace);

    await kubectl(['-n', 'stillpoint-agent', 'rollout', 'status', 'daemonset/stillpoint-agent', '--timeout=60s']);
    await until('no guard is left', () => openHoldsOf(ended).length === 0, 15);
    const again = await takeCopy(namespace, 'after-agent-deleted', { consistency: { required: 'Frozen' } });
    expect(again.status).toMatchObject({ phase: 'Ready', grade: 'Frozen' });
    await deleteAndWait('appsnapshot', namespace, 'after-agent-deleted');
    const history = await load.stop();
    expect(history.failures).toEqual([]);
    expect(history.longestGapMs).toBeLessThanOrEqual(maxHoldMillis + graceMillis);
    recordFigures('postgresql', { agentForceDeleted: { releasedAfterMs: Math.round(releasedAfter), longestGapMs: Math.round(history.longestGapMs), reason } });
  }, 180_000);
}
