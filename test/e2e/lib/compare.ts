import type { AppSnapshot } from '../../../src/api/kinds.js';
import { checkCopy, type CheckResult, type Window } from '../../apps/postgresql/check.js';
import { monotonicMs, type Row } from '../../apps/postgresql/history.js';
import type { Promises } from './load.js';

/** Status has wall-clock times in whole milliseconds; so far may its instants be off. */
const grainMillis = 1;

/** Milliseconds to add to a wall-clock time to get the writer's clock: read where the wall clock goes to its next millisecond. */
export function wallToMonotonic(): number {
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  return monotonicMs() - now;
}

/**
 * The window of a copy on the writer's clock: until `heldFrom` everything acknowledged must be in the copy, nothing sent after `heldUntil` may
 * be. Operator, database and writer share one machine and so one clock. Throws when the copy was not held.
 */
export function windowOf(copy: AppSnapshot): Window {
  const { heldFrom, heldUntil } = copy.status?.window ?? {};
  if (heldFrom === undefined || heldUntil === undefined) throw new Error('the copy says nothing of when it was held');
  const shift = wallToMonotonic();
  return { heldAt: Date.parse(heldFrom) + shift - grainMillis, releasedAt: Date.parse(heldUntil) + shift + grainMillis };
}

/** Compares what the writer was promised with the rows of a copy. */
export function compare(history: Promises, window: Window, rows: readonly Row[]): CheckResult {
  return checkCopy(history.acks, history.failures, window, rows);
}

/** Counts instead of lists, for figures and messages. */
export function counts(result: CheckResult): Record<keyof CheckResult, number> {
  const { acknowledgedBeforeCut, lost, extra, duplicates, gaps, unknown } = result;
  return { acknowledgedBeforeCut, lost: lost.length, extra: extra.length, duplicates: duplicates.length, gaps: gaps.length, unknown: unknown.length };
}
