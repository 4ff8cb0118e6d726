import { parseCron, type WallPattern } from './cron.js';
import { zoneOf, type Zone } from './zone.js';

/** A cron expression in a time zone. */
export interface Cadence {
  readonly cron: string;
  readonly timeZone: string;
}

/** The instants of a schedule, ms since the epoch. */
export interface Ticks {
  /** The first tick after an instant; undefined when none comes any more. */
  after(instant: number): number | undefined;
  /** The last tick in (since, until]; undefined when there is none. */
  latest(since: number, until: number): number | undefined;
}

const minute = 60_000;
/** Wall clocks are set back by this much at most: a day where a country crosses the date line. */
const longestRepeat = 25 * 60 * minute;

/**
 * The ticks of a schedule. Where the wall clock is set forward or back (DST), a schedule that names its hours has one tick for each wall time: one
 * that is left out comes at the instant of the change, one that comes twice counts the first time. A schedule whose hour field is `*` counts the
 * hours that pass: what is left out is left out, what comes twice counts twice, so that the distance between ticks stays.
 * Throws RangeError with what is wrong.
 */
export function ticksOf({ cron, timeZone }: Cadence): Ticks {
  const pattern = parseCron(cron);
  const zone = zoneOf(timeZone);
  const after = (instant: number): number | undefined => firstAfter(pattern, zone, instant);
  return { after, latest: (since, until) => lastUntil(after, since, until) };
}

/** Where the search goes on. */
interface From {
  readonly at: number;
  /** Whether a tick may be at that very instant. */
  readonly inclusive: boolean;
}

function firstAfter(pattern: WallPattern, zone: Zone, instant: number): number | undefined {
  let from = outOfRepeat(pattern, zone, { at: instant, inclusive: false });
  for (;;) {
    const before = zone.offset(from.at);
    const wall = pattern.after(from.at + before - (from.inclusive ? 1 : 0));
    if (wall === undefined) return undefined;
    const tick = wall - before;
    const change = zone.nextChange(from.at, tick);
    if (change === undefined) return tick;
    const forward = zone.offset(change) - before;
    if (forward > 0 && !pattern.everyHour && wall < change + before + forward) return change;
    from = outOfRepeat(pattern, zone, { at: change, inclusive: true });
  }
}

/** Past the wall times that come for the second time, where they do not count. */
function outOfRepeat({ everyHour }: WallPattern, zone: Zone, from: From): From {
  if (everyHour) return from;
  const change = zone.nextChange(from.at - longestRepeat, from.at);
  if (change === undefined) return from;
  const over = change + zone.offset(change - 1) - zone.offset(change);
  return from.at < over ? { at: over, inclusive: true } : from;
}

function lastUntil(after: (instant: number) => number | undefined, since: number, until: number): number | undefined {
  const next = (instant: number): number | undefined => {
    const tick = after(instant);
    return tick === undefined || tick > until ? undefined : tick;
  };
  let last = next(since);
  if (last === undefined) return undefined;
  for (let end = until; end - last > minute; ) {
    const middle = Math.floor((last + end) / 2);
    const tick = next(middle);
    if (tick === undefined) end = middle;
    else last = tick;
  }
  return next(last) ?? last;
}
