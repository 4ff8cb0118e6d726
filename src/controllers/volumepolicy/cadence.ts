import { durationMillis } from '../../api/common.js';
import type { VolumePolicy } from '../../api/kinds.js';
import type { InForce, Protection } from '../../api/volumepolicy.js';
import { dueAt, jitterOf, type Due } from '../../schedule/due.js';
import { ticksOf, type Cadence, type Ticks } from '../../schedule/ticks.js';

/** A schedule of a policy: that of its copies, or that of its drills. */
type Schedule = Pick<Protection['schedule'], 'cron' | 'timeZone' | 'jitter' | 'startingDeadline' | 'suspend'>;

/** The ticks of a schedule, or of what is written to a target, or what is wrong with it. `field`: where it is in the spec. Pure. */
export function readSchedule(cadence: Cadence, field: string, now: number): Ticks | string {
  try {
    const ticks = ticksOf(cadence);
    return ticks.after(now) === undefined ? `${field}.cron: no day that it names ever comes. Correct day of month and month.` : ticks;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return `${field}.cron: ${error.message}. Correct the expression.`;
  }
}

/** What status should say of a schedule, if it says something else. Without a schedule there is none in force. Pure. */
export function scheduleInForce(object: VolumePolicy, schedule: Schedule | undefined, noted: InForce | undefined, now: number): InForce | undefined | 'as it is' {
  // A pause is meant; what was due in it is not made up for, as it is after a failure of ours.
  if (schedule === undefined || schedule.suspend) return noted === undefined ? 'as it is' : undefined;
  const { cron, timeZone } = schedule;
  if (noted?.cron === cron && noted.timeZone === timeZone) return 'as it is';
  const isNew = object.status?.observedGeneration === undefined;
  const since = isNew ? Math.min(now, Date.parse(object.metadata.creationTimestamp)) : now;
  return { cron, timeZone, since: new Date(since).toISOString() };
}

/** Which tick of a schedule is due. `seed`: what its jitter follows from. Pure. */
export function dueOf(schedule: Schedule, ticks: Ticks, seed: string, known: { readonly inForce: InForce | undefined; readonly done: readonly number[]; readonly now: number }): Due {
  const { jitter, startingDeadline } = schedule;
  const delay = jitter === undefined ? 0 : jitterOf(seed, durationMillis(jitter));
  const deadline = startingDeadline === undefined ? undefined : durationMillis(startingDeadline);
  return dueAt(ticks, { delay, deadline }, { now: known.now, since: Date.parse(known.inForce?.since ?? ''), done: known.done });
}
