import { afterAll, afterEach, expect, test } from '@jest/globals';
import { monotonicMs } from '../../apps/postgresql/history.js';
import { compare, counts } from '../lib/compare.js';
import { keepApart } from '../lib/apart.js';
import { readAll, writingClient } from '../lib/cassandra.js';
import { describe as describeObject, readyOf, restoreCopy, takeCopy } from '../lib/copies.js';
import { clearFaults, setFaults } from '../lib/csi-faults.js';
import { recordFigures } from '../lib/figures.js';
import { kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { Writers } from '../profile/writers.js';

/** The storage takes so long until it cuts. */
const delayMillis = 3000;

/** What must fail does fail: else the other tests prove nothing. */
export function negativeControls(namespace: string): void {
  const target = `${namespace}-none`;
  afterEach(clearFaults);
  afterAll(() => dropNamespace(target), 60_000);

  test('without a hold, acknowledged rows are missing, and the grade says so', async () => {
    const client = await writingClient(namespace);
    const writers = new Writers(client.connect, 101);
    await writers.untilMore(100, 120);
    const before = await groupsOf(namespace);
    setFaults({ CreateVolumeGroupSnapshot: { Before: `${delayMillis}ms`, Times: 1 } });
    const running = takeCopy(namespace, 'none', { applications: [{ name: 'cassandra', kind: 'Cassandra', mode: 'None' }], consistency: { required: 'Inconsistent' } }, 300);
    // The volumes were synced before; the cut comes later than the delay after the object.
    await until('the cut is asked for', async () => (await groupsOf(namespace)) > before, 200, 100);
    const cutAfter = monotonicMs() + delayMillis / 2;
    const copy = await running;
    const cutBefore = monotonicMs();
    await writers.untilMore(20);
    const history = await writers.stop();
    await client.close();
    if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'none'));
    expect(['CrashConsistentSynced', 'CrashConsistent']).toContain(copy.status.grade);

    await makeTenant(target);
    await keepApart(namespace);
    const restore = await restoreCopy(namespace, 'none', 'none', { into: { namespace: target, serviceAccountName: 'stillpoint' }, verify: { enabled: false, timeout: '15m' } }, 1000);
    const result = restore.status?.phase === 'Ready' ? compare(history, { heldAt: cutAfter, releasedAt: cutBefore }, (await readAll(target)).rows.filter((row) => row.writer > 100)) : undefined;
    recordFigures('cassandra', { withoutHold: { grade: copy.status.grade, reasons: copy.status.reasons, restore: restore.status?.phase, reason: readyOf(restore.status)?.reason, ...(result === undefined ? {} : counts(result)) } });
    if (result === undefined) expect(readyOf(restore.status)?.reason).toMatch(/^(StartFailed|RestoreFailed)$/);
    else expect(result.lost.length).toBeGreaterThan(0);
    await dropNamespace(target);
  }, 1_500_000);
}

async function groupsOf(namespace: string): Promise<number> {
  return (await kubectl(['-n', namespace, 'get', 'volumegroupsnapshots', '-o', 'name'])).split('\n').filter((line) => line !== '').length;
}
