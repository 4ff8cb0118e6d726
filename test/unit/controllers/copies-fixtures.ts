import { appSnapshotSpec, type AppSnapshotStatus } from '../../../src/api/appsnapshot.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import type { BegunCopy } from '../../../src/controllers/appsnapshot/copies/advance.js';
import { targetUid } from '../movers/fixtures.js';

export const setId = 'a-uid-1';
export const start = Date.parse('2026-11-29T10:00:00Z');

/** A ready copy of two volumes that is to be written to the targets named. */
export function readySnapshot(targets: readonly string[] = ['s3'], status: AppSnapshotStatus = {}, spec: object = {}): AppSnapshot {
  return {
    apiVersion: 'stillpoint.dev/v1alpha1',
    kind: 'AppSnapshot',
    metadata: { name: 'copy', namespace: 'shop', uid: 'a-uid', resourceVersion: '1', generation: 1, creationTimestamp: '2026-11-29T09:00:00Z', finalizers: ['stillpoint.dev/snapshots'] },
    spec: appSnapshotSpec.parse({ serviceAccountName: 'stillpoint', copies: targets.map((name) => ({ targetRef: { name } })), ...spec }),
    status: {
      phase: 'Ready',
      grade: 'Frozen',
      setId,
      completionTime: '2026-11-29T10:00:00Z',
      members: ['data', 'wal'].map((claim) => ({ claim, uid: `${claim}-uid`, driver: 'd', snapshot: `snap-${claim}`, restoreSize: '1Gi' })),
      capture: { digest: 'sha256:1', objects: 3, secrets: ['chunk-0', 'chunk-1'] },
      ...status,
    },
  };
}

export function begunCopy(more: Partial<BegunCopy> = {}): BegunCopy {
  return { target: 's3', targetUid, location: 'x', phase: 'Copying', id: setId, volumes: ['data', 'wal'].map((claim) => ({ claim, uid: `${claim}-uid`, phase: 'Pending', attempt: 0 })), ...more };
}
