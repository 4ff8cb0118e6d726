import { beforeAll, describe, expect, test } from '@jest/globals';
import { useSuccessors } from '../kill/successors.js';
import { operatorNamespace } from '../install/operator.js';
import { startDatabase } from '../lib/database.js';
import { recordFigures } from '../lib/figures.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { appSnapshot, makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import { contentsOf, deletePoint, expectWhole, pointOf, restoreRetained, secretsOf, untilEnded, untilNothingOf, untilSnapshot } from './scene.js';

/** Operators die by SIGKILL: while a copy is being retained, with the namespace gone and nobody there, and while its data is removed. */
export function killed(namespace: string): void {
  describe('operators that are killed', () => {
    const again = `${namespace}-again`;
    let uid = '';

    beforeAll(async () => {
      await makeTenant(namespace);
      await startDatabase(namespace, '15');
    }, 240_000);
    const { next, kill } = useSuccessors('retained');

    test('between contents, parts, the Secret and Ready: the next one brings it to its end', async () => {
      let operator = await next();
      const points: readonly { readonly what: string; readonly reached: () => Promise<unknown> }[] = [
        { what: 'status says that it is begun', reached: () => untilSnapshot(namespace, 'copy', 'is begun', (o) => o.status?.retained !== undefined, 120) },
        { what: 'a content stays', reached: () => until('a content has policy Retain', async () => (await contentsOf(uid)).some(({ spec }) => spec.deletionPolicy === 'Retain'), 60, 20) },
        { what: 'a Secret is written', reached: () => until('a Secret is there', async () => (await secretsOf(uid)).length > 0, 60, 20) },
      ];
      await apply([appSnapshot(namespace, 'copy', { consistency: { required: 'Frozen' }, deletionPolicy: 'Retain' })]);
      uid = (await get<{ metadata: { uid: string } }>('appsnapshot', 'copy', namespace))?.metadata.uid ?? '';
      for (const { reached } of points) {
        await reached();
        await kill(operator);
        operator = await next();
      }
      const ready = await untilSnapshot(namespace, 'copy', 'is ready', (o) => o.status?.phase === 'Ready', 90);
      expect(ready.status).toMatchObject({ attempts: 1, retained: { complete: true } });
      await expectWhole(uid);
      await kill(operator);
      recordFigures('retained', { killed: { points: points.map(({ what }) => what) } });
    }, 480_000);

    test('the namespace goes while nobody is there; whoever comes lets go of it, and it is restored', async () => {
      await kubectl(['delete', 'namespace', namespace, '--wait=false']);
      // All of it is gone but what waits for the operator.
      await until('the snapshots are gone', async () => (await kubectl(['-n', namespace, 'get', 'volumesnapshots,volumegroupsnapshots,secrets', '-o', 'name'])) === '', 120, 500);
      await expectWhole(uid);
      const operator = await next();
      await until('the namespace is gone', async () => (await get('namespace', namespace)) === undefined, 120, 500);
      await expectWhole(uid);
      await makeTenant(again);
      await apply([restoreRetained(again, 'volumes', uid, { what: 'Volumes' })]);
      const restore = await untilEnded(again, 'volumes');
      expect(restore.status).toMatchObject({ phase: 'Ready', source: { retained: uid } });
      await kubectl(['-n', again, 'delete', 'apprestore', 'volumes', '--wait=true', '--timeout=90s']);
      await kill(operator);
    }, 480_000);

    test('while its data is removed: the next one goes on, and the Secret goes last', async () => {
      await deletePoint(uid);
      const operator = await next();
      await until('it is being removed', async () => (await contentsOf(uid)).length < 3, 60, 20);
      await kill(operator);
      if ((await contentsOf(uid)).length > 0) expect(await get('secret', pointOf(uid), operatorNamespace)).toBeDefined();
      const successor = await next();
      await untilNothingOf(uid, 120);
      await successor.kill('SIGTERM');
    }, 300_000);
  });
}
