import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, snapshotObjects } from '../lib/copies.js';
import { clearFaults, setFaults } from '../lib/csi-faults.js';
import { recordFigures } from '../lib/figures.js';
import { Freezers } from '../lib/host.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { appSnapshot, makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';
import { holderProcesses, openHold } from '../kill/leftovers.js';
import { claim, pod, writer } from './objects.js';
import { containerIdOf, podsOf, untilWrites } from './pods.js';

const shape = 'twin';
const spec = { selector: { matchLabels: { shape } }, consistency: { required: 'CrashConsistentSynced' }, quiesce: { attempts: 1 } };

/** Several copies at once, and a namespace that goes while it is held. */
export function atOnce(here: string, there: string): void {
  describe('at once', () => {
    beforeAll(async () => {
      await makeTenant(there);
      for (const namespace of [here, there]) await apply([claim('twin', shape), pod('twin', ['twin'], [writer('main', 'twin', 'main')])], namespace);
      for (const namespace of [here, there]) await untilWrites(namespace, 'twin/main', 60);
    }, 120_000);
    afterEach(clearFaults);

    test('two copies in one namespace and one in another: all Ready, one window at a time in each namespace', async () => {
      setFaults({ CreateVolumeGroupSnapshot: { Before: '700ms' } });
      const wanted = [[here, 'twin-a'], [here, 'twin-b'], [there, 'twin-c']] as const;
      await apply(wanted.map(([namespace, name]) => appSnapshot(namespace, name, spec)));
      const settled = (o: AppSnapshot): boolean => ['Ready', 'Failed'].includes(o.status?.phase ?? '');
      const copies = await Promise.all(wanted.map(([namespace, name]) => watchUntil<AppSnapshot>('appsnapshots', name, namespace, 'is Ready or Failed', settled, 60)));
      for (const copy of copies) expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'CrashConsistentSynced', attempts: 1, window: { unbroken: true } });
      const [a, b, c] = copies.map(windowOf);
      if (a === undefined || b === undefined || c === undefined) throw new Error('three copies were made');
      expect(a.until <= b.from || b.until <= a.from).toBe(true);
      recordFigures('shapes', { atOnce: { first: { ...a }, second: { ...b }, elsewhere: { ...c } } });
      for (const [namespace, name] of wanted) await deleteAndWait('appsnapshot', namespace, name);
    }, 120_000);

    test('deletion of the namespace: the writer is let go, and nothing of the copy outlives it', async () => {
      const id = containerIdOf(await podsOf(there), 'twin/main');
      const freezers = new Freezers(id);
      setFaults({ CreateVolumeGroupSnapshot: { Before: '4s', Times: 1 } });
      await apply([appSnapshot(there, 'doomed', spec)]);
      await until('the writer is frozen', () => freezers.frozen(), 30, 2);
      const copy = (await get<AppSnapshot>('appsnapshot', 'doomed', there)) as AppSnapshot;
      const ids = (copy.status?.holds ?? []).map((h) => h.id);
      expect(ids).toHaveLength(1);
      const deleted = performance.now();
      await kubectl(['delete', 'namespace', there, '--wait=true', '--timeout=150s']);
      const goneMs = Math.round(performance.now() - deleted);
      // The copy goes with all that is of it before the namespace does: contents too that are made meanwhile, for members whose snapshots are refused there.
      expect(await snapshotObjects(there)).toEqual([]);
      expect(ids.filter((id) => openHold(id))).toEqual([]);
      expect(holderProcesses(ids)).toEqual([]);
      recordFigures('shapes', { namespaceDeleted: { goneMs } });
      goneAt = new Date().toISOString();
    }, 240_000);
  });
}

let goneAt: string | undefined;

/** The operator has no more to say about a namespace that is gone: called at the end, when it had the time to repeat itself. */
export function silence(namespace: string): void {
  test('the operator does not go on about a namespace that is gone', async () => {
    expect(goneAt).toBeDefined();
    const log = await kubectl(['-n', 'stillpoint-system', 'logs', 'deployment/stillpoint', `--since-time=${goneAt ?? ''}`]);
    expect(log.split('\n').filter((line) => line.includes(namespace) && /"level":"(warn|error)"/.test(line))).toEqual([]);
  }, 30_000);
}

function windowOf(copy: AppSnapshot): { from: number; until: number } {
  const { heldFrom = '', heldUntil = '' } = copy.status?.window ?? {};
  return { from: Date.parse(heldFrom), until: Date.parse(heldUntil) };
}
