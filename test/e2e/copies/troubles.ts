import { describe, expect, test } from '@jest/globals';
import type { AppSnapshot, BackupTarget } from '../../../src/api/kinds.js';
import { bucketTarget, prefix, serverSecrets } from '../lib/bucket.js';
import { recordFigures } from '../lib/figures.js';
import { kubectl, get } from '../lib/kubectl.js';
import { onServer, otherAuthority, resticOutside } from '../lib/s3-server.js';
import { watchUntil } from '../lib/watch.js';
import { applyIn, checkNow, copiedOf, keyOf, readyOf, snapshotTo, untilComplete, untilCopy, untilTarget, writeMegabytes, type Scene } from './scene.js';

/** What is wrong with a target is named, nothing is lost by it, and when it is repaired copies go on; if `small`, by one trouble. */
export function troubles(scene: () => Scene, small: boolean): void {
  describe('troubles', () => {
    const told: { what: string; says: string | undefined }[] = [];
    const expectSound = async (): Promise<void> => {
      const { server, namespace } = scene();
      expect(await resticOutside(server, `${prefix}/${namespace}`, await keyOf(namespace), ['check', '--no-lock'])).toContain('no errors were found');
    };
    const untilReason = async (name: string, reason: string): Promise<void> => {
      const target = await untilTarget(scene().namespace, name, reason, 120);
      told.push({ what: reason, says: readyOf(target)?.message });
      expect(readyOf(target)?.message).not.toContain(scene().server.secretAccessKey);
    };

    test('wrong credentials: the copy waits, the AppSnapshot is ready, and both go on when they are right', async () => {
      const { namespace, server } = scene();
      await applyIn(namespace, [...serverSecrets(server, { login: 'bad-login', ca: 'unused-ca' }, { secretAccessKey: 'wrong' }), bucketTarget(server, 'bad-login', {}, { credentialsSecretRef: { name: 'bad-login' } })]);
      await untilReason('bad-login', 'TargetCredentialsWrong');
      await snapshotTo(namespace, 'waits', ['bad-login'], 'Retain');
      const waiting = await watchUntil<AppSnapshot>('appsnapshots', 'waits', namespace, 'waits', (o) => copiedOf(o)?.reason === 'BackupTargetNotReady', 60);
      expect(readyOf(waiting)?.status).toBe('True');
      expect(copiedOf(waiting)?.message).toContain('TargetCredentialsWrong');
      await applyIn(namespace, serverSecrets(server, { login: 'bad-login', ca: 'unused-ca' }));
      await untilComplete(namespace, 'waits', 'bad-login', 400);
    }, 600_000);

    if (small) return;

    test('another authority', async () => {
      const { namespace, server } = scene();
      await applyIn(namespace, [...serverSecrets(server, { login: 'unused-login', ca: 'bad-ca' }, { ca: otherAuthority() }), bucketTarget(server, 'bad-ca', {}, { caSecretRef: { name: 'bad-ca' } })]);
      await untilReason('bad-ca', 'TargetCertificateUntrusted');
      await applyIn(namespace, [bucketTarget(server, 'no-ca', {}, { caSecretRef: undefined })]);
      await untilReason('no-ca', 'TargetCertificateUntrusted');
    }, 240_000);

    test('a key of somebody else, and one that is lost', async () => {
      const { namespace, server } = scene();
      await applyIn(namespace, [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other-key' }, stringData: { password: 'another' } }, bucketTarget(server, 'other-key', { encryptionKeySecretRef: { name: 'other-key' } })]);
      await untilReason('other-key', 'TargetKeyWrong');
      await applyIn(namespace, [bucketTarget(server, 'lost', { encryptionKeySecretRef: undefined }, { prefix: 'lost' })]);
      await untilTarget(namespace, 'lost', 'TargetReady');
      await kubectl(['-n', namespace, 'delete', 'secret', 'lost-encryption-key']);
      await checkNow(namespace, 'lost');
      await untilReason('lost', 'TargetKeyLost');
      expect(await get('secret', 'lost-encryption-key', namespace)).toBeUndefined();
    }, 360_000);

    test('a bucket that does not lock as it is asked to', async () => {
      const { namespace, server } = scene();
      await applyIn(namespace, [bucketTarget(server, 'unlocked', {}, { objectLock: { mode: 'Compliance', retention: '720h' } })]);
      await untilReason('unlocked', 'TargetNotLocked');
    }, 180_000);

    test('a bucket that vanishes, and one that was emptied: no repository is made in its place', async () => {
      const { namespace, server } = scene();
      for (const { gone, reason } of [{ gone: server.bucket, reason: 'TargetBucketMissing' }, { gone: `${server.bucket}/${prefix}`, reason: 'TargetRepositoryGone' }]) {
        await onServer(server, `mv ${gone} gone`);
        await checkNow(namespace, 's3');
        await untilReason('s3', reason);
        await onServer(server, `rm -rf ${gone} && mv gone ${gone}`);
        await untilTarget(namespace, 's3', 'TargetReady', 400);
      }
      await expectSound();
    }, 900_000);

    test('data that rots is found by the verification, and nothing is pruned then', async () => {
      const { namespace, server } = scene();
      const rots = bucketTarget(server, 'rots', { maintenance: { pruneEvery: '1m', verifyEvery: '1m', readPercent: 100 } }, { prefix: 'rots' });
      await applyIn(namespace, [rots]);
      await untilTarget(namespace, 'rots', 'TargetReady');
      await snapshotTo(namespace, 'rots', ['rots'], 'Retain');
      await untilComplete(namespace, 'rots', 'rots', 300);
      const soundOf = (o: BackupTarget) => o.status?.conditions?.find((c) => c.type === 'Sound');
      const untilSound = (status: string): Promise<BackupTarget> => watchUntil<BackupTarget>('backuptargets', 'rots', namespace, `is sound: ${status}`, (o) => soundOf(o)?.status === status, 300);
      await untilSound('True');
      const pruned = await watchUntil<BackupTarget>('backuptargets', 'rots', namespace, 'was pruned', (o) => o.status?.maintenance?.prune?.succeeded === true, 300);
      expect(soundOf(pruned)?.status).toBe('True');
      // The largest file is one of data.
      await onServer(server, `f=$(find ${server.bucket}/rots/${namespace}/data -type f -exec ls -S {} + | head -n 1) && chmod u+w $f && printf rot | dd of=$f bs=1 seek=3000 conv=notrunc 2>/dev/null`);
      const damaged = await untilSound('False');
      expect(soundOf(damaged)?.reason).toBe('TargetDamaged');
      expect(readyOf(damaged)?.status).toBe('True');
      await snapshotTo(namespace, 'leans-on-it', ['rots'], 'Retain');
      await watchUntil<AppSnapshot>('appsnapshots', 'leans-on-it', namespace, 'waits for a sound target', (o) => copiedOf(o)?.message.includes('TargetDamaged') === true, 60);
      told.push({ what: 'TargetDamaged', says: soundOf(damaged)?.message });
    }, 1_500_000);

    test('a disk that is full: what was written stays, and the copy goes on when there is room', async () => {
      const { namespace, server, database } = scene();
      await writeMegabytes(database, 40);
      await onServer(server, 'dd if=/dev/zero of=filler bs=1M 2>/dev/null; true');
      await snapshotTo(namespace, 'full', ['s3'], 'Retain');
      const full = await untilCopy(namespace, 'full', 's3', 'is full', (copy) => copy.reason === 'TargetFull', 300);
      told.push({ what: 'TargetFull', says: copiedOf(full)?.message });
      expect(readyOf(full)?.status).toBe('True');
      await onServer(server, 'rm -f filler');
      await untilComplete(namespace, 'full', 's3', 600);
      await expectSound();
      recordFigures('copies', { troubles: told });
    }, 1_200_000);
  });
}
