import type { PreviousVolume, RestorePhase } from '../../../api/apprestore.js';
import type { AppRestore } from '../../../api/kinds.js';
import { findCondition } from '../../../runtime/conditions.js';

/** The condition that says what to do with the old volumes, and later what became of them. */
export const keptCondition = 'PreviousVolumesKept';
/** Its reason while what was asked for beforehand is not done. */
export const stillNeeded = 'StillNeeded';

/** What is still to be done with the old volumes of a restore in place: go back to them, let them go, or only say that they are kept. */
export type Wanted = 'rollBack' | 'release' | 'kept';

/** What the user wants of the old volumes and is not so yet; undefined when there is nothing of that. Pure. */
export function wanted({ spec, status }: AppRestore): Wanted | undefined {
  if (!spec.inPlace) return undefined;
  const phase = status?.phase ?? 'Pending';
  // What has been begun comes to its end, whatever the spec says by then.
  if (phase === 'RollingBack') return 'rollBack';
  const held = old(status?.previousVolumes, 'Bound', 'Kept');
  const gone = old(status?.previousVolumes, 'Removing', 'Removed');
  const ended = phase === 'Ready' || phase === 'Failed';
  switch (spec.previousVolumes) {
    case 'Keep':
      return ended && old(status?.previousVolumes, 'Kept').length > 0 && findCondition(status?.conditions, keptCondition)?.reason !== 'Kept' ? 'kept' : undefined;
    case 'Restore':
      // After an end there is something to go back to, or there is not.
      return (!ended || held.length > 0) && gone.length === 0 ? 'rollBack' : undefined;
    case 'Delete':
      return ended && (held.length > 0 || old(status?.previousVolumes, 'Removing').length > 0) ? 'release' : undefined;
  }
}

/** Old volumes in one of these states. Pure. */
export function old(volumes: readonly PreviousVolume[] | undefined, ...states: readonly PreviousVolume['state'][]): PreviousVolume[] {
  return (volumes ?? []).filter(({ state }) => states.includes(state));
}

/** Every claim is replaced. Pure. */
export function isSwapped({ status }: AppRestore): boolean {
  return (status?.previousVolumes ?? []).every(({ state }) => state === 'Kept');
}

/**
 * Whether the old volumes may go as it is asked for: every check has passed, or it was asked for after the end. What was said beforehand is no judgement of data that nobody has
 * found good; then it has to be said anew. Pure.
 */
export function isConfirmed({ metadata, status }: AppRestore): boolean {
  if (status?.phase === 'Ready' && status.verified === true) return true;
  const ended = findCondition(status?.conditions, 'Ready')?.observedGeneration ?? metadata.generation;
  return metadata.generation > ended && findCondition(status?.conditions, keptCondition)?.reason !== stillNeeded;
}

/** All of the data is in the new volumes. Pure. */
export function isWhole({ status }: Pick<AppRestore, 'status'>): boolean {
  return (status?.volumes ?? []).every(({ phase }) => phase === 'Bound');
}

const underWay: readonly RestorePhase[] = ['Stopping', 'Swapping', 'RestoringVolumes', 'ApplyingConfiguration', 'Preparing', 'Starting', 'Verifying', 'RollingBack'];

/** It is at work on the claims of its namespace, or has left them half done. Pure. */
export function isReplacing(object: AppRestore): boolean {
  const { spec, status } = object;
  if (!spec.inPlace) return false;
  const phase = status?.phase ?? 'Pending';
  return underWay.includes(phase) || (phase === 'Failed' && old(status?.previousVolumes, 'Bound', 'Kept').length > 0 && !isWhole(object));
}

/** Claims that it replaces or makes, by name. Pure. */
export function claimsOf({ status }: AppRestore): ReadonlySet<string> {
  return new Set([...(status?.previousVolumes ?? []), ...(status?.volumes ?? [])].map(({ claim }) => claim));
}
