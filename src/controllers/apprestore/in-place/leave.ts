import type { AppRestore } from '../../../api/kinds.js';
import { labels } from '../../../api/common.js';
import { isForbidden, isNotFound } from '../../../runtime/api-error.js';
import type { OperatorDeps } from '../../deps.js';
import { count, some, tell } from '../steps.js';
import { workloadsToRest } from './rest.js';
import { look, seenClaim, seenOf } from './sight.js';
import { releaseNext } from './swap.js';
import { giveBackVolume } from './volumes.js';
import { isReplacing, old } from './wanted.js';

/**
 * The AppRestore is deleted: nobody says any more what becomes of the old volumes. Those whose claim is still there are as they were before; the others stay, and the event
 * says where they are. What was confirmed is let go.
 */
export async function leaveOldVolumes(object: AppRestore, deps: OperatorDeps): Promise<void> {
  const open = old(object.status?.previousVolumes, 'Bound', 'Kept', 'Removing');
  if (open.length === 0) return;
  const sight = await look(object, deps);
  const left: string[] = [];
  for (const previous of open) {
    const { claim, volume: name, reclaimPolicy } = previous;
    const volume = sight.volumes.get(name);
    const live = sight.claims.get(claim);
    const seen = live === undefined ? undefined : seenClaim(live);
    const has = seen?.uid === previous.claimUid && !seen.deleting;
    const { kind } = releaseNext(previous, seenOf(sight, claim, name), object.metadata);
    if (volume === undefined) continue;
    const isFree = has || previous.state === 'Removing';
    if (!isFree || (kind === 'giveBack' && !(await mayGiveBack(() => giveBackVolume(deps.client, previous, volume))))) left.push(`${name} (of claim ${claim}, before ${reclaimPolicy})`);
  }
  if (left.length > 0) tell(deps, object, 'Warning', 'PreviousVolumesLeft', leftSentence(object, left));
  if (isReplacing(object) && object.status?.phase !== 'Verifying') tell(deps, object, 'Warning', 'WorkloadsLeft', `The restore was deleted in the middle. Scaled to zero, or only in part started: ${some(workloadsToRest(object).map(({ resource, name }) => `${resource}/${name}`), 20)}.`);
}

/** A namespace that is not served any more, or goes, does not hold the deletion. */
async function mayGiveBack(give: () => Promise<void>): Promise<boolean> {
  try {
    await give();
    return true;
  } catch (error) {
    if (!isForbidden(error) && !isNotFound(error)) throw error;
    return false;
  }
}

function leftSentence({ metadata }: AppRestore, left: readonly string[]): string {
  return `${count(left.length, 'old volume')} of this restore stay, with reclaim policy Retain: ${some(left, 20)}. They are found by kubectl get pv -l ${labels.keptBy}=${metadata.uid}; docs/apprestore.md says how to bind them again, or to remove them.`;
}
