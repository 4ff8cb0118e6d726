import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { silentLogger } from '../../../src/observability/logger.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { Client } from '../../../src/runtime/client.js';
import { sleep, type Clock } from '../../../src/runtime/clock.js';
import type { LeaderElector } from '../../../src/runtime/leader-elector.js';
import { createLeaderElector } from '../../../src/runtime/leader-elector.js';
import type { Lease } from '../../../src/runtime/lease-record.js';
import { FakeClock } from './fake-clock.js';

/** One Lease with optimistic locking, and what a bad network does to requests. */
class LeaseBox {
  lease: Lease | undefined;
  writes = 0;
  #version = 0;

  client(clock: Clock, fault: () => Fault = () => 'none'): Pick<Client, 'get' | 'create' | 'replace'> {
    const through = async <T>(act: () => T): Promise<T> => {
      const kind = fault();
      if (kind === 'hang') await sleep(clock, 30_000);
      if (kind === 'slow') await sleep(clock, 1_500);
      if (kind === 'refused' || kind === 'hang') throw new ApiError({ code: 0, reason: 'Unreachable', message: 'no connection' });
      if (kind === 'delayed') await sleep(clock, 12_000);
      const answer = act();
      if (kind === 'late') await sleep(clock, 4_000);
      // The server has acted, and the answer does not arrive.
      if (kind === 'lost') throw new ApiError({ code: 0, reason: 'Unknown', message: 'lost' });
      return answer;
    };
    return {
      get: <T>() => through(() => this.#read() as T),
      create: <T>(_type: unknown, object: unknown) => through(() => this.#create(object as Lease) as T),
      replace: <T>(_type: unknown, object: unknown) => through(() => this.#replace(object as Lease) as T),
    };
  }

  #read(): Lease {
    if (this.lease === undefined) throw new ApiError({ code: 404, reason: 'NotFound', message: 'no lease' });
    return structuredClone(this.lease);
  }

  #create(lease: Lease): Lease {
    if (this.lease !== undefined) throw new ApiError({ code: 409, reason: 'AlreadyExists', message: 'exists' });
    return this.#store(lease);
  }

  #replace(lease: Lease): Lease {
    if (this.lease?.metadata.resourceVersion !== lease.metadata.resourceVersion) throw new ApiError({ code: 409, reason: 'Conflict', message: 'stale' });
    return this.#store(lease);
  }

