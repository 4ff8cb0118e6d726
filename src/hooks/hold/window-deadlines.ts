/**
 * Deadlines of a window in ms since its first impact was sent, gate or freeze, derived from MAX. The holder's own MAX
 * begins when that arrives, so that it never ends before ours.
 */

/** Largest part of MAX that is kept for the way of the release. */
const longestMarginMillis = 500;
/** Thaws and their answers after the guard's MAX. */
const afterMaxMillis = 2000;

/** Until then every gate must be closed: what is needed later than that would be missing at the freeze. */
export function gateDeadlineMillis(maxMillis: number, settleMillis: number): number {
  return (maxMillis - settleMillis) / 2;
}

/** Until then every member must be frozen and synced; the other half of what the settle leaves of MAX is for the cut. */
export function freezeDeadlineMillis(maxMillis: number, settleMillis: number): number {
  return settleMillis + (maxMillis - settleMillis) / 2;
}

/** Clocks of two machines may differ by twice the 500 ppm that the kernel slews one at most (adjtimex(2)). */
const clockDrift = 0.001;
/** A timer may fire a moment early. */
const timerMillis = 1;

/** How long the operator waits so that no holder measures less than the settle. */
export function settleWaitMillis(settleMillis: number): number {
  return settleMillis * (1 + clockDrift) + timerMillis;
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
