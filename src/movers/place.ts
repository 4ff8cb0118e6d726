import { durationMillis } from '../api/common.js';
import type { BackupTarget } from '../api/kinds.js';
import type { MoverRequest, RepositoryPlace } from './request.js';

const dayMillis = 24 * 60 * 60_000;

/** The repository of the target's namespace: each has its own, also where several write to one bucket. Pure. */
export function placeOf({ metadata, spec, status }: BackupTarget): RepositoryPlace {
  const { s3, persistentVolumeClaim } = spec;
  const parent = s3?.prefix ?? persistentVolumeClaim?.path ?? '';
  const folder = parent === '' ? metadata.namespace : `${parent}/${metadata.namespace}`;
  const place = { folder, ca: s3?.caSecretRef !== undefined };
  const known = status?.repository;
  const id = known !== undefined && known.location === locationOf({ metadata, spec }) ? { id: known.id } : {};
  if (s3 === undefined) return { ...place, ...id };
  const { endpoint, bucket, region, objectLock } = s3;
  const lock = objectLock === undefined ? {} : { objectLock: { mode: objectLock.mode, retentionDays: Math.ceil(durationMillis(objectLock.retention) / dayMillis) } };
  return { ...place, ...id, s3: { endpoint, bucket, region, ...lock } };
}

/** Where the repository lies, for people; another location is another repository. Pure. */
export function locationOf({ metadata, spec }: Pick<BackupTarget, 'metadata' | 'spec'>): string {
  const { s3, persistentVolumeClaim } = spec;
  const parts = s3 === undefined ? [`pvc:${persistentVolumeClaim?.claimName ?? ''}`, persistentVolumeClaim?.path ?? ''] : [`s3:${s3.endpoint}`, s3.bucket, s3.prefix];
  return [...parts, metadata.namespace].filter((part) => part !== '').join('/');
}

/** Name of the Secret with the key. Pure. */
export function keySecretOf({ metadata, spec }: Pick<BackupTarget, 'metadata' | 'spec'>): string {
  return spec.encryptionKeySecretRef?.name ?? `${metadata.name}-encryption-key`;
}

const units = { Ki: 1, Mi: 1024, Gi: 1024 * 1024 } as const;

/** Limits of one of so many movers that share the bandwidth, KiB a second. Pure. */
export function limitsOf({ bandwidth }: BackupTarget['spec'], movers: number): MoverRequest['limits'] {
  const share = (rate: string | undefined): number => (rate === undefined ? 0 : Math.max(1, Math.floor(kibibytes(rate) / Math.max(1, movers))));
  return { upload: share(bandwidth?.upload), download: share(bandwidth?.download) };
}

function kibibytes(rate: string): number {
  return Number(rate.slice(0, -2)) * units[rate.slice(-2) as keyof typeof units];
}
