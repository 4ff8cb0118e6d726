import { describe, expect, test } from '@jest/globals';
import { restorePhases, type RestorePhase } from '../../../src/api/apprestore.js';
import type { AppRestore } from '../../../src/api/kinds.js';
import type { OperatorProcess } from '../kill/operator-process.js';
import { useSuccessors } from '../kill/successors.js';
import { deleteAndWait } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { apply } from '../lib/kubectl.js';
import { appRestore } from '../lib/tenant.js';
import { watchUntil } from '../lib/watch.js';
import { accident, boundClaims, decide, expectAccident, expectCopy, untilEnded, volumeOf, type Scene } from './scene.js';

type Point = { readonly what: string; readonly holds: (o: AppRestore) => boolean };
/** A phase that has passed already counts as reached. */
const phase = (name: RestorePhase): Point => ({ what: `has come to ${name}`, holds: ({ status }) => restorePhases.indexOf(status?.phase ?? 'Pending') >= restorePhases.indexOf(name) });
const replacedOne: Point = { what: 'has replaced a claim', holds: ({ status }) => status?.previousVolumes?.some(({ state }) => state === 'Kept') === true };

/** Where an operator dies on the way forward. */
const forward: readonly Point[] = [phase('Stopping'), phase('Swapping'), replacedOne, phase('RestoringVolumes'), phase('Starting')];

/** Operators die by SIGKILL, one after the other, in one restore and in its rollback. */
export function killed(scene: () => Scene): void {
  describe('operators that are killed', () => {
    const { next, kill } = useSuccessors('inplace', () => Promise.resolve({ RETRY_PERIOD_MILLIS: '500' }));
    /** Kills whoever leads at each point; resolves with the last one. */
    const through = async (points: readonly Point[], name: string): Promise<OperatorProcess> => {
      let operator = await next();
      for (const { what, holds } of points) {
        await watchUntil<AppRestore>('apprestores', name, scene().namespace, what, holds, 180);
        await kill(operator);
        operator = await next();
      }
      return operator;
    };

    test('a restore comes to its end, and its rollback', async () => {
      const { namespace } = scene();
      await accident(scene());
      const before = await boundClaims(namespace);
      await apply([appRestore(namespace, 'killed', 'copy', { inPlace: true })]);
      const begin = Date.now();
      const operator = await through(forward, 'killed');
      await untilEnded(namespace, 'killed', 'Restored', 240);
      await expectCopy(scene());
      for (const { volume } of before) expect(await volumeOf(volume)).toEqual({ policy: 'Retain', phase: 'Released', kept: true });
      const restored = Date.now();
      await kill(operator);
      await decide(namespace, 'killed', 'Restore');
      const last = await through([phase('RollingBack'), phase('RollingBack')], 'killed');
      const ended = await untilEnded(namespace, 'killed', 'RolledBack', 240);
      expect(ended.status?.previousVolumes?.map(({ state }) => state)).toEqual(['Returned', 'Returned']);
      for (const { volume } of before) expect(await volumeOf(volume)).toEqual({ policy: 'Delete', phase: 'Bound', kept: false });
      await expectAccident(scene());
      recordFigures('inplace', { killed: { points: forward.length + 2, restoredSeconds: Math.round((restored - begin) / 1000), rolledBackSeconds: Math.round((Date.now() - restored) / 1000) } });
      await deleteAndWait('apprestore', namespace, 'killed');
      await last.kill('SIGTERM');
    }, 900_000);

    test('one that is taken back in the middle leaves everything as it was', async () => {
      const { namespace } = scene();
      const before = await boundClaims(namespace);
      await apply([appRestore(namespace, 'middle', 'copy', { inPlace: true })]);
      const operator = await next();
      await watchUntil<AppRestore>('apprestores', 'middle', namespace, replacedOne.what, replacedOne.holds, 120);
      await kill(operator);
      await decide(namespace, 'middle', 'Restore');
      const successor = await next();
      await untilEnded(namespace, 'middle', 'RolledBack', 180);
      expect((await boundClaims(namespace)).map(({ volume }) => volume)).toEqual(before.map(({ volume }) => volume));
      for (const { volume } of before) expect(await volumeOf(volume)).toEqual({ policy: 'Delete', phase: 'Bound', kept: false });
      await expectAccident(scene());
      await deleteAndWait('apprestore', namespace, 'middle');
      await successor.kill('SIGTERM');
    }, 420_000);
  });
}
