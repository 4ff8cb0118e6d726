import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { duration, durationMillis, durationWithin } from '../../../src/api/common.js';

describe('durations', () => {
  test.each([['10s', 10_000], ['100ms', 100], ['1m30s', 90_000], ['720h', 2_592_000_000], ['1h1m1s1ms', 3_661_001]])('%s is %d ms', (text, millis) => {
    expect(durationMillis(text)).toBe(millis);
  });
  test.each(['', '10', '1.5s', 's', '-1s', '1s1m', '1d'])('%j is refused', (text) => {
    expect(() => durationMillis(text)).toThrow(RangeError);
    expect(duration.safeParse(text).success).toBe(false);
  });
  test('whatever the schema lets pass has a length', () => {
    fc.assert(fc.property(fc.stringMatching(/^([0-9]{1,4}h)?([0-9]{1,4}m)?([0-9]{1,4}s)?([0-9]{1,4}ms)?$/), (text) => !duration.safeParse(text).success || durationMillis(text) >= 0));
  });
  test('bounds are inclusive, and a text that is no duration is refused without an exception', () => {
    const bounded = durationWithin('100ms', '10s');
    const passes = ['100ms', '99ms', '10s', '10s1ms', '', 'x', '1.5s'].map((t) => bounded.safeParse(t).success);
    expect(passes).toEqual([true, false, true, false, false, false, false]);
  });
});
