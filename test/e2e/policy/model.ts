import type { Retention } from '../../../src/schedule/retention.js';

/**
 * What a policy keeps, said a second time and as plainly as can be: each copy is looked at by itself, and every rule by counting those that are newer. It shares no code with what
 * it is held against, and knows UTC only.
 */

/** A copy of a policy, of all that ever were. */
export interface ModelCopy {
  readonly name: string;
  /** When it was due, ms since the epoch. */
  readonly due: number;
  /** It was whole as snapshots at some time. */
  readonly cut: boolean;
  /** It was complete in the target at some time. */
  readonly copied: boolean;
  readonly verified: boolean;
  /** A drill restores it. */
  readonly inUse: boolean;
}

/** Names of the copies that must be there, sorted: as snapshots, in the target, and as objects. */
export interface ModelState {
  readonly snapshots: readonly string[];
  readonly target: readonly string[];
  readonly objects: readonly string[];
}

/** What must be there when nothing is on its way: each place keeps by its own retention of what ever was whole in it, and an object is there as long as one of them keeps it. */
export function modelOf(copies: readonly ModelCopy[], snapshots: Retention, target: Retention): ModelState {
  const asSnapshots = namesOf(copies.filter((copy) => copy.cut), snapshots);
  const inTarget = namesOf(copies.filter((copy) => copy.copied), target);
  return { snapshots: asSnapshots, target: inTarget, objects: [...new Set([...asSnapshots, ...inTarget])].sort() };
}

function namesOf(copies: readonly ModelCopy[], retention: Retention): string[] {
  return copies.filter((copy) => isKept(copy, copies, retention)).map(({ name }) => name).sort();
}

function isKept(copy: ModelCopy, all: readonly ModelCopy[], { last, hourly, daily, weekly, monthly, yearly, minVerified }: Retention): boolean {
  const newer = all.filter((other) => other.due > copy.due);
  if (copy.inUse) return true;
  if (newer.length < last) return true;
  if (copy.verified && newer.filter((other) => other.verified).length < Math.max(1, minVerified)) return true;
  const counts: readonly (readonly [number, (due: number) => string])[] = [[hourly, hourOf], [daily, dayOf], [weekly, mondayOf], [monthly, monthOf], [yearly, yearOf]];
  return counts.some(([count, periodOf]) => {
    const newerPeriods = new Set(newer.map((other) => periodOf(other.due)));
    return !newerPeriods.has(periodOf(copy.due)) && newerPeriods.size < count;
  });
}

const iso = (due: number): string => new Date(due).toISOString();
const hourOf = (due: number): string => iso(due).slice(0, 13);
const dayOf = (due: number): string => iso(due).slice(0, 10);
const monthOf = (due: number): string => iso(due).slice(0, 7);
const yearOf = (due: number): string => iso(due).slice(0, 4);

/** The day on which its week began. */
function mondayOf(due: number): string {
  const date = new Date(due);
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return dayOf(date.getTime());
}
