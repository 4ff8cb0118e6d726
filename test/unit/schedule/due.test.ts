import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dueAt, jitterOf } from '../../../src/schedule/due.js';
import { ticksOf } from '../../../src/schedule/ticks.js';

const minute = 60_000;
const at = (text: string): number => Date.parse(`2026-11-29T${text}Z`);
const every10 = ticksOf({ cron: '*/10 * * * *', timeZone: 'UTC' });
const plain = { delay: 0, deadline: undefined };

describe('dueAt', () => {
  test.each([
    ['nothing before the first tick', plain, { now: at('10:09'), since: at('10:01'), done: [] }, undefined, at('10:10')],
    ['a tick on its second', plain, { now: at('10:10'), since: at('10:01'), done: [] }, at('10:10'), at('10:20')],
    ['not again once it was done', plain, { now: at('10:10:01'), since: at('10:01'), done: [at('10:10')] }, undefined, at('10:20')],
    ['of several that were missed the last', plain, { now: at('11:05'), since: at('10:01'), done: [at('10:10')] }, at('11:00'), at('11:10')],
    ['none from before the schedule was in force', plain, { now: at('10:15'), since: at('10:12'), done: [at('09:50')] }, undefined, at('10:20')],
    ['later by the delay of the policy', { ...plain, delay: 3 * minute }, { now: at('10:12'), since: at('10:01'), done: [] }, undefined, at('10:13')],
    ['then', { ...plain, delay: 3 * minute }, { now: at('10:13'), since: at('10:01'), done: [] }, at('10:10'), at('10:23')],
    ['within its deadline', { ...plain, deadline: 5 * minute }, { now: at('10:15'), since: at('10:01'), done: [] }, at('10:10'), at('10:20')],
    ['not after its deadline', { ...plain, deadline: 5 * minute }, { now: at('10:15:01'), since: at('10:01'), done: [] }, undefined, at('10:20')],
    ['not twice after the clock was set back a little', plain, { now: at('10:08'), since: at('09:01'), done: [at('10:10')] }, undefined, at('10:20')],
    ['not never after the clock was ahead by days', plain, { now: at('10:08'), since: at('09:01'), done: [at('10:00'), Date.parse('2026-12-24T00:00Z')] }, undefined, at('10:10')],
    ['at once when the clock was set back behind all that is known', plain, { now: at('10:08'), since: Date.parse('2026-12-24T00:00Z'), done: [] }, at('10:00'), at('10:10')],
  ])('%s', (_, timing, position, tick, next) => {
    expect(dueAt(every10, timing, position)).toEqual({ tick, next });
  });

  test('what is due is the last tick that is over and was not done, whatever the clock did', () => {
    const instant = fc.integer({ min: 0, max: 600 }).map((m) => at('06:00') + m * minute);
    fc.assert(
      fc.property(instant, instant, fc.array(instant, { maxLength: 5 }), fc.integer({ min: 0, max: 15 }), (now, since, moments, delay) => {
        const done = moments.map((moment) => Math.floor(moment / (10 * minute)) * 10 * minute);
        const { tick, next } = dueAt(every10, { delay: delay * minute, deadline: undefined }, { now, since, done });
        const own = now - delay * minute;
        if (tick !== undefined) {
          expect(tick).toBeLessThanOrEqual(own);
          expect(own - tick).toBeLessThan(10 * minute);
          expect(done).not.toContain(tick);
        }
        // There is always a next one, and it is never more than two ticks away.
        expect(next).toBeGreaterThan(now);
        expect((next ?? Infinity) - now).toBeLessThanOrEqual(20 * minute);
      }),
    );
  });
});

describe('jitterOf', () => {
  test('is the same for a policy, within its bound, and spreads policies', () => {
    const delays = Array.from({ length: 1000 }, (_, i) => jitterOf(`uid-${i}`, 600_000));
    expect(delays.map((_, i) => jitterOf(`uid-${i}`, 600_000))).toEqual(delays);
    expect(delays.every((d) => d >= 0 && d < 600_000 && d % 1000 === 0)).toBe(true);
    const perMinute = Array.from({ length: 10 }, (_, m) => delays.filter((d) => Math.floor(d / minute) === m).length);
    expect(Math.min(...perMinute)).toBeGreaterThan(60);
    expect(jitterOf('uid', 0)).toBe(0);
  });
});
