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

/** Longest time between two acknowledgements of a list in which the later one is not before `from`, in ms. */
export function longestGap(history: readonly Sent[], from = -Infinity): number {
  const acks = history.flatMap((s) => (s.ackedAt === undefined ? [] : [s.ackedAt])).sort((a, b) => a - b);
  return acks.reduce((longest, at, i) => (i === 0 || at < from ? longest : Math.max(longest, at - (acks[i - 1] ?? at))), 0);
}
