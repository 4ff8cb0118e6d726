/**
 * Deadlines of a window in ms since the freeze was sent, derived from MAX. The holder's own MAX begins when the freeze
 * arrives, so that it never ends before ours.
 */

/** Largest part of MAX that is kept for the way of the release. */
const longestMarginMillis = 500;
/** Thaws and their answers after the guard's MAX. */
const afterMaxMillis = 2000;

/** Until then every member must be frozen and synced; the other half of MAX is for the cut. */
export function freezeDeadlineMillis(maxMillis: number): number {
  return maxMillis / 2;
}

/** Until then every cut must be seen, so that the release arrives before the guard's MAX. */
export function cutDeadlineMillis(maxMillis: number): number {
  return maxMillis - Math.min(longestMarginMillis, maxMillis / 4);
}

/** The smallest MAX in which a cut of this length is seen in time; the inverse of {@link cutDeadlineMillis}. */
export function holdForCutMillis(cutMillis: number): number {
  return Math.min(cutMillis + longestMarginMillis, (cutMillis * 4) / 3);
}

/** Until then the end of a hold is asked for again and again; its guard has ended it before. */
export function releaseDeadlineMillis(maxMillis: number): number {
  return maxMillis + afterMaxMillis;
}
