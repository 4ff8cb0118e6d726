import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkProof, isProven, type ProofResult } from '../../proof/check.js';
import { gapsBetween, longestGap, type Sent } from '../../proof/history.js';
import { firstLaneAt, lanesOver, numberOf, slotOf, tokenOf, type Lane } from '../../proof/lanes.js';

const stores = [
  { name: 'postgresql', members: 1 },
  { name: 'kafka', members: 3 },
  { name: 'cassandra', members: 2 },
];
const lanes = lanesOver(stores, 1);

/** Every lane sends a token each ten milliseconds and has its answer four later; lanes begin one after the other. */
function played(perLane: number): Sent[] {
  return lanes.flatMap((lane) => Array.from({ length: perLane }, (_, i): Sent => ({ lane: lane.id, n: i + 1, sentAt: lane.id + i * 10, ackedAt: lane.id + i * 10 + 4 })));
}

/** What the stores hold when exactly the tokens that pass are in them. */
function holding(history: readonly Sent[], passes: (s: Sent) => boolean): Map<string, number[]> {
  const found = new Map<string, number[]>(stores.map((s) => [s.name, []]));
  for (const s of history.filter(passes)) found.get(slotOf(lanes[s.lane] as Lane, s.n).store)?.push(tokenOf(s.lane, s.n));
  return found;
}

const history = played(60);
const window = { heldAt: 300, releasedAt: 320 };
const consistent = (): Map<string, number[]> => holding(history, (s) => (s.ackedAt ?? Infinity) < 310);
const check = (found: ReadonlyMap<string, readonly number[]>, told: readonly Sent[] = history): ProofResult => checkProof(lanes, told, window, found);

describe('lanes', () => {
  test('the ring goes over every member, and neighbours are in different stores', () => {
    const ring = lanes[0]?.slots ?? [];
    expect(ring).toHaveLength(6);
    expect(ring.slice(0, 3).map((s) => s.store)).toEqual(['postgresql', 'kafka', 'cassandra']);
    expect(new Set(ring.map((s) => `${s.store}/${s.member}`)).size).toBe(6);
  });

  test('every member has its load', () => {
    expect(lanes.slice(1).map((l) => l.slots)).toEqual((lanes[0]?.slots ?? []).map((slot) => [slot]));
  });

  test('a later writer has lanes of its own, over the same members', () => {
    const later = lanesOver(stores, 1, firstLaneAt(7_250));
    expect(later.map((l) => l.id)).toEqual(lanes.map((l) => 700 + l.id));
    expect(later.map((l) => l.slots)).toEqual(lanes.map((l) => l.slots));
    expect(Number.isSafeInteger(tokenOf(firstLaneAt(100 * 86_400_000) + 99, 9_999_999))).toBe(true);
    expect(() => lanesOver([{ name: 'kafka', members: 10 }], 10)).toThrow(RangeError);
  });

  test('a token names its lane and its number', () => {
    expect(numberOf(tokenOf(3, 17))).toEqual({ lane: 3, n: 17 });
  });
});

describe('a copy that is a consistent cut', () => {
  test('is proven', () => {
    const result = check(consistent());
    expect(result).toMatchObject({ lost: [], gaps: [], extra: [], duplicates: [], unknown: [], silentLanes: [] });
    expect(result.acknowledged).toBeGreaterThan(150);
    expect(isProven(result)).toBe(true);
  });

  test('beside the tokens of an earlier writer', () => {
    const shifted = lanes.map((l) => ({ ...l, id: l.id + 100 }));
    const told = history.map((s) => ({ ...s, lane: s.lane + 100 }));
    const found = new Map([...consistent()].map(([store, tokens]) => [store, [...tokens, ...tokens.map((t) => t + tokenOf(100, 0))]]));
    expect(isProven(checkProof(shifted, told, window, found))).toBe(true);
    expect(checkProof(shifted, told, window, consistent())).toMatchObject({ unknown: [], silentLanes: [] });
    expect(isProven(checkProof(shifted, told, window, consistent()))).toBe(false);
  });

  test('may end anywhere between the hold and the release, in every lane at its own place', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: lanes.length, maxLength: lanes.length }), (more) => {
        const last = (s: Sent): boolean => s.n <= (history.filter((h) => h.lane === s.lane && (h.ackedAt ?? Infinity) < window.heldAt).length) + (more[s.lane] ?? 0);
        return isProven(check(holding(history, (s) => last(s) && s.sentAt <= window.releasedAt)));
      }),
    );
  });

  test('may hold a token whose answer never came, or not', () => {
    const told = history.map((s) => (s.lane === 2 && s.n === 12 ? { lane: 2, n: 12, sentAt: s.sentAt, error: 'reset' } : s));
    expect(isProven(check(consistent(), told))).toBe(true);
    const without = holding(told, (s) => (s.ackedAt ?? Infinity) < 310);
    expect(isProven(check(without, told))).toBe(true);
  });
});

