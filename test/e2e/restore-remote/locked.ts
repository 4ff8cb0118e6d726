import { describe, expect, test } from '@jest/globals';
import { checkNow } from '../copies/scene.js';
import { prefix } from '../lib/bucket.js';
import { leaveLock } from '../lib/s3-server.js';
import { restoreFrom, type Scene } from './scene.js';

/** A cluster that died in the middle of its upkeep has left a lock that nobody may remove: that closes the way to the bucket, not the way back. */
export function locked(scene: () => Scene): void {
  describe('under the lock of a cluster that is gone', () => {
    test('the target is not ready, and what is in it is restored', async () => {
      const { site, namespace, server, key, older } = scene();
      const unlock = await leaveLock(server, `${prefix}/${namespace}`, key);
      try {
        await checkNow(namespace, 's3');
        // The check waits a minute for it.
        await site.untilTarget(namespace, 's3', 'TargetLocked', 240);
        await site.apply([restoreFrom('locked', { targetRef: { name: 's3' }, recoveryPoint: older }, { what: 'Volumes' })], namespace);
        const restore = await site.untilRestored(namespace, 'locked', 300);
        expect(restore.status).toMatchObject({ source: { target: 's3', setId: older }, volumes: expect.arrayContaining([expect.objectContaining({ claim: 'data-pg-0', phase: 'Bound' })]) as unknown });
        await site.untilNoMovers(namespace);
      } finally {
        await unlock();
      }
      await site.deleteRestore(namespace, 'locked');
      await site.kubectl(['-n', namespace, 'delete', 'pvc', '--all', '--wait=true', '--timeout=120s']);
      await checkNow(namespace, 's3');
      await site.untilTarget(namespace, 's3', 'TargetReady', 400);
    }, 1_200_000);
  });
}
