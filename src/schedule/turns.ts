import type { Ticks } from './ticks.js';

/**
 * Whether the copy of a tick goes to a target with a cadence of its own: it is the first one at or after a time that the cadence names. Pure; the same for the same copies,
 * so that it can be repeated.
 * @param ticks of the target; undefined: every copy goes there
 * @param served when copies that have gone there were due, ms since the epoch, without those that have failed; a target that has none gets the next one
 * @param tick when the copy is due, ms since the epoch
 */
export function goesTo(ticks: Ticks | undefined, served: readonly number[], tick: number): boolean {
  if (ticks === undefined) return true;
  // A clock that was ahead has made copies of times to come: they serve none of now.
  const last = served.reduce((newest, at) => (at <= tick && at > newest ? at : newest), -Infinity);
  return last === -Infinity || ticks.latest(last, tick) !== undefined;
}