  #store(lease: Lease): Lease {
    this.#version += 1;
    this.writes += 1;
    this.lease = { ...structuredClone(lease), metadata: { ...lease.metadata, resourceVersion: String(this.#version) } };
    return structuredClone(this.lease);
  }
}

/** `slow`, `delayed`: before the server acts; `late`, `lost`: after it. */
type Fault = 'none' | 'slow' | 'delayed' | 'late' | 'refused' | 'lost' | 'hang';

interface Candidate {
  readonly elector: LeaderElector;
  readonly stop: AbortController;
  readonly log: string[];
  readonly ended: Promise<void>;
}

function candidate(box: LeaseBox, clock: Clock, identity: string, fault?: () => Fault): Candidate {
  const log: string[] = [];
  const stop = new AbortController();
  const elector = createLeaderElector({
    client: box.client(clock, fault),
    namespace: 'x',
    name: 'leader',
    identity,
    clock,
    random: () => 0.5,
    log: silentLogger(),
    onElected: () => log.push('elected'),
    onLost: () => log.push('lost'),
  });
  return { elector, stop, log, ended: elector.run(stop.signal) };
}

test('the first candidate makes the lease and leads; the second waits', async () => {
  const clock = new FakeClock();
  const box = new LeaseBox();
  const a = candidate(box, clock, 'a');
  await clock.advance(100);
  const b = candidate(box, clock, 'b');
  await clock.advance(60_000);
  expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([true, false]);
  expect(box.lease?.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
  expect(box.lease?.spec?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
});

test('a clean stop frees the lease: the next leads within one retry', async () => {
  const clock = new FakeClock();
  const box = new LeaseBox();
  const a = candidate(box, clock, 'a');
  await clock.advance(100);
  const b = candidate(box, clock, 'b');
  await clock.advance(5_000);
  a.stop.abort();
  await clock.advance(0);
  await a.ended;
  expect(a.log).toEqual(['elected']);
  expect(box.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
  await clock.advance(4_400);
  expect(b.elector.isLeader()).toBe(true);
  expect(box.lease?.spec?.leaseTransitions).toBeGreaterThan(0);
});

test('without the server a leader stops acting in time, is told, and does not release', async () => {
  const clock = new FakeClock();
  const box = new LeaseBox();
  let fault: Fault = 'none';
  const a = candidate(box, clock, 'a', () => fault);
  await clock.advance(3_000);
  const renewed = a.elector.lastRenewMillis() ?? 0;
  fault = 'refused';
  await clock.advance(renewed + 9_900 - clock.monotonic());
  expect(a.elector.isLeader()).toBe(true);
  const writes = box.writes;
  await clock.advance(2_200);
  expect(a.elector.isLeader()).toBe(false);
  expect(a.log).toEqual(['elected', 'lost']);
  await a.ended;
  expect(box.writes).toBe(writes);
});

test('one request that hangs does not cost the leadership', async () => {
  const clock = new FakeClock();
  const box = new LeaseBox();
  let requests = 0;
  const a = candidate(box, clock, 'a', () => ((requests += 1) === 5 ? 'hang' : 'none'));
  await clock.advance(60_000);
  expect(a.elector.isLeader()).toBe(true);
  expect(a.log).toEqual(['elected']);
});

test("a renewal whose answer was lost counts as not renewed, and the next one finds one's own name", async () => {
  const clock = new FakeClock();
  const box = new LeaseBox();
  let requests = 0;
  const a = candidate(box, clock, 'a', () => ((requests += 1) % 4 === 0 ? 'lost' : 'none'));
  await clock.advance(120_000);
  expect(a.elector.isLeader()).toBe(true);
  expect(box.lease?.spec?.leaseTransitions).toBe(0);
});

test('a renewal counts from when it was sent', async () => {
  const clock = new FakeClock();
  let requests = 0;
  // GET and create, then a renewal whose answer takes 4 s.
  const a = candidate(new LeaseBox(), clock, 'a', () => ((requests += 1) === 3 ? 'late' : 'none'));
  await clock.advance(2_000);
  await clock.advance(4_000);
  expect(requests).toBe(3);
  expect(a.elector.lastRenewMillis()).toBe(2_000);
});

test('an attempt that was given up does not take the lease later', async () => {
  const clock = new FakeClock();
  const box = new LeaseBox();
  const a = candidate(box, clock, 'a', () => 'delayed');
  await clock.advance(11_000);
  a.stop.abort();
  await clock.advance(60_000);
  await a.ended;
  expect(box.writes).toBe(0);
});

describe('mayAct', () => {
  test('allows a hold of 10 s for 4 s after a renewal (15 − 10 − 1)', async () => {
    const clock = new FakeClock();
    const box = new LeaseBox();
    let fault: Fault = 'none';
    const a = candidate(box, clock, 'a', () => fault);
    await clock.advance(2_100);
    fault = 'refused';
    const since = clock.monotonic() - (a.elector.lastRenewMillis() ?? 0);
    await clock.advance(4_000 - since);
    expect(a.elector.mayAct(10_000)).toBe(true);
    await clock.advance(1);
    expect(a.elector.mayAct(10_000)).toBe(false);
    expect(a.elector.mayAct(1_000)).toBe(true);
  });

  test('nobody may act who does not lead', () => {
    const { elector } = candidate(new LeaseBox(), new FakeClock(), 'a', () => 'refused');
    expect(elector.mayAct(0)).toBe(false);
  });
});

test('times that cannot work are refused', () => {
  const make = (leaseDurationMillis: number, renewDeadlineMillis: number) => () =>
    createLeaderElector({
      client: new LeaseBox().client(new FakeClock()),
      namespace: 'x',
      name: 'l',
      identity: 'a',
      clock: new FakeClock(),
      random: () => 0,
      log: silentLogger(),
      leaseDurationMillis,
      renewDeadlineMillis,
      onElected: () => undefined,
      onLost: () => undefined,
    });
  expect(make(10_000, 10_000)).toThrow('leaseDuration');
  expect(make(10_000, 2_400)).toThrow('renewDeadline');
});

/** The clock of another machine: set to another time, stepped now and then, and faster or slower by a few per cent. */
class OtherClock implements Clock {
  readonly #base: FakeClock;
  readonly rate: number;
  offset: number;

  constructor(base: FakeClock, rate: number, offset: number) {
    this.#base = base;
    this.rate = rate;
    this.offset = offset;
  }

  now(): number {
    return this.#base.now() + this.offset;
  }

  monotonic(): number {
    return 1_000 + this.#base.monotonic() * this.rate;
  }

  after(millis: number, callback: () => void): () => void {
    return this.#base.after(millis / this.rate, callback);
  }
}

const networks = fc.array(fc.constantFrom<Fault>('none', 'none', 'none', 'slow', 'delayed', 'late', 'refused', 'lost', 'hang'), { minLength: 30, maxLength: 60 });
const clocks = fc.record({ rate: fc.constantFrom(0.97, 1, 1.03), offset: fc.integer({ min: -86_400_000, max: 86_400_000 }), steps: fc.array(fc.integer({ min: -3_600_000, max: 3_600_000 }), { maxLength: 5 }) });
const sides = fc.record({ network: networks, clock: clocks });

test('two candidates never lead at the same time, whatever network and clocks do', async () => {
  await fc.assert(
    fc.asyncProperty(sides, sides, async (sideA, sideB) => {
      const time = new FakeClock();
      const box = new LeaseBox();
      const [a, b] = [sideA, sideB].map(({ network, clock: { rate, offset, steps } }, i) => {
        const own = new OtherClock(time, rate, offset);
        for (const [n, step] of steps.entries()) time.after((n + 1) * 25_000, () => (own.offset += step));
        const faults = [...network];
        return { ...candidate(box, own, String(i), () => faults.shift() ?? 'none'), rate, busyUntil: 0 };
      });
      if (a === undefined || b === undefined) throw new Error('two candidates');
      const holdMillis = 10_000;
      for (let at = 0; at < 180_000; at += 500) {
        await time.advance(500);
        expect(a.elector.isLeader() && b.elector.isLeader()).toBe(false);
        for (const [one, other] of [[a, b], [b, a]] as const) {
          // What one began with the fencing check is over, by its own clock, before the other leads.
          if (one.elector.isLeader()) expect(other.busyUntil).toBeLessThanOrEqual(time.monotonic());
          if (one.elector.mayAct(holdMillis)) one.busyUntil = time.monotonic() + holdMillis / one.rate;
        }
      }
      // Not by never leading at all.
      expect(box.writes).toBeGreaterThan(0);
    }),
    { numRuns: 60 },
  );
}, 120_000);
