import type { GradeInput } from './grade-types.js';
import type { ClaimHold } from './plan-types.js';

/** What is proven of one claim. */
export interface ClaimEvidence {
  readonly claim: ClaimHold;
  /** Nothing could write to it from before the first cut until after the last. */
  readonly still: boolean;
  /** Its server kept everybody from writing to it for as long, but may have written by itself. */
  readonly fenced: boolean;
  /** Its page cache was written back right before the cut, after the freeze where it is frozen. */
  readonly synced: boolean;
  /** Seen in a cut that was made. */
  readonly cut: boolean;
  /** What was found after the release not to be as planned. */
  readonly changed: string | undefined;
  readonly reasons: readonly string[];
}

/** Judges every claim by itself. What was not seen is not there. */
export function claimEvidence(input: GradeInput): ClaimEvidence[] {
  const holds = new Map(input.window?.holds.map((hold) => [hold.id, hold]));
  const overlapped = input.window?.overlapped === true;
  const cut = new Set(input.cuts.filter((c) => input.cutsMade.has(c.name)).flatMap((c) => c.claimUids));
  return input.claims.map((claim): ClaimEvidence => {
    const changed = input.changed.get(claim.uid);
    const own = claim.holds.map((id) => holds.get(id));
    const asPlanned = overlapped && changed === undefined && own.every((hold) => hold?.unbroken === true && hold.frozen);
    const held = claim.still === 'Unmounted' || claim.still === 'ReadOnly' || (claim.still === 'Frozen' && own.length > 0);
    const written = own.every((hold) => hold?.synced === true);
    return {
      claim,
      still: asPlanned && held,
      fenced: asPlanned && claim.still === 'Fenced' && own.some((hold) => hold?.fenced === true),
      synced: asPlanned && claim.synced && written,
      cut: cut.has(claim.uid),
      changed,
      reasons: [...claim.reasons, ...(changed === undefined ? [] : [changed]), ...(written || !overlapped ? [] : [`Claim ${claim.claim} was not synced: the image has no sync that can write back one file system.`])],
    };
  });
}
