import type { NamespaceView } from '../view.js';
import { claimMounts, mounterOf } from './claim-mounts.js';
import type { ClaimHold } from './plan-types.js';

/**
 * Compares who mounts the claims after the release with who did in the plan. By uid of the claim: a sentence for each
 * that differs. A container that was restarted counts as another one.
 * @param attachedVolumes names of the PersistentVolumes that a VolumeAttachment names now
 * @param visitors by name of a claim: a pod that came after the plan and mounts it, whether it is still there or not
 * @param stillMounted by name of a claim that no pod uses: why it is not proven to be unmounted now
 */
export function changedClaims(
  planned: readonly ClaimHold[],
  after: NamespaceView,
  attachedVolumes: ReadonlySet<string>,
  visitors: ReadonlyMap<string, string> = new Map(),
  stillMounted: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const mounts = claimMounts(after, new Set(planned.map((c) => c.claim)));
  const claims = new Map(after.claims.map((c) => [c.metadata.uid, c]));
  return new Map(
    planned.flatMap((plan): [string, string][] => {
      const visitor = visitors.get(plan.claim);
      if (visitor !== undefined) return [[plan.uid, `Claim ${plan.claim} was mounted by pod ${visitor}, which came after the plan was made and was not held.`]];
      const mounted = plan.still === 'Unmounted' ? stillMounted.get(plan.claim) : undefined;
      if (mounted !== undefined) return [[plan.uid, mounted]];
      const now = mounts.filter((m) => m.claim.metadata.uid === plan.uid).map(mounterOf);
      const volume = claims.get(plan.uid)?.volumeName;
      const attached = plan.still === 'Unmounted' && (volume === undefined || attachedVolumes.has(volume));
      const same = claims.has(plan.uid) && !attached && now.sort().join(' ') === plan.mountedBy.join(' ');
      return same ? [] : [[plan.uid, `Claim ${plan.claim} was mounted by others after the window than before it.`]];
    }),
  );
}
