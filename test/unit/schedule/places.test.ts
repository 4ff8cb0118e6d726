import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { surplusOf, type PlacedCopy, type PlaceState, type Retentions, type Surplus } from '../../../src/schedule/places.js';
import { superfluous, type Retention } from '../../../src/schedule/retention.js';

const hour = 3_600_000;
const begin = Date.parse('2026-11-01T00:00Z');
const none: Retention = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minVerified: 1 };
const keep = (counts: Partial<Retention>): Retention => ({ ...none, ...counts });
const retentionsOf = (snapshots: Retention, targets: Record<string, Retention>): Retentions => ({ snapshots, targets: new Map(Object.entries(targets)), timeZone: 'UTC' });
const copy = (n: number, targets: Record<string, PlaceState> = {}, more: Partial<PlacedCopy> = {}): PlacedCopy => ({ name: `c${String(n).padStart(4, '0')}`, at: begin + n * hour, verified: false, inUse: false, snapshots: true, targets: new Map(Object.entries(targets)), ...more });
const of = (list: readonly Surplus[], name: string): Surplus | undefined => list.find((entry) => entry.name === name);

describe('surplusOf', () => {
  test('without targets it is what the retention leaves, whole', () => {
    const copies = [1, 2, 3].map((n) => copy(n));
    expect(surplusOf(copies, retentionsOf(keep({ last: 1 }), {}))).toEqual(['c0001', 'c0002'].map((name) => ({ name, snapshots: true, targets: [], whole: true })));
  });

  test('snapshots go and the copy in the target stays, as long as its own retention says', () => {
    const copies = [1, 2, 3, 4].map((n) => copy(n, { s3: 'complete' }));
    const surplus = surplusOf(copies, retentionsOf(keep({ last: 1 }), { s3: keep({ last: 3 }) }));
    expect(surplus).toEqual([
      { name: 'c0001', snapshots: true, targets: ['s3'], whole: false },
      { name: 'c0002', snapshots: true, targets: [], whole: false },
      { name: 'c0003', snapshots: true, targets: [], whole: false },
    ]);
    // Only when the target has forgotten it the object goes.
    expect(of(surplusOf([copy(1, { s3: 'gone' }, { snapshots: false }), ...copies.slice(1)], retentionsOf(keep({ last: 1 }), { s3: keep({ last: 3 }) })), 'c0001')).toEqual({ name: 'c0001', snapshots: false, targets: [], whole: true });
  });

  test('each target by its own retention, also while snapshots stay', () => {
    const copies = [1, 2, 3].map((n) => copy(n, { s3: 'complete', nas: 'complete' }));
    expect(surplusOf(copies, retentionsOf(keep({ last: 3 }), { s3: keep({ last: 3 }), nas: keep({ last: 1 }) }))).toEqual([1, 2].map((n) => ({ name: `c000${n}`, snapshots: false, targets: ['nas'], whole: false })));
  });

  test('a target that is not named keeps what it has; what was given up goes', () => {
    const copies = [copy(1, { old: 'complete' }), copy(2, { old: 'left' }), copy(3)];
    expect(surplusOf(copies, retentionsOf(keep({ last: 1 }), {}))).toEqual([
      { name: 'c0001', snapshots: true, targets: [], whole: false },
      { name: 'c0002', snapshots: true, targets: ['old'], whole: false },
    ]);
  });

  test('while a target is away the snapshots of two wait for it: of the one that is being written, and of the newest', () => {
    const copies = [copy(1, { s3: 'complete' }), copy(2, { s3: 'begun' }), copy(3, { s3: 'begun' }), copy(4, { s3: 'open' }), copy(5, { s3: 'open' }), copy(6)];
    const surplus = surplusOf(copies, retentionsOf(keep({ last: 1 }), { s3: keep({ last: 1 }) }));
    expect(surplus.filter(({ snapshots }) => snapshots).map(({ name }) => name)).toEqual(['c0001', 'c0003', 'c0004']);
    // The newest that is complete stays until another is.
    expect(surplus.flatMap(({ targets }) => targets)).toEqual([]);
    expect(surplus.filter(({ whole }) => whole).map(({ name }) => name)).toEqual(['c0004']);
  });

  const retentions = fc.record({ last: fc.nat(3), hourly: fc.nat(4), daily: fc.nat(3), weekly: fc.nat(2), monthly: fc.nat(2), yearly: fc.nat(1), minVerified: fc.nat(2) }).filter((r) => r.last + r.hourly + r.daily + r.weekly + r.monthly + r.yearly > 0);
  const places: fc.Arbitrary<PlaceState | undefined> = fc.constantFrom(undefined, 'open', 'begun', 'complete', 'left', 'gone');
  const histories = fc
    .uniqueArray(fc.record({ n: fc.nat(400), verified: fc.boolean(), inUse: fc.integer({ min: 0, max: 9 }).map((d) => d === 0), snapshots: fc.boolean(), s3: places, nas: places }), { selector: (c) => c.n, maxLength: 30 })
    .map((list) => list.map(({ n, s3, nas, ...more }) => copy(n, { ...(s3 === undefined ? {} : { s3 }), ...(nas === undefined ? {} : { nas }) }, more)));
  const newest = (list: readonly PlacedCopy[]): PlacedCopy[] => [...list].sort((a, b) => b.at - a.at);

  test('in every place the newest, the newest verified ones and what is in use stay; no object goes from which something can still be restored', () => {
    fc.assert(
      fc.property(histories, retentions, retentions, (copies, snapshots, s3) => {
        const surplus = surplusOf(copies, retentionsOf(snapshots, { s3 }));
        const protectedOf = (list: readonly PlacedCopy[], { minVerified }: Retention): PlacedCopy[] => [...newest(list).slice(0, 1), ...newest(list.filter((c) => c.verified)).slice(0, Math.max(1, minVerified)), ...list.filter((c) => c.inUse)];
        for (const { name } of protectedOf(copies.filter((c) => c.snapshots), snapshots)) expect(of(surplus, name)?.snapshots ?? false).toBe(false);
        const complete = copies.filter((c) => c.targets.get('s3') === 'complete');
        for (const { name } of protectedOf(complete, s3)) expect(of(surplus, name)?.targets.includes('s3') ?? false).toBe(false);
        for (const entry of surplus.filter(({ whole }) => whole)) {
          const own = copies.find((c) => c.name === entry.name)!;
          expect(own.inUse).toBe(false);
          expect(own.snapshots && !entry.snapshots).toBe(false);
          expect([...own.targets.values()].filter((state) => state !== 'open' && state !== 'gone')).toEqual([]);
        }
        // Of a target that is not named only what was given up.
        for (const { name, targets } of surplus) if (targets.includes('nas')) expect(copies.find((c) => c.name === name)!.targets.get('nas')).toBe('left');
      }),
      { numRuns: 300 },
    );
  });

  /** What happens to copies in the storage and in a target that is away at times, and how the policy prunes them meanwhile. */
  const events = fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant('tick' as const) }, { weight: 4, arbitrary: fc.constant('moves' as const) }, { weight: 3, arbitrary: fc.constant('prunes' as const) }, { weight: 1, arbitrary: fc.constant('verified' as const) }), { maxLength: 80 });

  test('whenever it is pruned, and whatever the target was away for: in the end each place has what its retention keeps of all that was ever whole there, and no copy is anywhere without its object', () => {
    fc.assert(
      fc.property(events, retentions, retentions, (life, snapshots, s3) => {
        let copies: PlacedCopy[] = [];
        const wholeIn = { snapshots: new Map<string, PlacedCopy>(), s3: new Map<string, PlacedCopy>() };
        const settings = retentionsOf(snapshots, { s3 });
        const put = (next: PlacedCopy): void => {
          copies = copies.map((c) => (c.name === next.name ? next : c));
          for (const known of Object.values(wholeIn)) if (known.has(next.name)) known.set(next.name, next);
          if (next.targets.get('s3') === 'complete') wholeIn.s3.set(next.name, next);
        };
        const move = (): void => {
          const open = copies.find((c) => c.snapshots && c.targets.get('s3') === 'begun') ?? copies.find((c) => c.snapshots && c.targets.get('s3') === 'open');
          if (open !== undefined) put({ ...open, targets: new Map([['s3', open.targets.get('s3') === 'open' ? 'begun' : 'complete']]) });
        };
        const prune = (): void => {
          for (const { name, whole, ...gone } of surplusOf(copies, settings)) {
            const own = copies.find((c) => c.name === name)!;
            if (whole) copies = copies.filter((c) => c !== own);
            else {
              const state = own.targets.get('s3')!;
              const next = gone.targets.includes('s3') ? 'gone' : gone.snapshots && state === 'begun' ? 'left' : gone.snapshots && state === 'open' ? 'gone' : state;
              put({ ...own, snapshots: own.snapshots && !gone.snapshots, targets: new Map([['s3', next]]) });
            }
            if (whole) expect(['gone', 'open']).toContain(own.targets.get('s3'));
          }
        };
        for (const [i, event] of life.entries()) {
          if (event === 'tick') {
            const made = copy(i * 7, { s3: 'open' });
            copies = [...copies, made];
            wholeIn.snapshots.set(made.name, made);
          } else if (event === 'moves') move();
          else if (event === 'prunes') prune();
          else if (copies.length > 0) {
            const [own] = newest(copies.filter((c) => c.snapshots));
            if (own !== undefined) put({ ...own, verified: true });
          }
          if (event === 'prunes') {
            // However long a target is away, it holds two back.
            const most = snapshots.last + snapshots.hourly + snapshots.daily + snapshots.weekly + snapshots.monthly + snapshots.yearly + Math.max(1, snapshots.minVerified) + 2;
            expect(copies.filter((c) => c.snapshots).length).toBeLessThanOrEqual(most);
          }
        }
        for (let i = 0; i < 2 * life.length + 4; i += 1) {
          move();
          prune();
        }
        const kept = (known: ReadonlyMap<string, PlacedCopy>, retention: Retention): string[] => {
          const gone = new Set(superfluous([...known.values()], retention, 'UTC').map(({ name }) => name));
          return [...known.keys()].filter((name) => !gone.has(name)).sort();
        };
        expect(copies.filter((c) => c.snapshots).map(({ name }) => name).sort()).toEqual(kept(wholeIn.snapshots, snapshots));
        expect(copies.filter((c) => c.targets.get('s3') === 'complete').map(({ name }) => name).sort()).toEqual(kept(wholeIn.s3, s3));
        expect(copies.filter((c) => !c.snapshots && c.targets.get('s3') !== 'complete')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
