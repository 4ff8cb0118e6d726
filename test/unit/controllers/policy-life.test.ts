import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AppSnapshot, VolumePolicy } from '../../../src/api/kinds.js';
import { copiesOf } from '../../../src/controllers/volumepolicy/copies.js';
import { decide } from '../../../src/controllers/volumepolicy/decide.js';
import { at, copyOfTick, readyStatus, volumePolicy, type ProtectedPolicy } from './policy-fixtures.js';

const minute = 60_000;
const period = 10 * minute;

/** What happens in the life of a policy. */
type Event =
  | { readonly kind: 'pass'; readonly minutes: number }
  /** The operator is away, and comes back. */
  | { readonly kind: 'away'; readonly minutes: number }
  /** It is killed between making a copy and noting it, and the next one looks at once. */
  | { readonly kind: 'killed' }
  /** The copy that is under way ends. */
  | { readonly kind: 'ends'; readonly well: boolean }
  /** Its wall clock is set. */
  | { readonly kind: 'clock'; readonly minutes: number }
  | { readonly kind: 'suspend' };

const events: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 3 }).map((n) => 5 * n) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('away' as const), minutes: fc.integer({ min: 1, max: 200 }) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'killed' as const }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('ends' as const), well: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'suspend' as const }) },
);
const steady = fc.array(events, { maxLength: 30 });
const withClocks = fc.array(fc.oneof({ weight: 8, arbitrary: events }, { weight: 1, arbitrary: fc.record({ kind: fc.constant('clock' as const), minutes: fc.integer({ min: -300, max: 300 }) }) }), { maxLength: 30 });

/** A policy with a copy every ten minutes, at an API server that forgets nothing. */
class PolicyWorld {
  now = at('10:00');
  policy: ProtectedPolicy = volumePolicy({ retention: { last: 2, hourly: 2 } });
  readonly copies = new Map<string, AppSnapshot>();
  /** How often a copy was made for a tick. */
  readonly made = new Map<number, number>();
  readonly violations: string[] = [];
  #kill = false;

  happen(event: Event): void {
    switch (event.kind) {
      case 'pass':
        for (let i = 0; i < event.minutes; i += 5) {
          this.now += 5 * minute;
          this.reconcile();
        }
        return;
      case 'away':
        this.now += event.minutes * minute;
        return this.reconcile();
      case 'killed':
        this.#kill = true;
        return this.reconcile();
      case 'ends':
        this.#end(event.well);
        return this.reconcile();
      case 'clock':
        this.now += event.minutes * minute;
        return this.reconcile();
      case 'suspend': {
        const { schedule } = this.policy.spec.protection;
        this.policy = { ...this.policy, spec: { ...this.policy.spec, protection: { ...this.policy.spec.protection, schedule: { ...schedule, suspend: !schedule.suspend } } } };
        return this.reconcile();
      }
    }
  }

  get underWay(): AppSnapshot[] {
    return [...this.copies.values()].filter((copy) => copy.status?.phase === undefined);
  }

  /** decide and act until nothing is left to be done, as src/controllers/volumepolicy does it. */
  reconcile(): void {
    for (let step = 0; step < 20; step += 1) {
      const plan = decide({ object: this.policy, copies: copiesOf(this.policy, [...this.copies.values()], () => false), now: this.now });
      switch (plan.kind) {
        case 'adopt':
          this.#note({ schedule: plan.schedule });
          break;
        case 'copy':
          this.#copy(plan.tick, plan.name);
          if (this.#kill) {
            this.#kill = false;
            break;
          }
          this.#note({ lastTick: { at: new Date(plan.tick).toISOString(), name: plan.name } });
          break;
        case 'settle':
          for (const copy of plan.remove) this.copies.delete(copy.name);
          return;
        default:
          throw new Error(plan.kind);
      }
    }
    this.violations.push('no end');
  }

  #copy(tick: number, name: string): void {
    if (this.policy.spec.protection.schedule.suspend) this.violations.push('made while suspended');
    if (tick > this.now) this.violations.push(`${name} was made before it was due`);
    if (this.copies.has(name)) return;
    if (this.underWay.length > 0) this.violations.push(`${name} was begun beside ${this.underWay[0]?.metadata.name ?? ''}`);
    this.made.set(tick, (this.made.get(tick) ?? 0) + 1);
    this.copies.set(name, copyOfTick(this.policy, tick));
  }

  #end(well: boolean): void {
    for (const copy of this.underWay) this.copies.set(copy.metadata.name, { ...copy, status: well ? readyStatus(this.now) : { phase: 'Failed' } });
  }

  #note(change: Partial<NonNullable<VolumePolicy['status']>>): void {
    this.policy = { ...this.policy, status: { ...this.policy.status, observedGeneration: 1, ...change } };
  }
}

test('no tick has two copies, no copy is begun beside another, and the last tick is always made up for', () => {
  fc.assert(
    fc.property(steady, (life) => {
      const world = new PolicyWorld();
      world.reconcile();
      for (const event of life) {
        world.happen(event);
        const { schedule } = world.policy.status ?? {};
        const last = Math.floor(world.now / period) * period;
        if (schedule === undefined || last <= Date.parse(schedule.since) || world.underWay.length > 0) continue;
        expect(world.made.get(last)).toBe(1);
      }
      expect(world.violations).toEqual([]);
      expect([...world.made.values()].filter((times) => times > 1)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('of all that is missed while nobody works one copy is made up for', () => {
  fc.assert(
    fc.property(steady, fc.integer({ min: 10, max: 3000 }), (life, away) => {
      const world = new PolicyWorld();
      world.reconcile();
      for (const event of life) world.happen(event);
      world.happen({ kind: 'ends', well: true });
      const before = [...world.made.keys()].length;
      world.happen({ kind: 'away', minutes: away });
      expect([...world.made.keys()].length - before).toBeLessThanOrEqual(1);
    }),
  );
});

test('whatever is done to the clock, nothing is begun beside another copy, and within three ticks there is a new one', () => {
  fc.assert(
    fc.property(withClocks, (life) => {
      const world = new PolicyWorld();
      world.reconcile();
      for (const event of life) world.happen(event);
      expect(world.violations).toEqual([]);
      if (world.policy.spec.protection.schedule.suspend) world.happen({ kind: 'suspend' });
      world.happen({ kind: 'ends', well: true });
      // Hours that the clock shows for the second time have their copies already: it goes on behind the newest of them.
      const shown = Math.max(0, ...[...world.copies.values()].map((copy) => Date.parse(copy.metadata.creationTimestamp)));
      world.now = Math.max(world.now, shown);
      const before = world.made.size;
      for (let i = 0; i < 7; i += 1) {
        world.happen({ kind: 'pass', minutes: 5 });
        world.happen({ kind: 'ends', well: true });
      }
      expect(world.made.size).toBeGreaterThan(before);
    }),
    { numRuns: 60 },
  );
});
