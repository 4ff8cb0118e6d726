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
