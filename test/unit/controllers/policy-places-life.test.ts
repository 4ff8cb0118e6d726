import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CopyStatus } from '../../../src/api/appsnapshot.js';
import type { AppSnapshot, VolumePolicy } from '../../../src/api/kinds.js';
import { copiesOf } from '../../../src/controllers/volumepolicy/copies.js';
import { decide, type Release } from '../../../src/controllers/volumepolicy/decide.js';
import { superfluous, type Retention } from '../../../src/schedule/retention.js';
import { at, copyOfTick, readyStatus, volumePolicy, type ProtectedPolicy } from './policy-fixtures.js';

const minute = 60_000;
const targets = ['s3', 'nas'];
const nothing: Retention = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minVerified: 1 };
const retention = { s3: { last: 2, hourly: 3 }, nas: { last: 1 } } as const;

/** What happens in ten minutes of a namespace whose policy writes to two targets, one of them every half hour. */
type Event =
  | { readonly kind: 'pass' }
  | { readonly kind: 'away' | 'back' | 'moves'; readonly target: string }
  /** The operator dies in the middle of pruning. */
  | { readonly kind: 'killed'; readonly after: number }
  | { readonly kind: 'verified' };

const target = fc.constantFrom(...targets);
const events: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'pass' as const }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('moves' as const), target }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('away' as const, 'back' as const), target }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('killed' as const), after: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'verified' as const }) },
);

/** AppSnapshots do here what their controller does with what a policy asks of them. */
class PlacesWorld {
  now = at('10:00');
  policy: ProtectedPolicy = volumePolicy({ retention: { last: 2 }, copies: [{ targetRef: { name: 's3' }, retention: retention.s3 }, { targetRef: { name: 'nas' }, cron: '*/30 * * * *', retention: retention.nas }] });
  readonly snapshots = new Map<string, AppSnapshot>();
  readonly away = new Set<string>();
  /** What is in each target, whoever knows of it. */
  readonly contents = new Map(targets.map((name) => [name, new Set<string>()]));
  /** What was ever complete in each, and the verified ones. */
  readonly complete = new Map(targets.map((name) => [name, new Map<string, number>()]));
  readonly verified = new Set<string>();
  #left = Infinity;

  happen(event: Event): void {
    if (event.kind === 'pass') this.now += 10 * minute;
    if (event.kind === 'away') this.away.add(event.target);
    if (event.kind === 'back') this.away.delete(event.target);
    if (event.kind === 'moves') this.#move(event.target);
    if (event.kind === 'killed') this.#left = event.after;
    if (event.kind === 'verified') this.#verify();
    this.#live();
    this.#reconcile();
    this.#left = Infinity;
  }

  copy(snapshot: AppSnapshot, name: string): CopyStatus | undefined {
    return snapshot.status?.copies?.find((copy) => copy.target === name);
  }

  #reconcile(): void {
    for (let step = 0; step < 20; step += 1) {
      const plan = decide({ object: this.policy, copies: copiesOf(this.policy, [...this.snapshots.values()], () => false), now: this.now });
      if (plan.kind === 'adopt') this.#note({ schedule: plan.schedule });
      else if (plan.kind === 'copy') {
        const made = copyOfTick(this.policy, plan.tick);
        const copies = plan.targets.map((name): CopyStatus => ({ target: name, phase: 'Pending' }));
        this.snapshots.set(plan.name, { ...made, spec: { ...made.spec, copies: plan.targets.map((name) => ({ targetRef: { name }, deletionPolicy: 'Retain' })) }, status: readyStatus(plan.tick, { copies }) });
        this.#note({ lastTick: { at: new Date(plan.tick).toISOString(), name: plan.name } });
      } else if (plan.kind === 'settle') {
        for (const { name } of plan.remove) if ((this.#left -= 1) >= 0) this.snapshots.delete(name);
        for (const release of plan.release) if ((this.#left -= 1) >= 0) this.#release(release);
        return;
      } else throw new Error(plan.kind);
    }
    throw new Error('no end');
  }

  #note(change: Partial<NonNullable<VolumePolicy['status']>>): void {
    this.policy = { ...this.policy, status: { ...this.policy.status, observedGeneration: 1, ...change } };
  }

  #release({ copy, snapshots, targets: forget }: Release): void {
    const own = this.snapshots.get(copy.name)!;
    this.snapshots.set(copy.name, { ...own, spec: { ...own.spec, ...(snapshots ? { expiresAfter: '1m' } : {}), ...(forget.length > 0 ? { forgetCopies: [...(own.spec.forgetCopies ?? []), ...forget] } : {}) } });
  }

  /** One copy after the other goes a step on, as long as the target is there and its snapshots are. */
  #move(name: string): void {
    if (this.away.has(name)) return;
    const ready = [...this.snapshots.values()].filter((snapshot) => snapshot.status?.phase === 'Ready' && snapshot.spec.forgetCopies?.includes(name) !== true);
    const next = ready.find((snapshot) => this.copy(snapshot, name)?.phase === 'Copying') ?? ready.find((snapshot) => this.copy(snapshot, name)?.phase === 'Pending');
    if (next === undefined) return;
    this.contents.get(name)?.add(next.metadata.name);
    if (this.copy(next, name)?.phase === 'Pending') return this.#write(next, name, { phase: 'Copying', id: `set-${next.metadata.name}` });
    this.complete.get(name)?.set(next.metadata.name, Date.parse(next.metadata.annotations?.['stillpoint.dev/due-at'] ?? ''));
    this.#write(next, name, { phase: 'Complete' });
  }

