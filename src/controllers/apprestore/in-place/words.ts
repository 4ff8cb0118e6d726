import type { PreviousVolume } from '../../../api/apprestore.js';
import type { AppRestore } from '../../../api/kinds.js';
import type { ConditionInput } from '../../../runtime/conditions.js';
import { count, some } from '../steps.js';
import { keptCondition as type, old, stillNeeded } from './wanted.js';

/** Why old volumes stay that were to go. */
export const notConfirmed = 'not every check has passed, and it was asked for before that was known. Set it to Restore to go back; or to Keep, look at the data, and then to Delete.';

/** What is said with the end: that old volumes were to go is no judgement of data that nobody has found good. Without it a later change of the spec would pass for one. Pure. */
export function unjudged({ spec, status }: Pick<AppRestore, 'spec' | 'status'>, verified: boolean | undefined): ConditionInput[] {
  const held = old(status?.previousVolumes, 'Bound', 'Kept');
  return spec.inPlace && spec.previousVolumes === 'Delete' && verified !== true && held.length > 0 ? [oldVolumes.needed(held, notConfirmed)] : [];
}

/** What a user does with old volumes that are kept, in a sentence with a space before it; empty when none is. Pure. */
export function nextForOldVolumes({ status, spec }: Pick<AppRestore, 'status' | 'spec'>): string {
  if (!spec.inPlace) return '';
  const kept = old(status?.previousVolumes, 'Kept');
  if (kept.length > 0) return ` ${keptSentence(kept)}`;
  return old(status?.previousVolumes, 'Bound').length === 0 ? '' : ' Nothing was replaced yet: set spec.previousVolumes to Restore to start what was stopped.';
}

function keptSentence(volumes: readonly PreviousVolume[]): string {
  const [is, them] = volumes.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return `${count(volumes.length, 'old volume')} ${is} kept (${some(volumes.map(({ volume }) => volume))}): set spec.previousVolumes to Delete when the restored data is right, or to Restore to go back to ${them}.`;
}

/** The condition that says what to do with the old volumes, and later what became of them. Pure. */
export const oldVolumes = {
  kept: (volumes: readonly PreviousVolume[]): ConditionInput => ({ type, status: 'True', reason: 'Kept', message: keptSentence(volumes) }),
  none: (): ConditionInput => ({ type, status: 'False', reason: 'None', message: 'No claim of the copy was there: nothing is replaced.' }),
  needed: (volumes: readonly PreviousVolume[], why: string): ConditionInput => ({ type, status: 'True', reason: stillNeeded, message: `Although spec.previousVolumes is Delete, ${count(volumes.length, 'old volume')} stay: ${why}` }),
  blocked: (reason: string, message: string): ConditionInput => ({ type, status: 'True', reason, message: `The old volumes are kept, and nothing was touched: ${message}` }),
  removed: (volumes: readonly PreviousVolume[]): ConditionInput => ({
    type,
    status: 'False',
    reason: 'Removed',
    message: `The old volumes are no longer kept and go by the reclaim policy that they had: ${some(volumes.map(({ volume, reclaimPolicy }) => `${volume} (${reclaimPolicy})`))}.`,
  }),
  returned: (volumes: readonly PreviousVolume[]): ConditionInput => ({ type, status: 'False', reason: 'RolledBack', message: `The claims have their old volumes again: ${some(volumes.map(({ claim, volume }) => `${claim} has ${volume}`))}.` }),
};
