import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, readyOf, takeCopy, untilReason } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { runs, shimOf, sizeInside } from '../lib/host.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { appSnapshot } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { recordsIn } from './copied.js';
import { claim, pod, writer } from './objects.js';
import { acksUntilItEnds, containerIdOf, podsOf, untilWrites } from './pods.js';

const shape = 'forced';
const selector = { matchLabels: { shape } };

/**
 * A pod that is deleted by force is gone in the API only. Its runtime hangs, so that the kubelet cannot stop it within the seconds that it gives such a pod. The
 * driver of the test cluster needs no attachment: nothing in the API tells that the volume is in use.
 */
export function forced(namespace: string): void {
  describe('a pod that is deleted by force', () => {
    let id: string;
    let shim: number | undefined;
    let acks: ReturnType<typeof acksUntilItEnds>;

    const goOn = (): void => {
      if (shim !== undefined) process.kill(shim, 'SIGCONT');
      shim = undefined;
    };

    beforeAll(async () => {
      await apply([claim('forced', shape), pod('forced', ['forced'], [writer('main', 'forced', 'main', { args: ['write', '--stubborn', '/data/main'] })])], namespace);
      await untilWrites(namespace, 'forced/main', 60);
      id = containerIdOf(await podsOf(namespace), 'forced/main');
      acks = acksUntilItEnds(namespace, 'forced');
      shim = shimOf(id);
      process.kill(shim, 'SIGSTOP');
      await kubectl(['-n', namespace, 'delete', 'pod', 'forced', '--force', '--grace-period=0', '--wait=true', '--timeout=10s']);
    }, 120_000);
    afterAll(goOn);

    test('and writes on: a copy does not claim that its volume was still, and says where it is mounted', async () => {
      expect(await get('pod', 'forced', namespace)).toBeUndefined();
      const before = sizeInside(id, '/data/main');
      // Its log, which nobody takes from it now, blocks it after a quarter of a minute.
      const copy = await takeCopy(namespace, 'forced-now', { selector, consistency: { required: 'CrashConsistent' } }, 15);
      expect(sizeInside(id, '/data/main')).toBeGreaterThan(before);
      expect(copy.status).toMatchObject({ phase: 'Ready', grade: 'CrashConsistent', attempts: 1 });
      expect(copy.status?.reasons).toEqual([expect.stringMatching(/^Claim forced is still mounted on node \S+ although no pod uses it: wait until its kubelet has unmounted \S+\/mount\.$/)]);
    }, 60_000);

    test('a copy that must be Frozen waits, and is made by itself when the volume is unmounted; nothing that was acknowledged is missing', async () => {
      await apply([appSnapshot(namespace, 'forced-later', { selector, consistency: { required: 'Frozen' } })]);
      const waiting = await untilReason<AppSnapshot>('appsnapshots', namespace, 'forced-later', ['HoldNotPossible', 'SnapshotReady'], 15);
      expect(readyOf(waiting.status)).toMatchObject({ reason: 'HoldNotPossible', message: expect.stringContaining('Claim forced is still mounted on node ') as unknown });
      goOn();
      const written = (await acks).at(-1)?.n ?? 0;
      const ended = performance.now();
      let touched = 0;
      const copy = await until('the copy is Ready', async () => {
        // It would look again by itself, every half minute.
        await kubectl(['-n', namespace, 'annotate', '--overwrite', 'appsnapshot', 'forced-later', `e2e-touched=${(touched += 1)}`]);
        const seen = (await get<AppSnapshot>('appsnapshot', 'forced-later', namespace)) as AppSnapshot;
        return seen.status?.phase === 'Ready' ? seen : undefined;
      }, 60, 1000);
      const readyMs = Math.round(performance.now() - ended);
      expect(runs(id)).toBe(false);
      expect(copy.status?.grade).toBe('Frozen');
      // To wait is no attempt: of these there are two, and it was looked more often.
      expect(copy.status?.attempts).toBeLessThanOrEqual(2);
      expect(copy.status?.holds ?? []).toEqual([]);
      const records = (await recordsIn(copy, [{ claim: 'forced', file: 'main' }])).get('/copy/forced/main') ?? 0;
      expect(written).toBeGreaterThan(0);
      expect(records).toBeGreaterThanOrEqual(written);
      recordFigures('shapes', { forced: { readyMsAfterItsEnd: readyMs, acknowledged: written, records } });
      for (const name of ['forced-now', 'forced-later']) await deleteAndWait('appsnapshot', namespace, name);
    }, 180_000);
  });
}
