import { createHash } from 'node:crypto';
import type { Ticks } from './ticks.js';

/** When a tick is acted on. All ms. */
export interface Timing {
  /** After the tick, always the same for one policy: {@link jitterOf}. */
  readonly delay: number;
  /** How late a tick may still be made up for; undefined: however late. */
  readonly deadline: number | undefined;
}

/** What is known at an instant. All ms since the epoch. */
export interface Position {
  readonly now: number;
  /** Ticks up to here do not count: the schedule was not in force. */
  readonly since: number;
  /** Ticks that were acted on. */
  readonly done: readonly number[];
}

export interface Due {
  /** The tick to act on now. Of several that were missed the last one, the others are left out. */
  readonly tick: number | undefined;
  /** When the next one after that, or after now, is acted on; undefined when none comes any more. */
  readonly next: number | undefined;
}

/** Longer than any two ticks of a schedule are apart; only a clock that is set back behind all that is known leads there. */
const longAgo = 10 * 366 * 24 * 3_600_000;

/** Which tick is due. Pure; the same tick is due until it is in `done`. */
export function dueAt(ticks: Ticks, { delay, deadline }: Timing, { now, since, done }: Position): Due {
  const at = now - delay;
  const upcoming = ticks.after(at);
  // What is beyond the next tick was done by a clock that was ahead: it must not keep this schedule waiting for years.
  const base = Math.max(at - longAgo, ...[since, ...done].filter((instant) => instant <= (upcoming ?? at)));
  const missed = ticks.latest(base, at);
  const next = ticks.after(Math.max(base, at));
  const late = missed !== undefined && deadline !== undefined && at - missed > deadline;
  return { tick: late ? undefined : missed, next: next === undefined ? undefined : next + delay };
}

/** The delay of one policy within its jitter, whole seconds: always the same, and spread evenly over policies. */
export function jitterOf(uid: string, jitterMillis: number): number {
  const seconds = Math.floor(jitterMillis / 1000);
  if (seconds === 0) return 0;
  return (createHash('sha256').update(uid).digest().readUIntBE(0, 6) % seconds) * 1000;
}
