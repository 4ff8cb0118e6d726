import { describe, expect, test } from '@jest/globals';
import { readyOf } from '../lib/site.js';
import { restoreFrom, targetObjects, type Scene } from './scene.js';

/** What cannot be restored is said in words, with the way out, and nothing is made; if `small`, only that a key does not fit. */
export function refusals(scene: () => Scene, small: boolean): void {
  describe('refused', () => {
    const told = async (name: string, from: Readonly<Record<string, unknown>>, reason: string): Promise<string> => {
      const { site, namespace } = scene();
      await site.apply([restoreFrom(name, from)], namespace);
      const refused = await site.untilReason(namespace, name, reason);
      expect(await site.kubectl(['-n', namespace, 'get', 'pvc,statefulsets', '-o', 'name'])).toBe('');
      await site.deleteRestore(namespace, name);
      await site.untilNoMovers(namespace);
      return readyOf(refused)?.message ?? '';
    };

    test('a wrong key beside a good target', async () => {
      const { site, namespace } = scene();
      await site.apply([{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'no-key-of-it' }, stringData: { password: 'not-the-key-of-it' } }], namespace);
      const from = { targetRef: { name: 's3' }, encryptionKeySecretRef: { name: 'no-key-of-it' } };
      expect(await told('other-key', from, 'TargetKeyWrong')).toContain('has another key than Secret no-key-of-it');
    }, 240_000);

    if (small) return;

    test('a wrong key: by the target, and by the restore', async () => {
      const { site, namespace } = scene();
      await site.apply(targetObjects(scene(), 'wrong', 'not-the-key-of-it'), namespace);
      await site.untilTarget(namespace, 'wrong', 'TargetKeyWrong');
      expect(await told('wrong-key', { targetRef: { name: 'wrong' } }, 'TargetKeyWrong')).toContain('BackupTarget wrong is not ready');
    }, 240_000);

    test('a Secret that is not there, by the field that names it', async () => {
      const from = { targetRef: { name: 's3' }, encryptionKeySecretRef: { name: 'no-such-key' } };
      expect(await told('no-key', from, 'TargetSecretMissing')).toContain('spec.from.encryptionKeySecretRef: there is no Secret no-such-key');
    }, 120_000);

    test('an id that is not there: those that are there are named', async () => {
      const said = await told('unknown', { targetRef: { name: 's3' }, recoveryPoint: 'no-such-copy-1' }, 'RecoveryPointNotFound');
      expect(said).toContain('no-such-copy-1');
      expect(said).toContain(`The newest of 2: ${scene().copy.status?.setId ?? ''} (cut `);
      expect(said).toContain(scene().older);
    }, 240_000);

    test('latest-verified on a cluster that has verified none', async () => {
      expect(await told('unverified', { targetRef: { name: 's3' }, recoveryPoint: 'latest-verified' }, 'RecoveryPointNotVerified')).toContain('None of the 2 recovery points');
    }, 240_000);

    test('a namespace that has nothing there', async () => {
      expect(await told('elsewhere', { targetRef: { name: 's3' }, namespace: 'never-copied' }, 'RecoveryPointNotFound')).toContain('There is no repository of namespace never-copied');
    }, 240_000);

    test('dryRun says what would be made, and leaves nothing', async () => {
      const { site, namespace } = scene();
      await site.apply([restoreFrom('what-if', { targetRef: { name: 's3' } }, { dryRun: true })], namespace);
      const planned = await site.untilReason(namespace, 'what-if', 'DryRun');
      expect(planned.status?.plan?.create).toEqual(expect.arrayContaining(['persistentvolumeclaims/data-pg-0', 'secrets/pg', 'statefulsets.apps/pg']));
      await site.untilNoMovers(namespace);
      await site.deleteRestore(namespace, 'what-if');
    }, 240_000);
  });
}
