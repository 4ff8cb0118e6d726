import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/observability/logger.js';
import type { Client } from '../../../src/runtime/client.js';
import type { LeaderElector } from '../../../src/runtime/leader-elector.js';
import { createLeaderElector } from '../../../src/runtime/leader-elector.js';
import type { Lease } from '../../../src/runtime/lease-record.js';
import { leases } from '../../../src/runtime/resource.js';
import type { Bed } from './bed.js';
import { openBed } from './bed.js';

let bed: Bed;
beforeAll(async () => void (bed = await openBed()));
afterAll(() => bed.close());

interface Candidate {
  readonly elector: LeaderElector;
  readonly stop: AbortController;
  readonly elected: Promise<void>;
  readonly lost: Promise<void>;
  readonly ended: Promise<void>;
}

function candidate(client: Client, name: string, identity: string): Candidate {
  const stop = new AbortController();
  let onElected!: () => void;
  let onLost!: () => void;
  const elected = new Promise<void>((resolve) => (onElected = resolve));
  const lost = new Promise<void>((resolve) => (onLost = resolve));
  const elector = createLeaderElector({
    client,
    namespace: bed.namespace,
    name,
    identity,
    clock: bed.clock,
    random: Math.random,
    log: silentLogger(),
    leaseDurationMillis: 3_000,
    renewDeadlineMillis: 2_000,
    retryPeriodMillis: 400,
    onElected,
    onLost,
  });
  return { elector, stop, elected, lost, ended: elector.run(stop.signal) };
}

const leaseOf = (name: string): Promise<Lease> => bed.client.get<Lease>(leases, { namespace: bed.namespace, name });

test('one of two leads; when it stops, the other follows at once', async () => {
  const a = candidate(bed.client, 'handover', 'a');
  await a.elected;
  const b = candidate(bed.client, 'handover', 'b');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([true, false]);
  expect((await leaseOf('handover')).spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 3 });
  const start = performance.now();
  a.stop.abort();
  await a.ended;
  await b.elected;
  expect(performance.now() - start).toBeLessThan(1_500);
  expect((await leaseOf('handover')).spec).toMatchObject({ holderIdentity: 'b' });
  b.stop.abort();
  await b.ended;
});

test('a leader cut off from the server gives up before another takes over', async () => {
  const { relay, client } = await bed.relayed();
  const a = candidate(client, 'cut-off', 'a');
  await a.elected;
  const b = candidate(bed.client, 'cut-off', 'b');
  relay.silence(true);
  let lostAt = Infinity;
  void a.lost.then(() => (lostAt = performance.now()));
  await b.elected;
  expect(a.elector.isLeader()).toBe(false);
  expect(lostAt).toBeLessThan(performance.now());
  expect((await leaseOf('cut-off')).spec).toMatchObject({ holderIdentity: 'b' });
  b.stop.abort();
  await b.ended;
}, 60_000);
