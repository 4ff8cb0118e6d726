import type { ClaimView } from '../view.js';
import { isLive, mountedClaims } from '../workload.js';
import { mounterOf, type ClaimMount } from './claim-mounts.js';
import type { PlacedMount } from './placement.js';
import type { ClaimHold, ClaimStill, HoldersInput } from './plan-types.js';
import type { HolderPlan } from './window-types.js';

/**
 * How each claim of the copy is kept still, sorted by name. What is not certain counts as not still.
 * @param mounts all there are
 * @param placed those whose containers can write or read
 */
export function claimHolds(input: HoldersInput, mounts: readonly ClaimMount[], placed: readonly PlacedMount[], holders: readonly HolderPlan[]): ClaimHold[] {
  return input.view.claims
    .filter((claim) => input.claims.has(claim.metadata.name))
    .map((claim) => ({
      ...claimHold(claim, input, placed.filter((p) => p.mount.claim === claim), holders),
      mountedBy: mounts.filter((m) => m.claim === claim).map(mounterOf).sort(),
    }))
    .sort((a, b) => (a.claim < b.claim ? -1 : 1));
}

function claimHold(claim: ClaimView, input: HoldersInput, placed: readonly PlacedMount[], holders: readonly HolderPlan[]): Omit<ClaimHold, 'mountedBy'> {
  const uid = claim.metadata.uid ?? '';
  const pods = new Set(input.view.pods.filter((p) => isLive(p) && mountedClaims(p).has(claim.metadata.name)).map((p) => p.metadata.name));
  const { still, reasons } = stillness(claim, input, placed);
  return {
    claim: claim.metadata.name,
    uid,
    applications: input.applications.filter((a) => a.detected.pods.some((pod) => pods.has(pod))).map((a) => a.detected.name),
    still,
    holds: holders.filter((h) => h.volumes.some((v) => v.claimUid === uid)).map((h) => h.id),
    synced: still === 'Unmounted' || (placed.length > 0 && withoutSync(placed).length === 0),
    reasons,
  };
}

function stillness(claim: ClaimView, input: HoldersInput, placed: readonly PlacedMount[]): { still: ClaimStill; reasons: string[] } {
  const name = claim.metadata.name;
  if (placed.length === 0) return withoutContainer(claim, input);
  const writers = placed.filter((p) => !p.mount.readOnly);
  const running = writers.flatMap(({ placement }) => (placement.kind === 'freeze' || placement.kind === 'fence' ? [] : [placement.why]));
  if (running.length > 0) return { still: 'No', reasons: [...new Set(running)].map((why) => `Claim ${name} can be written during the window. ${why}`) };
  const unsynced = withoutSync(placed).map((why) => `Claim ${name} is not synced. ${why}`);
  const fenced = writers.some((p) => p.placement.kind === 'fence');
  return { still: writers.length === 0 ? 'ReadOnly' : fenced ? 'Fenced' : 'Frozen', reasons: [...new Set(unsynced)] };
}

/** Why nothing is synced, for mounts on nodes where no holder syncs the claim: the containers of a node share its page cache. */
function withoutSync(placed: readonly PlacedMount[]): string[] {
  const synced = new Set(placed.filter((p) => p.placement.kind !== 'none').map((p) => p.mount.pod.nodeName));
  return placed.flatMap(({ mount, placement }) => (placement.kind === 'none' && !synced.has(mount.pod.nodeName) ? [placement.why] : []));
}

/** No container mounts it: still only when no pod and no attachment can bring a writer, and no node has it from before. */
function withoutContainer(claim: ClaimView, input: HoldersInput): { still: ClaimStill; reasons: string[] } {
  const name = claim.metadata.name;
  const pod = input.view.pods.find((p) => isLive(p) && mountedClaims(p).has(name));
  if (pod !== undefined) return { still: 'No', reasons: [`Claim ${name} is a volume of pod ${pod.metadata.name}, but none of its containers mounts it: it cannot be synced. Mount it, or leave it out with spec.selector.`] };
  if (claim.volumeName !== undefined && input.attachedVolumes.has(claim.volumeName)) return { still: 'No', reasons: [`Claim ${name} is still attached to a node although no pod uses it: wait until its VolumeAttachment is gone.`] };
  const mounted = input.stillMounted.get(name);
  return mounted === undefined ? { still: 'Unmounted', reasons: [] } : { still: 'No', reasons: [mounted] };
}
