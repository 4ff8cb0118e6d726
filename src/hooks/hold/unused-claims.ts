import type { ClaimView, NamespaceView } from '../view.js';
import { isLive, mountedClaims } from '../workload.js';
import type { NodeVolume } from './holder-input.js';
import type { NodeLook } from './node-look.js';

/** A claim that no pod uses, and its volume. */
export interface UnusedClaim extends NodeVolume {
  readonly claim: string;
}

/** Those of the claims that no pod uses which has not ended. Pure. */
export function unusedClaims(view: NamespaceView, claims: ReadonlySet<string>): UnusedClaim[] {
  const used = new Set(view.pods.filter(isLive).flatMap((pod) => [...mountedClaims(pod)]));
  return view.claims.filter(({ metadata }) => claims.has(metadata.name) && !used.has(metadata.name)).flatMap(toUnused);
}

function toUnused({ metadata, volumeName, driver, volumeHandle }: ClaimView): UnusedClaim[] {
  if (volumeName === undefined || driver === undefined || volumeHandle === undefined) return [];
  return [{ claim: metadata.name, claimUid: metadata.uid ?? '', volumeName, driver, volumeHandle }];
}

/**
 * Which of the claims are not proven to be unmounted, by name, with the way out. Pure. A claim is when every node that could have it has said so: what is not
 * known counts against it.
 * @param looksFor one at every node that could have it
 */
export function notProvenUnmounted(claims: readonly UnusedClaim[], looksFor: (claim: UnusedClaim) => readonly NodeLook[]): Map<string, string> {
  return new Map(
    claims.flatMap((claim): [string, string][] => {
      const why = whyNotUnmounted(claim, looksFor(claim));
      return why === undefined ? [] : [[claim.claim, why]];
    }),
  );
}

function whyNotUnmounted({ claim, claimUid, driver }: UnusedClaim, looks: readonly NodeLook[]): string | undefined {
  const known = looks.flatMap((look) => (look.kind === 'known' ? [look] : []));
  const mounted = known.find((look) => look.mounted.has(claimUid));
  if (mounted !== undefined) return `Claim ${claim} is still mounted on node ${mounted.node} although no pod uses it: wait until its kubelet has unmounted ${mounted.mounted.get(claimUid) ?? ''}.`;
  const kept = known.find((look) => look.kept.has(claimUid));
  if (kept !== undefined) return `Claim ${claim} is used by no pod, but the kubelet of node ${kept.node} is not done with it: wait until it has removed ${kept.kept.get(claimUid) ?? ''}.`;
  const wayOut = `Let the agent run on every node that has driver ${driver}, delete Nodes that are gone for good, or leave the claim out with spec.selector.`;
  const unknown = looks.flatMap((look) => (look.kind === 'unknown' ? [look] : []));
  const [first] = unknown;
  if (first !== undefined) return `Whether claim ${claim}, which no pod uses, is still mounted on ${namesOf(unknown)} is not known: ${first.why}. ${wayOut}`;
  return known.length > 0 ? undefined : `Whether claim ${claim}, which no pod uses, is still mounted somewhere is not known: no node has an agent or says that it has the driver. ${wayOut}`;
}

/** `node a`, `nodes a and b`, `node a and 7 others`. */
function namesOf(looks: readonly NodeLook[]): string {
  const [first = '', second, ...more] = looks.map((look) => look.node);
  if (second === undefined) return `node ${first}`;
  return more.length === 0 ? `nodes ${first} and ${second}` : `node ${first} and ${more.length + 1} others`;
}
