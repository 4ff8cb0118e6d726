import { beforeAll, describe, expect, test } from '@jest/globals';
import { applyIn, snapshotTo, untilComplete, untilNoMovers, untilTarget, type Scene } from './scene.js';

/** A target that is a volume of the same namespace, shared by movers of several users. */
export function toVolume(scene: () => Scene): void {
  describe('to a volume', () => {
    beforeAll(async () => {
      await applyIn(scene().namespace, [
        { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'nas' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
        { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'BackupTarget', metadata: { name: 'nas' }, spec: { serviceAccountName: 'stillpoint', persistentVolumeClaim: { claimName: 'nas', path: 'copies' } } },
      ]);
      await untilTarget(scene().namespace, 'nas', 'TargetReady');
    }, 180_000);

    test('is no part of a copy, and holds two of them', async () => {
      const { namespace } = scene();
      const snapshot = await snapshotTo(namespace, 'to-nas', ['nas', 's3']);
      expect(snapshot.status?.members?.map((member) => member.claim).sort()).toEqual(['data-pg-0', 'wal-pg-0']);
      const [first] = await Promise.all([untilComplete(namespace, 'to-nas', 'nas', 240), untilComplete(namespace, 'to-nas', 's3', 240)]);
      await snapshotTo(namespace, 'to-nas-again', ['nas']);
      const second = await untilComplete(namespace, 'to-nas-again', 'nas');
      expect(second.bytesAdded ?? 0).toBeLessThan(first.bytesAdded ?? 0);
      await untilNoMovers(namespace);
    }, 500_000);
  });
}
