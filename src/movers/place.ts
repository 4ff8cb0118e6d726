import { durationMillis } from '../api/common.js';
import type { BackupTarget } from '../api/kinds.js';
import type { MoverRequest, RepositoryPlace } from './request.js';

const dayMillis = 24 * 60 * 60_000;

/** The repository of the target's namespace: each has its own, also where several write to one bucket. Pure. */
export function placeOf({ metadata, spec, status }: BackupTarget): RepositoryPlace {
  const { s3 } = spec;
  const place = { folder: folderOf(spec, metadata.namespace), ca: s3?.caSecretRef !== undefined };
  const known = status?.repository;
  const id = known !== undefined && known.location === locationOf({ metadata, spec }) ? { id: known.id } : {};
  if (s3 === undefined) return { ...place, ...id };
  const { endpoint, bucket, region, objectLock } = s3;
  const lock = objectLock === undefined ? {} : { objectLock: { mode: objectLock.mode, retentionDays: Math.ceil(durationMillis(objectLock.retention) / dayMillis) } };
  return { ...place, ...id, s3: { endpoint, bucket, region, ...lock } };
}

/** The repository of a namespace, as it is read from: whatever its bucket locks. Pure. */
export function placeToRead(target: BackupTarget, namespace: string, id: string | undefined): RepositoryPlace {
  const { metadata, spec } = target;
  const own = placeOf(target);
  const known = id ?? (namespace === metadata.namespace ? own.id : undefined);
  const { s3, ca } = placeOf({ ...target, spec: { ...spec, ...(spec.s3 === undefined ? {} : { s3: { ...spec.s3, objectLock: undefined } }) } });
  return { folder: folderOf(spec, namespace), ca, ...(s3 === undefined ? {} : { s3 }), ...(known === undefined ? {} : { id: known }) };
}

function folderOf({ s3, persistentVolumeClaim }: BackupTarget['spec'], namespace: string): string {
  const parent = s3?.prefix ?? persistentVolumeClaim?.path ?? '';
  return parent === '' ? namespace : `${parent}/${namespace}`;
}

/** Where the repository of a namespace, by default that of the target, lies, for people; another location is another repository. Pure. */
export function locationOf({ metadata, spec }: Pick<BackupTarget, 'metadata' | 'spec'>, namespace = metadata.namespace): string {
  const { s3, persistentVolumeClaim } = spec;
  const parts = s3 === undefined ? [`pvc:${persistentVolumeClaim?.claimName ?? ''}`, persistentVolumeClaim?.path ?? ''] : [`s3:${s3.endpoint}`, s3.bucket, s3.prefix];
  return [...parts, namespace].filter((part) => part !== '').join('/');
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
