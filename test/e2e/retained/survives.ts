import { describe, expect, test } from '@jest/globals';
import { as, serviceAccount } from '../admission/identities.js';
import { operatorNamespace } from '../install/operator.js';
import { deleteAndWait, describe as describeObject, untilReason } from '../lib/copies.js';
import { recordFigures } from '../lib/figures.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { makeTenant, removeNamespace } from '../lib/tenant.js';
import { until } from '../lib/until.js';
import type { AppRestore } from '../../../src/api/kinds.js';
import { contentsOf, deletePoint, expectWhole, goodRows, pointOf, restoreRetained, rowsOf, untilEnded, untilNothingOf, type Scene } from './scene.js';

const absent = '00000000-0000-4000-8000-000000000000';

/** The namespace is lost with everything in it; the next tenant of its name gets nothing of it, and an admin all. */
export function survives(scene: () => Scene): void {
  describe('the namespace is deleted', () => {
    const again = (): string => `${scene().namespace}-again`;
    const uid = (): string => scene().copy.metadata.uid;

    test('with everything in it, and the recovery point stays whole', async () => {
      const { namespace } = scene();
      await removeNamespace(namespace);
      await expectWhole(uid());
      expect(await get('namespace', namespace)).toBeUndefined();
    }, 180_000);

    test('another tenant who makes a namespace of that name finds nothing, and is refused in words', async () => {
      const { namespace } = scene();
      await makeTenant(namespace);
      const other = serviceAccount(namespace, 'stillpoint');
      await until('RBAC knows the account', async () => (await as(other, ['-n', namespace, 'auth', 'can-i', 'create', 'apprestores.stillpoint.dev'])).code === 0, 30, 300);
      expect(await kubectl(['-n', namespace, 'get', 'asnap,volumesnapshots,volumegroupsnapshots,pvc,statefulsets', '-o', 'name'])).toBe('');
      expect((await as(other, ['-n', operatorNamespace, 'get', 'secrets'])).stderr).toContain('cannot list resource "secrets"');
      expect((await as(other, ['-n', operatorNamespace, 'get', 'secret', pointOf(uid())])).stderr).toContain('cannot get resource "secrets"');
      const says = (id: string): string => `may not get Secret ${pointOf(id)} of namespace ${operatorNamespace}`;
      const refusals: string[] = [];
      for (const id of [uid(), absent]) {
        const { code, stderr } = await as(other, ['create', '-f', '-'], JSON.stringify(restoreRetained(namespace, 'mine', id)));
        expect(code).not.toBe(0);
        expect(stderr).toContain("'stillpoint-author-retained'");
        expect(stderr).toContain(says(id));
        refusals.push(stderr.trim());
      }
      recordFigures('retained', { refusals });
      expect(await kubectl(['-n', namespace, 'get', 'arst', '-o', 'name'])).toBe('');
    }, 90_000);

    test('a uid that is none is refused by name', async () => {
      await makeTenant(again());
      await apply([restoreRetained(again(), 'absent', absent)]);
      const refused = await untilReason<AppRestore>('apprestores', again(), 'absent', ['RecoveryPointNotFound'], 30);
      expect(refused.status?.conditions?.find((c) => c.type === 'Ready')?.message).toContain(pointOf(absent));
      await deleteAndWait('apprestore', again(), 'absent');
    }, 60_000);

    test('an admin restores into another namespace: every acknowledged row is there, and every check passes', async () => {
      await apply([restoreRetained(again(), 'back', uid())]);
      const restore = await untilEnded(again(), 'back');
      if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', again(), 'back'));
      expect(restore.status).toMatchObject({ verified: true, checksFailed: 0, source: { retained: uid(), namespace: scene().namespace, setId: scene().copy.status?.setId, grade: 'Frozen' } });
      const rows = await rowsOf(scene(), again());
      expect(rows).toMatchObject(goodRows);
      expect(rows['acknowledgedBeforeCut']).toBeGreaterThanOrEqual(500);
      for (const { content = '' } of restore.status.volumes ?? []) expect(await get('volumesnapshotcontent', content)).toMatchObject({ spec: { deletionPolicy: 'Retain' } });
      recordFigures('retained', { restored: { rtoSeconds: restore.status.rtoSeconds, rows: rows['acknowledgedBeforeCut'], checks: restore.status.checksPassed } });
    }, 300_000);

    test('the restore goes with what it imported, and leaves the recovery point whole', async () => {
      await deleteAndWait('apprestore', again(), 'back', 90);
      expect(await kubectl(['-n', again(), 'get', 'volumesnapshots', '-o', 'name'])).toBe('');
      await expectWhole(uid());
      expect(await rowsOf(scene(), again())).toMatchObject(goodRows);
    }, 180_000);

    test('an admin deletes the Secret: the contents go, then the Secret itself', async () => {
      expect((await contentsOf(uid())).length).toBeGreaterThan(1);
      await deletePoint(uid());
      await untilNothingOf(uid());
    }, 120_000);
  });
}
