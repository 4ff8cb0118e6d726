// Compares what clients were promised with what a restored copy holds, over all stores at once. Pure: no clock, no database.
import type { Sent, StillWindow } from './history.js';
import { numberOf, slotOf, tokenOf, type Lane } from './lanes.js';

/** A token with the store that it belongs to. */
export interface Finding {
  readonly lane: number;
  readonly n: number;
  readonly store: string;
}

/** The differences. A copy is good when all lists are empty and something was acknowledged before the window in every lane. */
export interface ProofResult {
  /** Acknowledged before the window; a lane with none proves nothing. */
  readonly acknowledged: number;
  readonly silentLanes: readonly number[];
  /** Acknowledged before the window and not in the copy. */
  readonly lost: readonly Finding[];
  /** Not in the copy although a later token of the same lane is: that one was sent only because this one was acknowledged. */
  readonly gaps: readonly Finding[];
  /** In the copy although sent after the release. */
  readonly extra: readonly Finding[];
  /** In the copy more than once although sent once. */
  readonly duplicates: readonly Finding[];
  /** In the copy although never sent, or in a store to which it was not sent. Tokens of earlier writers, on lanes before these, are not judged. */
  readonly unknown: readonly Finding[];
}

/**
 * Checks one copy.
 * @param found by store, every token that was read from it
 * Throws a RangeError if the window ends before it begins.
 */
export function checkProof(lanes: readonly Lane[], history: readonly Sent[], window: StillWindow, found: ReadonlyMap<string, readonly number[]>): ProofResult {
  if (window.releasedAt < window.heldAt) throw new RangeError('the window ends before it begins');
  const byId = new Map(lanes.map((lane) => [lane.id, lane]));
  const sent = new Map(history.map((s) => [tokenOf(s.lane, s.n), s]));
  const { present, duplicates, unknown } = sift(byId, sent, found);
  const last = new Map<number, number>();
  for (const token of present) {
    const { lane, n } = numberOf(token);
    last.set(lane, Math.max(last.get(lane) ?? 0, n));
  }
  const finding = (s: Sent): Finding => ({ lane: s.lane, n: s.n, store: storeOf(byId, s.lane, s.n) });
  const absent = history.filter((s) => !present.has(tokenOf(s.lane, s.n)));
  const promised = history.filter((s) => s.ackedAt !== undefined && s.ackedAt < window.heldAt);
  const spoken = new Set(promised.map((s) => s.lane));
  return {
    acknowledged: promised.length,
    silentLanes: lanes.filter((lane) => !spoken.has(lane.id)).map((lane) => lane.id),
    lost: absent.filter((s) => s.ackedAt !== undefined && s.ackedAt < window.heldAt).map(finding),
    gaps: absent.filter((s) => s.ackedAt !== undefined && s.n < (last.get(s.lane) ?? 0)).map(finding),
    extra: history.filter((s) => s.sentAt > window.releasedAt && present.has(tokenOf(s.lane, s.n))).map(finding),
    duplicates,
    unknown,
  };
}

/** Whether the result proves that the copy is complete, in order, and ends at the window. */
export function isProven(result: ProofResult): boolean {
  const faults = [result.lost, result.gaps, result.extra, result.duplicates, result.unknown];
  return result.acknowledged > 0 && result.silentLanes.length === 0 && faults.every((list) => list.length === 0);
}

interface Sifted {
  readonly present: ReadonlySet<number>;
  readonly duplicates: readonly Finding[];
  readonly unknown: readonly Finding[];
}

/** What was read, sorted into tokens that belong where they are, and others. */
function sift(lanes: ReadonlyMap<number, Lane>, sent: ReadonlyMap<number, Sent>, found: ReadonlyMap<string, readonly number[]>): Sifted {
  const present = new Set<number>();
  const duplicates: Finding[] = [];
  const unknown: Finding[] = [];
  const first = Math.min(...lanes.keys());
  for (const [store, tokens] of found) {
    for (const token of tokens) {
      const at: Finding = { ...numberOf(token), store };
      if (at.lane < first) continue;
      if (!sent.has(token) || storeOf(lanes, at.lane, at.n) !== store) unknown.push(at);
      else if (present.has(token)) duplicates.push(at);
      else present.add(token);
    }
  }
  return { present, duplicates, unknown };
}

function storeOf(lanes: ReadonlyMap<number, Lane>, lane: number, n: number): string {
  const known = lanes.get(lane);
  return known === undefined || n < 1 ? '' : slotOf(known, n).store;
}
