import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ticksOf } from '../../../src/schedule/ticks.js';
import { modelTicks, wallMinutes } from './wall-clock.js';

const minute = 60_000;

/** Days around what makes wall clocks difficult. */
const stretches = (
  [
    ['Europe/Berlin', '2026-03-28T00:00Z', '2026-03-31T00:00Z'],
    ['Europe/Berlin', '2026-10-24T00:00Z', '2026-10-27T00:00Z'],
    ['America/New_York', '2026-03-07T00:00Z', '2026-03-10T00:00Z'],
    ['America/New_York', '2026-10-31T00:00Z', '2026-11-03T00:00Z'],
    ['America/Sao_Paulo', '2018-11-03T00:00Z', '2018-11-06T00:00Z'], // forward at midnight
    ['America/Sao_Paulo', '2018-02-17T00:00Z', '2018-02-20T00:00Z'], // back at midnight
    ['Australia/Lord_Howe', '2026-10-02T12:00Z', '2026-10-05T12:00Z'], // by half an hour
    ['Australia/Lord_Howe', '2026-04-03T12:00Z', '2026-04-06T12:00Z'],
    ['Pacific/Apia', '2011-12-28T00:00Z', '2012-01-01T00:00Z'], // a day that never was
    ['Africa/Casablanca', '2026-02-14T00:00Z', '2026-02-17T00:00Z'],
    ['Asia/Kathmandu', '2028-02-28T00:00Z', '2028-03-02T00:00Z'], // a leap day, 5:45 ahead
    ['UTC', '2027-02-27T00:00Z', '2027-03-02T00:00Z'],
  ] as const
).map(([timeZone, from, until]) => ({ timeZone, from: Date.parse(from), until: Date.parse(until), minutes: wallMinutes(timeZone, from, until) }));

const number = (least: number, most: number): fc.Arbitrary<string> => fc.integer({ min: least, max: most }).map(String);
const range = (least: number, most: number): fc.Arbitrary<string> => fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most })).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
const field = (least: number, most: number, star: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: star, arbitrary: fc.constant('*') },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: most }).map((n) => `*/${n}`) },
    { weight: 3, arbitrary: fc.array(fc.oneof(number(least, most), range(least, most), fc.tuple(range(least, most), fc.integer({ min: 1, max: 7 })).map(([r, n]) => `${r}/${n}`)), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(',')) },
  );
/** Mostly at night, where clocks are changed. */
const hours = fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, { weight: 3, arbitrary: fc.constantFrom('0', '1', '2', '3', '23', '1-3', '0,2', '*/2') }, { weight: 2, arbitrary: field(0, 23, 1) });
const crons = fc.tuple(field(0, 59, 1), hours, field(1, 31, 6), field(1, 12, 12), field(0, 7, 6)).map((fields) => fields.join(' '));
/** By number: whole stretches would be in the message of a failure. */
const stretch = fc.nat({ max: stretches.length - 1 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const stretchAt = (i: number): (typeof stretches)[number] => stretches[i]!;

describe('ticks', () => {
  test('are those of a model that looks at every minute, where clocks are changed and where they are not', () => {
    fc.assert(
      fc.property(stretch, crons, share, (i, cron, share) => {
        const { timeZone, from, until, minutes } = stretchAt(i);
        const ticks = ticksOf({ cron, timeZone });
        const found: number[] = [];
        // The model has no past: what is made up for in its first day it cannot know.
        const begin = Math.floor(from + 1440 * minute + share * (until - from - 1440 * minute));
        for (let at = ticks.after(begin); at !== undefined && at < until && found.length < 100; at = ticks.after(at)) found.push(at);
        expect(found.map(text)).toEqual(modelTicks(cron, minutes).filter((at) => at > begin).slice(0, 100).map(text));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test('the next and the last one are those of the model from any instant on', () => {
    fc.assert(
      fc.property(stretch, crons, share, share, (i, cron, a, b) => {
        const { timeZone, from, until, minutes } = stretchAt(i);
        const begin = from + 1440 * minute;
        const [since, now] = [a, b].map((part) => Math.floor(begin + part * (until - begin - 1))).sort((x, y) => x - y) as [number, number];
        const ticks = ticksOf({ cron, timeZone });
        const model = modelTicks(cron, minutes);
        const next = ticks.after(now);
        expect(text(next !== undefined && next < until ? next : undefined)).toEqual(text(model.find((at) => at > now)));
        expect(text(ticks.latest(since, now))).toEqual(text(model.filter((at) => at > since && at <= now).at(-1)));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test.each([
    ['left out by the wall clock: at the change', '30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', ['2026-03-29T01:00Z', '2026-03-30T00:30Z']],
    ['shown twice: the first time', '30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', ['2026-10-25T00:30Z', '2026-10-26T01:30Z']],
    ['every hour: also the one that comes twice', '30 * * * *', 'Europe/Berlin', '2026-10-24T23:45Z', ['2026-10-25T00:30Z', '2026-10-25T01:30Z', '2026-10-25T02:30Z']],
    ['every hour: not the one that is left out', '30 * * * *', 'Europe/Berlin', '2026-03-29T00:00Z', ['2026-03-29T00:30Z', '2026-03-29T01:30Z']],
    ['a leap day', '0 0 29 2 *', 'UTC', '2026-01-01T00:00Z', ['2028-02-29T00:00Z', '2032-02-29T00:00Z']],
    ['a leap day across a century that has none', '0 0 29 2 *', 'UTC', '2096-03-01T00:00Z', ['2104-02-29T00:00Z']],
    ['names', '0 6 * JAN-MAR SAT,SUN', 'UTC', '2026-03-27T00:00Z', ['2026-03-28T06:00Z', '2026-03-29T06:00Z', '2027-01-02T06:00Z']],
    ['day of month or day of week', '0 0 13 * 5', 'UTC', '2026-01-03T00:00Z', ['2026-01-09T00:00Z', '2026-01-13T00:00Z', '2026-01-16T00:00Z']],
  ])('%s', (_, cron, timeZone, from, expected) => {
    const ticks = ticksOf({ cron, timeZone });
    let at: number | undefined = Date.parse(from);
    const found = expected.map(() => (at = at === undefined ? undefined : ticks.after(at)));
    expect(found.map(text)).toEqual(expected.map((time) => text(Date.parse(time))));
  });

  test('a date that never comes has none', () => {
    const ticks = ticksOf({ cron: '0 0 30 2 *', timeZone: 'UTC' });
    expect(ticks.after(0)).toBeUndefined();
    expect(ticks.latest(0, Date.parse('2026-01-01T00:00Z'))).toBeUndefined();
  });

  test('the last tick after years of every minute is found without counting them', () => {
    const ticks = ticksOf({ cron: '* * * * *', timeZone: 'Europe/Berlin' });
    const until = Date.parse('2026-11-29T10:11:12Z');
    expect(text(ticks.latest(Date.parse('2020-01-01T00:00Z'), until))).toBe(text(Date.parse('2026-11-29T10:11:00Z')));
  });

  test.each([
    ['5-1 * * * *', 'UTC', /larger than/],
    ['0 0 * * *', 'Mars/Base', /time zone/],
  ])('%s in %s is refused in words', (cron, timeZone, says) => {
    expect(() => ticksOf({ cron, timeZone })).toThrow(says);
  });
});

function text(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
