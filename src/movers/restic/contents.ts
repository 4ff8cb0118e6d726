import type { MoverRequest } from '../request.js';
import { kinds } from './arguments.js';
import type { ResticSnapshot } from './output.js';

/** Whether it makes a set of volumes a copy. Pure. */
export function isRecoveryPoint({ tags }: ResticSnapshot): boolean {
  return tags.includes(kinds.recoveryPoint);
}

type SealedVolume = Extract<MoverRequest['task'], { verb: 'seal' }>['volumes'][number];

/** Ids of the volumes that are not in the repository as they were written. Pure. */
export function missingVolumes(volumes: readonly SealedVolume[], found: readonly ResticSnapshot[]): string[] {
  return volumes.filter((volume) => !found.some((s) => s.id === volume.snapshotId && s.tree === volume.tree)).map((volume) => volume.snapshotId);
}
