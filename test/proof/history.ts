/** What became of one token; instants are milliseconds of CLOCK_MONOTONIC of the host. */
export interface Sent {
  readonly lane: number;
  readonly n: number;
  readonly sentAt: number;
  /** The database promised the token not later than this; absent when its fate is not known. */
  readonly ackedAt?: number;
  readonly error?: string;
}

/** When the copied databases stood still, in milliseconds of the same clock. */
export interface StillWindow {
  /** Every token acknowledged before this must be in the copy. */
  readonly heldAt: number;
  /** No token sent after this may be in the copy. */
  readonly releasedAt: number;
}

/**
 * Longest time that each lane waited for an acknowledgement between two instants, in ms; a wait that goes on at the end counts.
 * @param history every acknowledgement of these lanes between the two, in the order of their arrival
 */
export function gapsBetween(lanes: readonly number[], history: readonly Sent[], from: number, until: number): Map<number, number> {
  const last = new Map(lanes.map((lane) => [lane, from]));
  const gaps = new Map(lanes.map((lane) => [lane, 0]));
  const wait = (lane: number, at: number): void => {
    gaps.set(lane, Math.max(gaps.get(lane) ?? 0, at - (last.get(lane) ?? at)));
    last.set(lane, at);
  };
  for (const { lane, ackedAt } of history) if (ackedAt !== undefined && ackedAt >= from && ackedAt <= until) wait(lane, ackedAt);
  for (const lane of lanes) wait(lane, until);
  return gaps;
}

/** Longest time that any lane waited between two acknowledgements, of those waits that ended after `from`, in ms. */
export function longestGap(history: readonly Sent[], from = -Infinity): number {
  const last = new Map<number, number>();
  let longest = 0;
  for (const { lane, ackedAt } of history) {
    if (ackedAt === undefined) continue;
    if (ackedAt >= from) longest = Math.max(longest, ackedAt - (last.get(lane) ?? ackedAt));
    last.set(lane, ackedAt);
  }
  return longest;
}