describe('what must be caught', () => {
  const change = (store: string, how: (tokens: number[]) => number[]): Map<string, number[]> => new Map([...consistent()].map(([name, tokens]) => [name, name === store ? how(tokens) : tokens]));

  test.each<[string, Map<string, number[]>, keyof ProofResult]>([
    ['an acknowledged token is missing at the end of a lane', change('kafka', (t) => t.filter((x) => numberOf(x).lane !== 2 || numberOf(x).n < 30)), 'lost'],
    ['one store is older than the others by five tokens of the ring', change('cassandra', (t) => t.filter((x) => numberOf(x).lane !== 0 || numberOf(x).n < 20)), 'gaps'],
    ['one store was cut after the release', new Map([...consistent(), ['postgresql', holding(history, () => true).get('postgresql') ?? []]]), 'extra'],
    ['a token is there twice', change('kafka', (t) => [...t, t[0] ?? 0]), 'duplicates'],
    ['a token was never sent', change('kafka', (t) => [...t, tokenOf(2, 5000)]), 'unknown'],
    ['a token of a lane that does not exist', change('kafka', (t) => [...t, tokenOf(77, 1)]), 'unknown'],
    ['a token is in a store to which it was not sent', change('kafka', (t) => [...t, tokenOf(0, 1)]), 'unknown'],
    ['a store is empty', change('postgresql', () => []), 'lost'],
    ['nothing was acknowledged in a lane', new Map(), 'silentLanes'],
  ])('%s', (name, found, where) => {
    const told = where === 'silentLanes' ? history.filter((s) => s.lane !== 4) : history;
    const result = check(found, told);
    expect(result[where]).not.toEqual([]);
    expect(isProven(result)).toBe(false);
  });

  test('any acknowledged token that is taken away', () => {
    fc.assert(
      fc.property(fc.constantFrom(...history.filter((s) => (s.ackedAt ?? Infinity) < window.heldAt)), (victim) => {
        const found = new Map([...consistent()].map(([name, tokens]) => [name, tokens.filter((t) => t !== tokenOf(victim.lane, victim.n))]));
        return !isProven(check(found));
      }),
    );
  });

  test('stores that were cut at different instants, whenever the difference is more than a round of the ring', () => {
    fc.assert(
      fc.property(fc.integer({ min: 80, max: 280 }), fc.integer({ min: 80, max: 200 }), (at, skew) => {
        const cuts: Record<string, number> = { postgresql: at, kafka: at, cassandra: at + skew };
        const found = holding(history, (s) => (s.ackedAt ?? Infinity) < (cuts[slotOf(lanes[s.lane] as Lane, s.n).store] ?? 0));
        // Whatever the window says: the ring alone shows it.
        return checkProof(lanes, history, { heldAt: 60, releasedAt: 1000 }, found).gaps.length > 0;
      }),
    );
  });

  test('a window that ends before it begins is no window', () => {
    expect(() => checkProof(lanes, history, { heldAt: 2, releasedAt: 1 }, consistent())).toThrow(RangeError);
  });

  test('no history at all proves nothing', () => {
    expect(isProven(check(new Map(), []))).toBe(false);
  });
});

describe('the longest gap', () => {
  test('is that of one lane, and ends after the instant', () => {
    const at = (lane: number, ackedAt: number): Sent => ({ lane, n: 1, sentAt: 0, ackedAt });
    const told = [at(0, 10), at(1, 11), at(0, 12), at(1, 30), { lane: 0, n: 2, sentAt: 0, error: 'x' }, at(0, 50), at(1, 52)];
    expect(longestGap(told)).toBe(38);
    expect(longestGap(told, 51)).toBe(22);
    expect(longestGap([])).toBe(0);
  });
});

describe('gaps between two instants', () => {
  const ack = (lane: number, ackedAt: number): Sent => ({ lane, n: 1, sentAt: 0, ackedAt });

  test('count from the first instant, and to the second where nothing came any more', () => {
    expect(gapsBetween([0, 1, 2], [ack(0, 110), ack(1, 130), ack(0, 115), ack(1, 190)], 100, 200)).toEqual(new Map([[0, 85], [1, 60], [2, 100]]));
  });

  test('failures end none', () => {
    expect(gapsBetween([0], [ack(0, 101), { lane: 0, n: 2, sentAt: 150, error: 'x' }, ack(0, 199)], 100, 200)).toEqual(new Map([[0, 98]]));
  });

  test('what came before or after is left out', () => {
    expect(gapsBetween([0], [ack(0, 90), ack(0, 150), ack(0, 210)], 100, 200)).toEqual(new Map([[0, 50]]));
  });
});
