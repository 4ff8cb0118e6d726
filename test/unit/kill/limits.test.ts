import { describe, expect, test } from '@jest/globals';
import { anyGated, breaches, gapsByStore, latestEnd, limitsOf, restartSeconds, windowSeconds } from '../../e2e/kill/limits.js';
import type { Sent } from '../../proof/history.js';
import { lanesOver, type Lane } from '../../proof/lanes.js';
import { applicationsNamed } from '../../proof/applications.js';

const lanes = lanesOver([{ name: 'postgresql', members: 1 }, { name: 'kafka', members: 2 }, { name: 'cassandra', members: 1 }], 1);
const laneOf = (id: number): Lane => lanes[id] ?? { id, slots: [] };
/** The ring is the first; the others follow in its order, one for each member. */
const [ring, postgresql, kafka, cassandra, otherKafka] = [laneOf(0), laneOf(1), laneOf(2), laneOf(3), laneOf(4)];
const inTime = 10_000;
const failed = (lane: number, error: string): Sent => ({ lane, n: 1, sentAt: 0, error });
const gaps = (of: Readonly<Record<number, number>> = {}): Map<number, number> => new Map(lanes.map(({ id }) => [id, of[id] ?? 100]));

test('every application of the proof has its limits, and no other', () => {
  for (const { name } of applicationsNamed('')) expect([windowSeconds([name]) > 0, restartSeconds(name) >= 0]).toEqual([true, true]);
  expect(() => windowSeconds(['oracle'])).toThrow('oracle');
  expect(restartSeconds(undefined)).toBe(0);
});

test('the slowest application decides how long a window may take to open, the only gated one that there is a gate', () => {
  expect(windowSeconds(['postgresql'])).toBe(30);
  expect(windowSeconds(['postgresql', 'kafka'])).toBe(windowSeconds(['kafka']));
  expect([anyGated(['postgresql', 'kafka']), anyGated(['kafka', 'cassandra'])]).toEqual([false, true]);
});

test('holds are over a second after the longest MAX, without one after a second', () => {
  expect([latestEnd([{ maxHoldMillis: 9000 }, { maxHoldMillis: 10_000 }]), latestEnd([])]).toEqual([11_000, 1000]);
});

describe('limits of a lane', () => {
  test('are MAX and a second, without errors', () => {
    for (const lane of lanes) expect(limitsOf(lane, inTime, {})).toEqual({ gapMillis: 10_000, errors: false });
  });

  test('a killed container moves only those of lanes over its application', () => {
    for (const lane of [postgresql, cassandra]) expect(limitsOf(lane, inTime, { restarts: 'kafka' })).toEqual({ gapMillis: 10_000, errors: false });
    for (const lane of [ring, kafka, otherKafka]) expect(limitsOf(lane, inTime, { restarts: 'kafka' })).toEqual({ gapMillis: 10_000 + restartSeconds('kafka') * 1000, errors: true });
  });

  test('PostgreSQL is back within them when its container was killed', () => {
    expect(limitsOf(postgresql, inTime, { restarts: 'postgresql' })).toEqual({ gapMillis: inTime, errors: true });
  });

  test('a hold until MAX: TCP is late behind a gate, Kafka may tell of it, PostgreSQL does neither', () => {
    expect(limitsOf(postgresql, inTime, { longHold: true })).toEqual({ gapMillis: 10_000, errors: false });
    expect(limitsOf(kafka, inTime, { longHold: true })).toEqual({ gapMillis: 10_000, errors: true });
    expect(limitsOf(cassandra, inTime, { longHold: true })).toEqual({ gapMillis: 21_000, errors: false });
    expect(limitsOf(ring, inTime, { longHold: true })).toEqual({ gapMillis: 21_000, errors: true });
  });

  test('TCP that waits twice as long each time is never later than that', () => {
    const { gapMillis } = limitsOf(cassandra, inTime, { longHold: true });
    for (const first of [200, 240, 317, 1000]) {
      let [at, wait] = [first, first];
      while (at < inTime) [at, wait] = [at + 2 * wait, 2 * wait];
      expect(at).toBeLessThanOrEqual(gapMillis);
    }
  });
});

describe('breaches', () => {
  test('none when every lane is in time', () => {
    expect(breaches(lanes, { gaps: gaps({ 2: 10_000 }), failures: [] }, inTime, {})).toEqual([]);
  });

  test('names the lane, what it goes over, and what its clients saw', () => {
    const seen = { gaps: gaps({ 3: 10_001 }), failures: [failed(1, 'closed')] };
    expect(breaches(lanes, seen, inTime, {})).toEqual([
      { lane: 1, stores: ['postgresql'], gapMs: 100, limitMs: 10_000, errors: ['closed'] },
      { lane: 3, stores: ['cassandra'], gapMs: 10_001, limitMs: 10_000, errors: [] },
    ]);
  });

  test('errors of an application that was killed are none, those of another one are', () => {
    const failures = [failed(2, 'reset'), failed(1, 'closed')];
    expect(breaches(lanes, { gaps: gaps(), failures }, inTime, { restarts: 'kafka' }).map((b) => b.lane)).toEqual([1]);
  });

  test('a lane that was not watched is one', () => {
    expect(breaches(lanes, { gaps: new Map(), failures: [] }, inTime, {})).toHaveLength(lanes.length);
  });

});

test('gaps are told for each application and for the ring over them', () => {
  expect(gapsByStore(lanes, gaps({ 0: 500.4, 2: 30, 4: 70 }))).toEqual({ ring: 500, postgresql: 100, kafka: 70, cassandra: 100 });
  const alone = lanesOver([{ name: 'postgresql', members: 1 }], 3);
  expect(gapsByStore(alone, new Map(alone.map(({ id }) => [id, 10 + id])))).toEqual({ postgresql: 13 });
});
