import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/observability/logger.js';
import type { Client } from '../../../src/runtime/client.js';
import type { LeaderElector } from '../../../src/runtime/leader-elector.js';
import { createLeaderElector } from '../../../src/runtime/leader-elector.js';
import type { Rule } from '../../faults/rules.js';
import { openFaultBed, type FaultBed } from './bed.js';

let bed: FaultBed;
beforeAll(async () => void (bed = await openFaultBed(3)));
afterAll(() => bed.close());
beforeEach(() => bed.proxy.clear());

const leaseMillis = 3000;
const writes = { method: 'PUT', path: '/leases/' };

interface Candidate {
  readonly elector: LeaderElector;
  readonly stop: AbortController;
  readonly elected: Promise<void>;
  /** Instant at which it said that it lost. */
  lostAt: number | undefined;
  readonly ended: Promise<void>;
}

function candidate(client: Client, name: string, identity: string): Candidate {
  const stop = new AbortController();
  let onElected = (): void => undefined;
  const elected = new Promise<void>((resolve) => (onElected = resolve));
  const elector = createLeaderElector({
    client,
    namespace: bed.namespace,
    name,
    identity,
    clock: bed.direct.clock,
    random: Math.random,
    log: silentLogger(),
    leaseDurationMillis: leaseMillis,
    renewDeadlineMillis: 2000,
    retryPeriodMillis: 400,
    onElected,
    onLost: () => (made.lostAt = performance.now()),
  });
  const made: Candidate = { elector, stop, elected, lostAt: undefined, ended: elector.run(stop.signal) };
  return made;
}

/** Both at once, the first behind the proxy; looks every few ms whether both lead. */
async function pair(name: string, run: (a: Candidate, b: Candidate) => Promise<void>): Promise<void> {
  const a = candidate(bed.client, name, 'a');
  await a.elected;
  const b = candidate(bed.direct.client, name, 'b');
  let both = 0;
  const watch = setInterval(() => (both += a.elector.isLeader() && b.elector.isLeader() ? 1 : 0), 3);
  try {
    await run(a, b);
    expect(both).toBe(0);
  } finally {
    clearInterval(watch);
    bed.proxy.clear();
    for (const { stop, ended } of [a, b]) {
      stop.abort();
      await ended;
    }
  }
}

/** Faults that end well within the renew deadline cost nothing. */
const bearable: Readonly<Record<string, Rule[]>> = {
  'answers are slow': [{ match: writes, action: { kind: 'delay', headMillis: 700 } }],
  'the answer of a renewal is lost': [{ match: { ...writes, nth: 2 }, action: { kind: 'reset', when: 'after' } }],
  'every other renewal fails': [2, 4, 6, 8].map((nth): Rule => ({ match: { ...writes, nth: nth }, action: { kind: 'answer', code: 500 } })),
  'renewals are throttled': [{ match: { ...writes, nth: 2 }, action: { kind: 'answer', code: 429, retryAfterSeconds: 1 } }],
  'a connection is half open': [{ match: { ...writes, nth: 2 }, action: { kind: 'halfOpen' } }],
};

for (const [name, rules] of Object.entries(bearable)) {
  test(`${name}: the leader stays`, async () => {
    await pair(name.replaceAll(' ', '-'), async (a, b) => {
      bed.proxy.rules.set(rules);
      for (let end = performance.now() + 4000; performance.now() < end; ) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(a.elector.isLeader()).toBe(true);
      }
      expect(b.elector.isLeader()).toBe(false);
      expect(a.lostAt).toBeUndefined();
    });
  }, 20_000);
}

/** What lasts longer than the renew deadline costs the lease, in time. */
const fatal: Readonly<Record<string, Rule[]>> = {
  'renewals get no answer': [{ match: writes, action: { kind: 'halfOpen' } }],
  'renewals are refused': [{ match: { path: '/leases/' }, action: { kind: 'answer', code: 500 } }],
  'connections are reset': [{ match: { path: '/leases/' }, action: { kind: 'reset', when: 'before' } }],
};

for (const [name, rules] of Object.entries(fatal)) {
  test(`${name}: fencing refuses first, then it gives up, then another leads`, async () => {
    await pair(name.replaceAll(' ', '-'), async (a, b) => {
      bed.proxy.rules.set(rules);
      let mayActUntil = 0;
      let leadsUntil = 0;
      const look = setInterval(() => {
        // A hold of 1 s: it must end 1 s before anybody else can lead.
        if (a.elector.mayAct(1000)) mayActUntil = performance.now();
        if (a.elector.isLeader()) leadsUntil = performance.now();
      }, 3);
      await b.elected;
      const elected = performance.now();
      clearInterval(look);
      expect(a.elector.isLeader()).toBe(false);
      expect(a.elector.mayAct(0)).toBe(false);
      expect(a.lostAt).toBeLessThan(elected);
      expect(mayActUntil).toBeLessThan(leadsUntil);
      expect(elected - mayActUntil).toBeGreaterThanOrEqual(2000 - 50);
      expect(elected - leadsUntil).toBeGreaterThanOrEqual(1000 - 50);
    });
  }, 30_000);
}
