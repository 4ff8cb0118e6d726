import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reasonsToKeep, superfluous, type KeptCopy, type Retention } from '../../../src/schedule/retention.js';

const hour = 3_600_000;
const none: Retention = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minVerified: 1 };
const copy = (at: string | number, more: Partial<KeptCopy> = {}): KeptCopy => {
  const instant = typeof at === 'number' ? at : Date.parse(at);
  return { name: new Date(instant).toISOString(), at: instant, verified: false, inUse: false, ...more };
};
const keptOf = (copies: readonly KeptCopy[], retention: Partial<Retention>, zone = 'UTC'): KeptCopy[] => {
  const gone = new Set(superfluous(copies, { ...none, ...retention }, zone));
  return copies.filter((c) => !gone.has(c));
};
const times = (copies: readonly KeptCopy[]): string[] => copies.map((c) => new Date(c.at).toISOString().slice(0, 16)).sort();

const retentions = fc.record({ last: fc.nat(3), hourly: fc.nat(4), daily: fc.nat(4), weekly: fc.nat(3), monthly: fc.nat(3), yearly: fc.nat(2), minVerified: fc.nat(3) }).filter((r) => r.last + r.hourly + r.daily + r.weekly + r.monthly + r.yearly > 0);
const begin = Date.parse('2026-01-01T00:00Z');
const histories = fc
  .uniqueArray(fc.record({ hours: fc.oneof(fc.nat(72), fc.nat(24 * 90), fc.nat(24 * 800)), verified: fc.boolean(), inUse: fc.integer({ min: 0, max: 9 }).map((n) => n === 0) }), { selector: (c) => c.hours, maxLength: 60 })
  .map((list) => list.map(({ hours, verified, inUse }) => copy(begin + hours * hour, { verified, inUse })));
const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia');

describe('retention', () => {
  test('keeps the newest of each period that has one', () => {
    const copies = ['2026-11-01T02:00Z', '2026-11-20T02:00Z', '2026-11-27T02:00Z', '2026-11-28T02:00Z', '2026-11-28T14:00Z', '2026-11-29T02:00Z'].map((at) => copy(at));
    expect(times(keptOf(copies, { daily: 2 }))).toEqual(['2026-11-28T14:00', '2026-11-29T02:00']);
    expect(times(keptOf(copies, { last: 1, weekly: 2 }))).toEqual(['2026-11-20T02:00', '2026-11-29T02:00']);
    // A day without a copy does not count.
    expect(times(keptOf(copies, { daily: 4 }))).toEqual(['2026-11-20T02:00', '2026-11-27T02:00', '2026-11-28T14:00', '2026-11-29T02:00']);
    expect(times(keptOf(copies, { monthly: 12, yearly: 5 }))).toEqual(['2026-11-29T02:00']);
  });

  test('weeks begin on Monday, and days at midnight of the time zone', () => {
    const copies = ['2026-11-29T22:30Z', '2026-11-29T23:30Z'].map((at) => copy(at));
    expect(times(keptOf(copies, { weekly: 2 }))).toEqual(['2026-11-29T23:30']);
    expect(times(keptOf(copies, { weekly: 2 }, 'Europe/Berlin'))).toEqual(['2026-11-29T22:30', '2026-11-29T23:30']);
    expect(times(keptOf(copies, { daily: 2 }, 'Europe/Berlin'))).toEqual(['2026-11-29T22:30', '2026-11-29T23:30']);
  });

  test('of an hour that the clock shows twice both count', () => {
    const copies = ['2026-10-25T00:30Z', '2026-10-25T01:30Z'].map((at) => copy(at));
    expect(keptOf(copies, { hourly: 5 }, 'Europe/Berlin')).toHaveLength(2);
  });

  test('says why it keeps', () => {
    const copies = [copy('2026-11-27T02:00Z', { verified: true }), copy('2026-11-28T02:00Z', { inUse: true }), copy('2026-11-29T02:00Z')];
    const reasons = reasonsToKeep(copies, { ...none, last: 1, daily: 1 }, 'UTC');
    expect(copies.map(({ name }) => reasons.get(name))).toEqual([['verified'], ['inUse'], ['last', 'daily']]);
  });

  test('the newest copy, the newest verified one, the last so many verified ones and what is in use always stay', () => {
    fc.assert(
      fc.property(histories, retentions, zones, (copies, retention, zone) => {
        const kept = new Set(keptOf(copies, retention, zone));
        const newest = (list: readonly KeptCopy[]): KeptCopy[] => [...list].sort((a, b) => b.at - a.at);
        for (const must of [...newest(copies).slice(0, 1), ...newest(copies.filter((c) => c.verified)).slice(0, Math.max(1, retention.minVerified)), ...copies.filter((c) => c.inUse)]) expect(kept.has(must)).toBe(true);
      }),
    );
  });

  test('nothing more stays than was asked for, and what stays stays when it is asked again', () => {
    fc.assert(
      fc.property(histories, retentions, zones, (copies, retention, zone) => {
        const kept = keptOf(copies, retention, zone);
        const { last, hourly, daily, weekly, monthly, yearly, minVerified } = retention;
        expect(kept.length).toBeLessThanOrEqual(last + hourly + daily + weekly + monthly + yearly + Math.max(1, minVerified) + copies.filter((c) => c.inUse).length);
        expect(keptOf(kept, retention, zone)).toEqual(kept);
      }),
    );
  });

  test('pruned after every copy the same is left as pruned once at the end', () => {
    fc.assert(
      fc.property(histories, retentions, zones, (copies, retention, zone) => {
        let left: KeptCopy[] = [];
        for (const next of [...copies].sort((a, b) => a.at - b.at)) left = keptOf([...left, next], retention, zone);
        expect(times(left)).toEqual(times(keptOf(copies, retention, zone)));
      }),
    );
  });

  test('asking for more never deletes more', () => {
    fc.assert(
      fc.property(histories, retentions, retentions, zones, (copies, a, b, zone) => {
        const both = Object.fromEntries((Object.keys(a) as (keyof Retention)[]).map((key) => [key, Math.max(a[key], b[key])]));
        const kept = new Set(keptOf(copies, both, zone));
        for (const c of keptOf(copies, a, zone)) expect(kept.has(c)).toBe(true);
      }),
    );
  });
});
