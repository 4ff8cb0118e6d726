import { paths, type MoverRequest, type RepositoryPlace } from '../request.js';

/** Tags of what belongs to a copy. */
export const kinds = { volume: 'kind=volume', recoveryPoint: 'kind=recoverypoint' } as const;

export function setTag(setId: string): string {
  return `set=${setId}`;
}

/** SELinux labels a volume when it is mounted, and lets nobody but itself set that. */
const notRestored = '--exclude-xattr=security.selinux';

type SealTask = Extract<MoverRequest['task'], { verb: 'seal' }>;

/** The repository as restic names it. Pure. */
export function repositoryUrl({ folder, s3 }: RepositoryPlace): string {
  if (s3 === undefined) return `${paths.repository}/${folder}`;
  return `s3:${s3.endpoint}/${s3.bucket}/${folder}`;
}

/** What every call of restic has in its environment, beside the credentials that the pod has by itself. Nothing of it is a secret. Pure. */
export function resticEnvironment({ place, host }: Pick<MoverRequest, 'place' | 'host'>): Record<string, string> {
  return {
    RESTIC_REPOSITORY: repositoryUrl(place),
    RESTIC_PASSWORD_FILE: paths.password,
    RESTIC_CACHE_DIR: `${paths.scratch}/cache`,
    RESTIC_PROGRESS_FPS: '0.5',
    RESTIC_HOST: host,
    TMPDIR: paths.scratch,
    ...(place.ca ? { RESTIC_CACERT: paths.ca } : {}),
    ...(place.s3 === undefined ? {} : { AWS_DEFAULT_REGION: place.s3.region }),
  };
}

/** Flags of every call: limits, and how long a lock of somebody else is waited for. */
function common({ limits }: Pick<MoverRequest, 'limits'>): string[] {
  return [
    '--json',
    '--retry-lock=1m',
    ...(limits.upload > 0 ? [`--limit-upload=${limits.upload}`] : []),
    ...(limits.download > 0 ? [`--limit-download=${limits.download}`] : []),
  ];
}

/** Argument lists of restic; none holds a secret, nor anything that could be read as a flag. Pure. */
export function resticArguments(request: Pick<MoverRequest, 'limits' | 'host'>) {
  const flags = common(request);
  return {
    config: (): string[] => ['cat', 'config', '--no-lock', ...flags],
    init: (): string[] => ['init', ...flags],
    recoveryPoints: (): string[] => ['snapshots', ...flags, `--host=${request.host}`, `--tag=${kinds.recoveryPoint}`],
    ofSet: (setId: string): string[] => ['snapshots', ...flags, `--host=${request.host}`, `--tag=${setTag(setId)}`],
    snapshot: (id: string): string[] => ['snapshots', ...flags, '--', id],
    volume: (claim: string, claimUid: string, setId: string): string[] => {
      const path = `${paths.volumes}/${claim}`;
      // Made by mkfs, and root's alone.
      return ['backup', ...flags, `--host=${request.host}`, `--tag=${kinds.volume},${setTag(setId)},claim=${claimUid}`, `--exclude=${path}/lost+found`, '--', path];
    },
    recoveryPoint: ({ setId, cutAt, grade }: SealTask): string[] => ['backup', ...flags, `--host=${request.host}`, `--tag=${kinds.recoveryPoint},${setTag(setId)},cut=${cutAt},grade=${grade}`, '--', paths.recoveryPoint],
    listed: (): string[] => ['snapshots', '--no-lock', ...flags, `--host=${request.host}`, `--tag=${kinds.recoveryPoint}`],
    read: (id: string): string[] => ['snapshots', '--no-lock', ...flags, '--', id],
    nodes: (id: string): string[] => ['ls', '--no-lock', ...flags, '--', id],
    fetch: (id: string): string[] => ['restore', '--no-lock', ...flags, `--target=${paths.recoveryPoint}`, '--', `${id}:${paths.recoveryPoint}`],
    // The folder above, so that the root of the volume gets its owner and mode as well: restic gives none to the target itself.
    restore: (id: string): string[] => ['restore', '--no-lock', ...flags, '--sparse', notRestored, `--target=${paths.volumes}`, '--', `${id}:${paths.volumes}`],
    forget: (ids: readonly string[]): string[] => ['forget', ...flags, '--', ...ids],
    prune: (): string[] => ['prune', ...flags],
    verify: (readPercent: number): string[] => ['check', ...flags, ...(readPercent === 0 ? [] : [`--read-data-subset=${readPercent}%`])],
    locks: (): string[] => ['list', 'locks', '--no-lock', ...flags],
    lock: (id: string): string[] => ['cat', 'lock', '--no-lock', ...flags, '--', id],
  };
}
