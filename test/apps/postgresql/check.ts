// Compares what the writer was promised with what a restored copy holds. Pure: no clock, no database.
import type { Acknowledgement, Row, WriteError } from './history.js';

/** When the copied database stood still, in milliseconds of the writer's clock. */
export interface Window {
  /**
   * Every acknowledgement that arrived before this must be in the copy. With a hold: the instant at which the database was known to be
   * still, or later up to the cut; without: an instant before the cut was asked for.
   */
  readonly heldAt: number;
  /** No statement that was sent after this may be in the copy: the release, or an instant at which the cut was surely done. */
  readonly releasedAt: number;
}

/** The differences. A copy is good when `lost`, `extra`, `duplicates`, `gaps` and `unknown` are empty. */
export interface CheckResult {
  /** Number of acknowledgements before the window; 0 means that the check proves nothing. */
  readonly acknowledgedBeforeCut: number;
  /** Acknowledged before the window and not in the copy. */
  readonly lost: readonly Row[];
  /** In the copy although sent after the release. */
  readonly extra: readonly Row[];
  /** In the copy more than once. */
  readonly duplicates: readonly Row[];
  /** Missing although a later row of the same writer is in the copy and the insert was acknowledged. */
  readonly gaps: readonly Row[];
  /** In the copy although the writer never sent it. */
  readonly unknown: readonly Row[];
}

const key = (row: Row): string => `${row.writer}/${row.n}`;
const plain = (row: Row): Row => ({ writer: row.writer, n: row.n });

/**
 * Checks one copy. `rows` is everything that was read from it; `errors` are the inserts whose fate the writer does not know: they may be in
 * the copy or not. At most one insert of each writer is under way at a time; the one after the last acknowledgement counts as sent too.
 * Throws a RangeError if the window ends before it begins.
 */
export function checkCopy(acknowledgements: readonly Acknowledgement[], errors: readonly WriteError[], window: Window, rows: readonly Row[]): CheckResult {
  if (window.releasedAt < window.heldAt) throw new RangeError('the window ends before it begins');
  const present = new Set<string>();
  const highest = new Map<number, number>();
  const duplicates: Row[] = [];
  for (const row of rows) {
    if (present.has(key(row))) duplicates.push(plain(row));
    present.add(key(row));
    highest.set(row.writer, Math.max(highest.get(row.writer) ?? 0, row.n));
  }
  const absent = acknowledgements.filter((a) => !present.has(key(a)));
  const before = acknowledgements.filter((a) => a.ackedAt < window.heldAt);
  const sent = sentRows(acknowledgements, errors);
  return {
    acknowledgedBeforeCut: before.length,
    lost: absent.filter((a) => a.ackedAt < window.heldAt).map(plain),
    extra: sentAfter(window.releasedAt, acknowledgements, errors).filter((row) => present.has(key(row))),
    duplicates,
    gaps: absent.filter((a) => a.n < (highest.get(a.writer) ?? 0)).map(plain),
    unknown: rows.filter((row) => !sent.has(key(row))).map(plain),
  };
}

function sentAfter(instant: number, acknowledgements: readonly Acknowledgement[], errors: readonly WriteError[]): Row[] {
  const late: Row[] = acknowledgements.filter((a) => a.sentAt > instant).map(plain);
  for (const e of errors) if (e.n !== undefined && e.sentAt !== undefined && e.sentAt > instant) late.push({ writer: e.writer, n: e.n });
  return late;
}

function sentRows(acknowledgements: readonly Acknowledgement[], errors: readonly WriteError[]): Set<string> {
  const sent = new Set<string>();
  const last = new Map<number, number>();
  const note = (writer: number, n: number): void => {
    sent.add(key({ writer, n }));
    last.set(writer, Math.max(last.get(writer) ?? 0, n));
  };
  for (const a of acknowledgements) note(a.writer, a.n);
  for (const e of errors) if (e.n !== undefined) note(e.writer, e.n);
  for (const [writer, n] of last) sent.add(key({ writer, n: n + 1 }));
  return sent;
}

/** Whether the result proves that the copy is complete and ends at the window. */
export function isGood(result: CheckResult): boolean {
  const faults = [result.lost, result.extra, result.duplicates, result.gaps, result.unknown];
  return result.acknowledgedBeforeCut > 0 && faults.every((list) => list.length === 0);
}
