import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { silentLogger } from '../../../src/observability/logger.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { Client } from '../../../src/runtime/client.js';
import { sleep } from '../../../src/runtime/clock.js';
import type { LeaderElector } from '../../../src/runtime/leader-elector.js';
import { createLeaderElector } from '../../../src/runtime/leader-elector.js';
import type { Lease } from '../../../src/runtime/lease-record.js';
import { FakeClock } from './fake-clock.js';

/** One Lease with optimistic locking, and what a bad network does to requests. */
class LeaseBox {
  lease: Lease | undefined;
  writes = 0;
  #version = 0;

  client(clock: FakeClock, fault: () => Fault = () => 'none'): Pick<Client, 'get' | 'create' | 'replace'> {
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

function candidate(box: LeaseBox, clock: FakeClock, identity: string, fault?: () => Fault): Candidate {
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

test('two candidates never lead at the same time, whatever the network does', async () => {
  const faults = fc.array(fc.constantFrom<Fault>('none', 'none', 'none', 'slow', 'delayed', 'late', 'refused', 'lost', 'hang'), { minLength: 30, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(faults, faults, async (faultsA, faultsB) => {
      const clock = new FakeClock();
      const box = new LeaseBox();
      const a = candidate(box, clock, 'a', () => faultsA.shift() ?? 'none');
      const b = candidate(box, clock, 'b', () => faultsB.shift() ?? 'none');
      const holdMillis = 10_000;
      const busyUntil = { a: 0, b: 0 };
      for (let at = 0; at < 180_000; at += 500) {
        await clock.advance(500);
        expect(a.elector.isLeader() && b.elector.isLeader()).toBe(false);
        // What one began with the fencing check is over before the other leads.
        if (a.elector.isLeader()) expect(busyUntil.b).toBeLessThanOrEqual(clock.monotonic());
        if (b.elector.isLeader()) expect(busyUntil.a).toBeLessThanOrEqual(clock.monotonic());
        if (a.elector.mayAct(holdMillis)) busyUntil.a = clock.monotonic() + holdMillis;
        if (b.elector.mayAct(holdMillis)) busyUntil.b = clock.monotonic() + holdMillis;
      }
    }),
    { numRuns: 30 },
  );
}, 60_000);