  #live(): void {
    for (const known of this.snapshots.values()) {
      for (const name of targets) {
        const own = this.snapshots.get(known.metadata.name)!;
        const copy = this.copy(own, name);
        if (copy === undefined) continue;
        if (own.spec.expiresAfter !== undefined && ['Pending', 'Copying'].includes(copy.phase)) this.#write(own, name, { phase: 'Failed', reason: 'CopyUnfinished' });
        else if (own.spec.forgetCopies?.includes(name) === true && !this.away.has(name) && copy.phase !== 'Forgotten') {
          this.contents.get(name)?.delete(own.metadata.name);
          this.#write(own, name, { phase: 'Forgotten' });
        }
      }
      const own = this.snapshots.get(known.metadata.name)!;
      if (own.spec.expiresAfter !== undefined) this.snapshots.set(own.metadata.name, { ...own, status: { ...own.status, phase: 'Expired' } });
    }
  }

  #write(snapshot: AppSnapshot, name: string, change: Partial<CopyStatus>): void {
    const copies = snapshot.status?.copies?.map((copy) => (copy.target === name ? { ...copy, ...change } : copy));
    this.snapshots.set(snapshot.metadata.name, { ...snapshot, status: { ...snapshot.status, copies } });
  }

  #verify(): void {
    const newest = [...this.snapshots.values()].filter((snapshot) => snapshot.status?.phase === 'Ready').at(-1);
    if (newest === undefined) return;
    this.verified.add(newest.metadata.name);
    this.snapshots.set(newest.metadata.name, { ...newest, status: { ...newest.status, verified: { at: new Date(this.now).toISOString(), by: 'shop/drill', checks: 1 } } });
  }
}

test('whatever targets and the operator do: nothing is in a target without its AppSnapshot, and in the end each target has what its retention keeps', () => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 60 }), (life) => {
      const world = new PlacesWorld();
      world.happen({ kind: 'pass' });
      for (const event of life) {
        world.happen(event);
        for (const name of targets) for (const there of world.contents.get(name)!) expect(world.snapshots.has(there)).toBe(true);
      }
      // Everything is well, and no tick comes any more.
      const { schedule } = world.policy.spec.protection;
      world.policy = { ...world.policy, spec: { ...world.policy.spec, protection: { ...world.policy.spec.protection, schedule: { ...schedule, suspend: true } } } };
      for (const name of targets) world.happen({ kind: 'back', target: name });
      for (let i = 0; i < 2 * life.length + 10; i += 1) for (const name of targets) world.happen({ kind: 'moves', target: name });
      for (const name of ['s3', 'nas'] as const) {
        const all = [...world.complete.get(name)!].map(([copy, due]) => ({ name: copy, at: due, verified: world.verified.has(copy), inUse: false }));
        const gone = new Set(superfluous(all, { ...nothing, ...retention[name] }, 'UTC').map((copy) => copy.name));
        expect([...world.contents.get(name)!].sort()).toEqual(all.map((copy) => copy.name).filter((copy) => !gone.has(copy)).sort());
      }
      const ready = [...world.snapshots.values()].filter((snapshot) => snapshot.status?.phase === 'Ready');
      expect(ready.length).toBeLessThanOrEqual(3);
      const places = (snapshot: AppSnapshot): string[] => targets.filter((name) => world.contents.get(name)!.has(snapshot.metadata.name));
      expect([...world.snapshots.values()].filter((snapshot) => snapshot.status?.phase === 'Expired' && places(snapshot).length === 0)).toEqual([]);
    }),
    { numRuns: 80 },
  );
});

test('while a target is away its snapshots do not pile up', () => {
  const world = new PlacesWorld();
  world.happen({ kind: 'pass' });
  world.happen({ kind: 'moves', target: 's3' });
  for (const name of targets) world.happen({ kind: 'away', target: name });
  for (let i = 0; i < 30; i += 1) world.happen({ kind: 'pass' });
  // Two by the retention, of which one is the newest for s3, the one that is being written there, and the newest for nas.
  expect([...world.snapshots.values()].filter((snapshot) => snapshot.status?.phase === 'Ready').length).toBeLessThanOrEqual(4);
});
