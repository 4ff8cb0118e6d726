import type { BackupTargetSpec } from '../../../src/api/backuptarget.js';
import type { BackupTarget } from '../../../src/api/kinds.js';
import type { MoverRequest } from '../../../src/movers/request.js';

export const targetUid = '7a0f8c11-0000-4000-8000-000000000001';

const s3 = { endpoint: 'https://s3.example', bucket: 'copies', prefix: '', region: 'us-east-1', credentialsSecretRef: { name: 'login' } };

/** A target in a bucket, checked once. */
export function backupTarget(spec: Partial<BackupTargetSpec> = {}, status?: BackupTarget['status']): BackupTarget {
  return {
    apiVersion: 'stillpoint.dev/v1alpha1',
    kind: 'BackupTarget',
    metadata: { name: 's3', namespace: 'shop', uid: targetUid, resourceVersion: '1', generation: 1, creationTimestamp: '2026-11-29T00:00:00Z' },
    spec: { serviceAccountName: 'stillpoint', s3, concurrency: 2, checkEvery: '1h', maintenance: { pruneEvery: '168h', verifyEvery: '168h', readPercent: 5 }, suspend: false, ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

export const claimTarget: Partial<BackupTargetSpec> = { s3: undefined, persistentVolumeClaim: { claimName: 'nas', path: 'copies' } };

export function moverRequest(task: MoverRequest['task'], more: Partial<MoverRequest> = {}): MoverRequest {
  return { place: { folder: 'shop', ca: false }, host: 'shop', task, limits: { upload: 0, download: 0 }, dead: [], ...more };
}

export const hex = (digit: string): string => digit.repeat(64);
