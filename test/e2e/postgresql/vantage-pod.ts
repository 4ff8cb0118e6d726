import { afterAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { readyOf, snapshotObjects, takeCopy, untilNoSnapshots } from '../lib/copies.js';
import { clearFaults, setFaults } from '../lib/csi-faults.js';
import { containerId, startDatabase, type Database } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { Freezers, processesOf } from '../lib/host.js';
import { apply } from '../lib/kubectl.js';
import { startLoad } from '../lib/load.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appSnapshot, makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';

/** The holder inside the container of the database, without an agent. */
export function vantagePod(pidOne: () => Database): void {
  describe('vantage Pod', () => {
    const namespace = 'e2e-pg-pod';
    afterAll(async () => {
      clearFaults();
      await dropNamespace(namespace);
    }, 150_000);

    test('stops a server under an init by signals, and only for the time of the hold', async () => {
      await makeTenant(namespace);
      const database = await startDatabase(namespace, '15-init');
      const id = await containerId(namespace);
      const load = await startLoad(database);
      setFaults({ CreateVolumeGroupSnapshot: { Before: '1s', Times: 1 } });
      const settled = watchUntil<AppSnapshot>('appsnapshots', 'pod', namespace, 'is settled', (o) => ['Ready', 'Failed'].includes(o.status?.phase ?? ''), 60);
      await apply([appSnapshot(namespace, 'pod', { quiesce: { vantage: 'Pod' }, consistency: { required: 'Frozen' } })]);
      await until('the server is stopped by a signal', () => processesOf(id).filter((p) => p.state === 'T').length > 3, 30, 2);
      expect(new Freezers(id).frozen()).toBe(false);
      const copy = await settled;
      clearFaults();
      await load.untilWritesAgain(5);
      const history = await load.stop();
      expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'Frozen' });
      expect(copy.status?.holds?.[0]).toMatchObject({ vantage: 'Pod', mechanism: 'Signal', pod: 'pg-0', state: 'Released' });
      expect(processesOf(id).map((p) => p.state)).not.toContain('T');
      expect(history.failures).toEqual([]);
      const { heldMillis, cutMillis, overheadMillis } = copy.status?.window ?? {};
      recordFigures('postgresql', { vantagePod: { heldMillis, cutMillis, overheadMillis, longestGapMs: Math.round(history.longestGapMs) } });
    }, 120_000);

    test('is refused for a server that is process 1 of its container, with a sentence and without a copy', async () => {
      const { namespace: other } = pidOne();
      const copy = await takeCopy(other, 'pid-one', { quiesce: { vantage: 'Pod', attempts: 1 }, consistency: { required: 'Quiesced', onUnmet: 'Fail' } });
      expect(copy.status?.phase).toBe('Failed');
      expect(readyOf(copy.status)).toMatchObject({ reason: 'HoldRefused', message: expect.stringMatching(/PID 1.*PidOne|PidOne.*PID 1/) });
      expect(readyOf(copy.status)?.message).toContain('pg can be copied without a hold, as Quiesced: set mode BackupAPI');
      await untilNoSnapshots(other, 30);
      expect(await snapshotObjects(other)).toEqual([]);
    }, 60_000);
  });
}
