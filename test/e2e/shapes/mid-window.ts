import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { performance } from 'node:perf_hooks';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, eventsOf, readyOf, snapshotObjects, untilNoSnapshots } from '../lib/copies.js';
import { clearFaults, setFaults } from '../lib/csi-faults.js';
import { recordFigures } from '../lib/figures.js';
import { Freezers } from '../lib/host.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { appSnapshot } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { watchUntil } from '../lib/watch.js';
import { leftovers } from '../kill/leftovers.js';
import { recordsIn, violations } from './copied.js';
import { claim, container, mount, pod, writer } from './objects.js';
import { acksOf, acksUntilItEnds, containerIdOf, podsOf, untilPod, untilWrites, type Pod } from './pods.js';

const shape = 'mid';
const selector = { matchLabels: { shape } };
const consistency = { required: 'CrashConsistentSynced' };
/** The storage takes this long for one cut, so that what happens in the hold happens in the hold. */
const slowCutMillis = 7000;
const graceMillis = 1000;

/** What happens while the volume is being cut. */
export function midWindow(namespace: string): void {
  describe('in mid-window', () => {
    let freezers: Freezers;
    let id: string;

    beforeAll(async () => {
      await apply([claim('mid', shape), pod('mid', ['mid'], [writer('main', 'mid', 'main')])], namespace);
      await untilWrites(namespace, 'mid/main', 60);
      await look();
    }, 90_000);
    afterEach(clearFaults);
    afterAll(() => kubectl(['-n', namespace, 'delete', 'pod', 'mid', '--ignore-not-found']), 60_000);

    async function look(): Promise<ReadonlyMap<string, Pod>> {
      const pods = await podsOf(namespace);
      id = containerIdOf(pods, 'mid/main');
      freezers = new Freezers(id);
      return pods;
    }

    async function open(name: string, spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
      setFaults({ CreateVolumeGroupSnapshot: { Before: `${slowCutMillis}ms`, Times: 1 } });
      await apply([appSnapshot(namespace, name, { selector, consistency, ...spec })]);
      await until('the writer is frozen', () => freezers.frozen(), 30, 2);
    }

    const settled = (name: string): Promise<AppSnapshot> =>
      watchUntil<AppSnapshot>('appsnapshots', name, namespace, 'is Ready or Failed', (o) => ['Ready', 'Failed'].includes(o.status?.phase ?? ''), 90);

    async function nothingLeft(copy: AppSnapshot): Promise<void> {
      let left: string[] = [];
      await until('nothing is left over', async () => (left = await leftovers(copy, [id])).length === 0, 60, 200).catch(() => expect(left).toEqual([]));
    }

    test('a pod that mounts the claim meanwhile spoils the window, is named, and is held in the next, or named again while it is Pending', async () => {
      await open('late');
      await apply([pod('late', ['mid'], [writer('main', 'mid', 'late')])], namespace);
      await untilWrites(namespace, 'late/main', 60);
      const copy = await settled('late');
      expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'CrashConsistentSynced', attempts: 2 });
      const targets = (copy.status?.holds ?? []).flatMap((h) => h.targets.map((t) => t.pod));
      const pending = copy.status?.reasons?.some((r) => r.includes('Pod late, container main is Pending and could begin to write')) === true;
      expect(targets.sort()).toEqual(pending ? ['mid'] : ['late', 'mid']);
      const told = (await eventsOf(namespace, 'late')).filter((e) => e.reason === 'GradeUnmet').map((e) => e.message);
      expect(told).toEqual([expect.stringMatching(/Claim mid was mounted by pod late, which came after the plan was made and was not held\. .*It is removed\. Attempt 1 of 2; it is tried again\.$/)]);
      const pods = await look();
      const records = await recordsIn(copy, [{ claim: 'mid', file: 'main' }, ...(pending ? [] : [{ claim: 'mid', file: 'late' }])]);
      expect(violations(copy, await acksOf(namespace, pods, 'mid/main'), records.get('/copy/mid/main') ?? 0)).toEqual([]);
      if (!pending) expect(violations(copy, await acksOf(namespace, pods, 'late/main'), records.get('/copy/mid/late') ?? 0)).toEqual([]);
      await nothingLeft(copy);
      await kubectl(['-n', namespace, 'delete', 'pod', 'late']);
      await deleteAndWait('appsnapshot', namespace, 'late');
    }, 150_000);

    test('a pod that comes, writes and ends meanwhile is not overlooked', async () => {
      await open('brief', { quiesce: { attempts: 1 } });
      const brief = container('main', ['write', '--count=10', '/data/brief'], { volumeMounts: [mount('mid')] });
      await apply([pod('brief', ['mid'], [brief], { restartPolicy: 'Never' })], namespace);
      const copy = await settled('brief');
      expect(copy.status?.phase).toBe('Failed');
      expect(readyOf(copy.status)).toMatchObject({ reason: 'GradeUnmet', message: expect.stringContaining('Claim mid was mounted by pod brief, which came after the plan was made and was not held.') });
      await untilNoSnapshots(namespace);
      await nothingLeft(copy);
      await untilPod(namespace, 'brief', 'has ended', (p) => p.status.phase === 'Succeeded');
      await kubectl(['-n', namespace, 'delete', 'pod', 'brief']);
      await deleteAndWait('appsnapshot', namespace, 'brief');
    }, 120_000);

    test('deletion of the object releases at once and leaves nothing', async () => {
      await open('unwanted');
      const copy = (await get<AppSnapshot>('appsnapshot', 'unwanted', namespace)) as AppSnapshot;
      const deleted = performance.now();
      await kubectl(['-n', namespace, 'delete', 'appsnapshot', 'unwanted', '--wait=false']);
      await until('the writer runs', () => !freezers.frozen(), 10, 2);
      const releasedMs = Math.round(performance.now() - deleted);
      await kubectl(['-n', namespace, 'wait', '--for=delete', 'appsnapshot/unwanted', '--timeout=60s']);
      const goneMs = Math.round(performance.now() - deleted);
      // The storage may finish the cut that it was asked for; it goes as well.
      await until('the cut is over', () => performance.now() - deleted > slowCutMillis + graceMillis, 30);
      await untilNoSnapshots(namespace);
      await nothingLeft({ ...copy, status: { ...copy.status, holds: (copy.status?.holds ?? []).map((h) => ({ ...h, state: 'Ended' as const })) } });
      expect(await snapshotObjects(namespace)).toEqual([]);
      expect(releasedMs).toBeLessThan(slowCutMillis - graceMillis);
      recordFigures('shapes', { objectDeleted: { releasedMs, goneMs } });
      await untilWrites(namespace, 'mid/main');
    }, 120_000);

    test('deletion of a held pod: it ends after the release, and the copy has what it wrote', async () => {
      await open('orphaned');
      const pods = await podsOf(namespace);
      const following = acksUntilItEnds(namespace, 'mid');
      await kubectl(['-n', namespace, 'delete', 'pod', 'mid', '--wait=false']);
      expect(freezers.frozen()).toBe(true);
      const copy = await settled('orphaned');
      expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'CrashConsistentSynced', window: { unbroken: true } });
      const acks = await following;
      const records = await recordsIn(copy, [{ claim: 'mid', file: 'main' }]);
      expect(violations(copy, acks, records.get('/copy/mid/main') ?? 0)).toEqual([]);
      await kubectl(['-n', namespace, 'wait', '--for=delete', `pod/${pods.get('mid')?.metadata.name ?? ''}`, '--timeout=60s']);
      await deleteAndWait('appsnapshot', namespace, 'orphaned');
    }, 120_000);
  });
}
