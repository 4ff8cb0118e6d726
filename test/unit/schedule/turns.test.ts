import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ticksOf } from '../../../src/schedule/ticks.js';
import { goesTo } from '../../../src/schedule/turns.js';
import { modelTicks, wallMinutes } from './wall-clock.js';

const minute = 60_000;
const at = (text: string): number => Date.parse(`2026-11-29T${text}Z`);
const nightly = ticksOf({ cron: '30 2 * * *', timeZone: 'UTC' });

describe('goesTo', () => {
  test.each([
    ['without a cadence every copy', undefined, [at('10:00')], at('10:10'), true],
    ['a target that has none yet gets the next one', nightly, [], at('10:10'), true],
    ['none until the time has come', nightly, [at('02:30')], at('10:10'), false],
    ['the first one after it', nightly, [at('02:20')], at('02:40'), true],
    ['one at that very time', nightly, [at('02:20')], at('02:30'), true],
    ['not the second one', nightly, [at('02:20'), at('02:40')], at('02:50'), false],
    ['the same for the same tick once more', nightly, [at('02:40')], at('02:40'), false],
    ['what a clock that was ahead has made serves none of now', nightly, [at('01:00'), Date.parse('2027-12-24T00:00Z')], at('02:40'), true],
  ])('%s', (_, ticks, served, tick, goes) => {
    expect(goesTo(ticks, served, tick)).toBe(goes);
  });

  /** The model: at every minute that the cadence names a copy is owed, and the next one that does not fail pays. */
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York');
  const crons = fc.constantFrom('0 * * * *', '30 2 * * *', '15 */6 * * *', '0 0 * * 0', '45 1 26 10 *');
  const span = { from: '2026-10-23T00:00Z', until: '2026-10-27T00:00Z' };
  // So that the test is over in time: one model for each pair.
  const models = new Map<string, readonly number[]>();
  const modelOf = (cron: string, zone: string): readonly number[] => {
    const known = models.get(`${cron} ${zone}`) ?? modelTicks(cron, wallMinutes(zone, span.from, span.until));
    models.set(`${cron} ${zone}`, known);
    return known;
  };

  test('over changes of clocks, missed and failed copies each time of the cadence is paid for by the first good copy after it, once', () => {
    const copies = fc.uniqueArray(fc.record({ quarter: fc.nat(4 * 24 * 4 - 1), fails: fc.integer({ min: 0, max: 4 }).map((n) => n === 0) }), { selector: (copy) => copy.quarter, maxLength: 60 });
    fc.assert(
      fc.property(crons, zones, copies, (cron, timeZone, made) => {
        const ticks = ticksOf({ cron, timeZone });
        const named = modelOf(cron, timeZone);
        const served: number[] = [];
        let paidUntil = -Infinity;
        for (const { quarter, fails } of [...made].sort((a, b) => a.quarter - b.quarter)) {
          const tick = Date.parse(span.from) + quarter * 15 * minute;
          const owed = paidUntil === -Infinity || named.some((time) => time > paidUntil && time <= tick);
          expect(goesTo(ticks, served, tick)).toBe(owed);
          if (!owed || fails) continue;
          served.push(tick);
          paidUntil = tick;
        }
      }),
      { numRuns: 200 },
    );
  });
});
