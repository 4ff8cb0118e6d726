import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { surplusOf, type PlacedCopy } from '../../../src/schedule/places.js';
import { superfluous } from '../../../src/schedule/retention.js';
import { modelOf, type ModelCopy } from '../../e2e/policy/model.js';

const hour = 3_600_000;
const begin = Date.parse('2026-01-01T00:00Z');
const counts = fc.record({ last: fc.nat(3), hourly: fc.nat(4), daily: fc.nat(4), weekly: fc.nat(3), monthly: fc.nat(3), yearly: fc.nat(2), minVerified: fc.nat(3) }).filter((r) => r.last + r.hourly + r.daily + r.weekly + r.monthly + r.yearly > 0);
const histories = fc
  .uniqueArray(fc.record({ hours: fc.oneof(fc.nat(72), fc.nat(24 * 90), fc.nat(24 * 800)), verified: fc.boolean(), inUse: fc.integer({ min: 0, max: 9 }).map((n) => n === 0), copied: fc.boolean() }), { selector: (c) => c.hours, maxLength: 60 })
  .map((list) => list.map(({ hours, ...more }): ModelCopy => ({ name: `c${hours}`, due: begin + hours * hour, cut: true, ...more })));

test('the model of the long suite keeps what the retention keeps', () => {
  fc.assert(
    fc.property(histories, counts, counts, (copies, snapshots, target) => {
      const known = copies.map(({ name, due: at, verified, inUse }) => ({ name, at, verified, inUse }));
      const gone = new Set(superfluous(known, snapshots, 'UTC').map(({ name }) => name));
      expect(modelOf(copies, snapshots, target).snapshots).toEqual(known.map(({ name }) => name).filter((name) => !gone.has(name)).sort());
    }),
  );
});

test('and in both places, what is left when every copy was pruned that nobody wants', () => {
  fc.assert(
    fc.property(histories, counts, counts, (copies, snapshots, target) => {
      const placed = copies.map(({ name, due: at, verified, inUse, copied }): PlacedCopy => ({ name, at, verified, inUse, snapshots: true, targets: new Map([['s3', copied ? 'complete' : 'gone']]) }));
      const surplus = new Map(surplusOf(placed, { snapshots, targets: new Map([['s3', target]]), timeZone: 'UTC' }).map((entry) => [entry.name, entry] as const));
      const left = copies.filter(({ name }) => surplus.get(name)?.snapshots !== true).map(({ name }) => name);
      const there = copies.filter(({ name, copied }) => copied && surplus.get(name)?.targets.includes('s3') !== true).map(({ name }) => name);
      expect(modelOf(copies, snapshots, target)).toEqual({ snapshots: left.sort(), target: there.sort(), objects: [...new Set([...left, ...there])].sort() });
    }),
  );
});
