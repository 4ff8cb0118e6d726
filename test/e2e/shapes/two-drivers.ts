import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { deleteAndWait, describe as describeObject, readyOf, takeCopy, untilNoSnapshots, untilReason } from '../lib/copies.js';
import { clearFaults, setFaults } from '../lib/csi-faults.js';
import { recordFigures } from '../lib/figures.js';
import { apply, kubectl } from '../lib/kubectl.js';
import { clearNamespaces } from '../lib/namespaces.js';
import { secondDriver, startSecondDriver, stopSecondDriver } from '../lib/second-driver.js';
import { appSnapshot, makeTenant, removeNamespace } from '../lib/tenant.js';
import { pathOf, recordsIn, violations, type Place } from './copied.js';
import { claim, pod, writer } from './objects.js';
import { acksOf, podsOf, untilWrites, type Who } from './pods.js';

const shape = 'drivers';
const selector = { matchLabels: { shape } };
/** One pod with a writer on a volume of each driver. */
const objects = [
  claim('first', shape),
  claim('second', shape, { storageClassName: secondDriver.storageClass }),
  pod('pair', ['first', 'second'], [writer('first', 'first', 'main'), writer('second', 'second', 'main')]),
];
const writers: readonly (readonly [Who, Place])[] = [
  ['pair/first', { claim: 'first', file: 'main' }],
  ['pair/second', { claim: 'second', file: 'main' }],
];

interface Groups {
  readonly items: readonly { readonly spec: { readonly volumeGroupSnapshotClassName: string } }[];
}

/** No storage can cut volumes of two drivers at one instant: what makes them one copy is that both stood still. */
export function twoDrivers(namespace: string): void {
  describe('volumes of two drivers in one window', () => {
    let copy: AppSnapshot;

    beforeAll(async () => {
      await startSecondDriver();
      await clearNamespaces(namespace);
      await makeTenant(namespace);
      await apply(objects, namespace);
      for (const [who] of writers) await untilWrites(namespace, who, 90);
      // The one is cut long after the other.
      setFaults({ CreateVolumeGroupSnapshot: { Before: '500ms', Times: 1 } });
      copy = await takeCopy(namespace, 'pair', { selector, consistency: { required: 'CrashConsistentSynced' }, quiesce: { attempts: 1 } }, 90);
      clearFaults();
    }, 400_000);
    afterAll(async () => {
      clearFaults();
      await removeNamespace(namespace);
      await stopSecondDriver();
    }, 300_000);

    test('each driver cuts by a class of its own, and the overlap of the holds gives the grade', async () => {
      if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', namespace, 'pair'));
      expect(copy.status).toMatchObject({ grade: 'CrashConsistentSynced', attempts: 1, window: { unbroken: true, atomic: false } });
      expect(copy.status.reasons).toEqual(['pair is of kind Generic: how it recovers what it acknowledged is not known.']);
      expect(copy.status.members?.map((m) => [m.claim, m.driver])).toEqual([['first', 'csi.bed.stillpoint.dev'], ['second', secondDriver.name]]);
      const { items } = JSON.parse(await kubectl(['-n', namespace, 'get', 'volumegroupsnapshots', '-o', 'json'])) as Groups;
      expect(items.map(({ spec }) => spec.volumeGroupSnapshotClassName).sort()).toEqual(['bed-atomic', 'bed2-atomic']);
    }, 60_000);

    test('every record that was acknowledged before the hold is in both, none from later', async () => {
      const pods = await podsOf(namespace);
      const records = await recordsIn(copy, writers.map(([, place]) => place));
      const found = await Promise.all(writers.map(async ([who, place]) => [who, violations(copy, await acksOf(namespace, pods, who), records.get(pathOf(place)) ?? 0)] as const));
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(writers.map(([who]) => [who, []])));
      const { heldMillis, cutMillis, overheadMillis } = copy.status?.window ?? {};
      recordFigures('shapes', { twoDrivers: { heldMillis, cutMillis, overheadMillis, records: Object.fromEntries(records) } });
    }, 120_000);

    test('without a hold nothing joins the two cuts: such a copy is refused', async () => {
      await apply([appSnapshot(namespace, 'unheld', { selector, applications: [{ name: 'pair', kind: 'Generic', mode: 'None' }], consistency: { required: 'CrashConsistent' } })]);
      const refused = await untilReason<AppSnapshot>('appsnapshots', namespace, 'unheld', ['HoldNotPossible'], 30);
      expect(readyOf(refused.status)?.message).toContain('Nothing proves that first, second were cut at one instant');
      await deleteAndWait('appsnapshot', namespace, 'unheld');
      await deleteAndWait('appsnapshot', namespace, 'pair');
      await untilNoSnapshots(namespace);
    }, 120_000);
  });
}
