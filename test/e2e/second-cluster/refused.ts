import { describe, expect, test } from '@jest/globals';
import { bucketTarget, serverSecrets } from '../lib/bucket.js';
import { readyOf } from '../lib/site.js';
import { restoreFrom } from '../restore-remote/scene.js';
import type { Loss } from './loss.js';

/** The bucket alone opens nothing: who has no key, or another one, is told so, and nothing is made. */
export function refusedWithoutKey(loss: () => Loss): void {
  describe('refused', () => {
    const told = async (name: string, reason: string): Promise<{ readonly target: string; readonly restore: string }> => {
      const { site, namespace } = loss();
      const target = await site.untilTarget(namespace, name, reason, 180);
      await site.apply([restoreFrom(name, { targetRef: { name }, namespace, recoveryPoint: 'latest' })], namespace);
      const restore = await site.untilReason(namespace, name, reason);
      expect(await site.kubectl(['-n', namespace, 'get', 'pvc,statefulsets', '-o', 'name'])).toBe('');
      await site.deleteRestore(namespace, name);
      await site.untilNoMovers(namespace);
      await site.kubectl(['-n', namespace, 'delete', 'btgt', name, '--wait=true', '--timeout=60s']);
      return { target: readyOf(target)?.message ?? '', restore: readyOf(restore)?.message ?? '' };
    };

    test('without the Secret that the target names', async () => {
      const { site, namespace, server } = loss();
      await site.makeTenant(namespace);
      await site.apply([...serverSecrets(server, { login: 's3-login', ca: 's3-ca' }), bucketTarget(server, 'no-key', { encryptionKeySecretRef: { name: 'kept-key' } })], namespace);
      const { target, restore } = await told('no-key', 'TargetSecretMissing');
      expect(target).toContain('spec.encryptionKeySecretRef: there is no Secret kept-key');
      expect(restore).toContain('BackupTarget no-key is not ready');
    }, 360_000);

    test('with a key that was made here, because nobody has named one', async () => {
      const { site, namespace, server } = loss();
      await site.apply([bucketTarget(server, 'new-key', { encryptionKeySecretRef: undefined })], namespace);
      expect((await told('new-key', 'TargetKeyWrong')).restore).toContain('BackupTarget new-key is not ready');
    }, 360_000);

    test('with a wrong key', async () => {
      const { site, namespace, server } = loss();
      await site.apply([{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'wrong-key' }, stringData: { password: 'not-the-key-of-it' } }, bucketTarget(server, 'wrong-key', { encryptionKeySecretRef: { name: 'wrong-key' } })], namespace);
      expect((await told('wrong-key', 'TargetKeyWrong')).restore).toContain('BackupTarget wrong-key is not ready');
    }, 360_000);
  });
}
