import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isConflict, isForbidden, isNotFound, isUnknownOutcome } from '../../../src/runtime/api-error.js';
import type { Bed } from './bed.js';
import { configMap, configMaps, openBed } from './bed.js';

let bed: Bed;
beforeAll(async () => void (bed = await openBed()));
afterAll(() => bed.close());

test('300 requests one after the other use one connection; 32 at a time use at most 32', async () => {
  const { relay, client } = await bed.relayed();
  for (let i = 0; i < 300; i += 1) await client.raw('/version');
  expect(relay.accepted).toBe(1);
  await Promise.all(Array.from({ length: 32 }, () => client.raw('/version')));
  expect(relay.accepted).toBeLessThanOrEqual(33);
  const before = relay.accepted;
  await Promise.all(Array.from({ length: 16 }, () => client.raw('/version')));
  expect(relay.accepted).toBe(before);
});

test('a prepared create goes out on the connection that was opened for it', async () => {
  const { relay, client } = await bed.relayed();
  await client.raw('/version');
  const sends = ['p1', 'p2', 'p3'].map((name) => client.prepareCreate(configMaps, configMap(bed.namespace, name)));
  await connections(() => relay.accepted, 4);
  const created = await Promise.all(sends.map((send) => send()));
  expect(created.map((object) => object.metadata.name)).toEqual(['p1', 'p2', 'p3']);
  expect(relay.accepted).toBe(4);
  await connections(() => relay.open, 1);
});

test('a GET whose connection is reset is repeated', async () => {
  const { relay, client } = await bed.relayed();
  await client.raw('/version');
  relay.cutNextRequest('before');
  await expect(client.raw('/version')).resolves.toMatchObject({ major: '1' });
});

test('a create whose answer is lost is unknown, not repeated, and has happened', async () => {
  const { relay, client } = await bed.relayed();
  await client.raw('/version');
  relay.cutNextRequest('after');
  const error: unknown = await client.create(configMaps, configMap(bed.namespace, 'lost')).catch((e: unknown) => e);
  expect(isUnknownOutcome(error)).toBe(true);
  expect(error).toMatchObject({ code: 0, reason: 'Unknown' });
  await expect(bed.client.get(configMaps, { namespace: bed.namespace, name: 'lost' })).resolves.toBeDefined();
});

test('a create that never left is unknown as well once the connection was up, and did not happen', async () => {
  const { relay, client } = await bed.relayed();
  await client.raw('/version');
  relay.cutNextRequest('before');
  const error: unknown = await client.create(configMaps, configMap(bed.namespace, 'never')).catch((e: unknown) => e);
  expect(isUnknownOutcome(error)).toBe(true);
  await expect(bed.client.get(configMaps, { namespace: bed.namespace, name: 'never' })).rejects.toMatchObject({ code: 404, reason: 'NotFound' });
});

test('a server that cannot be reached is told from a lost answer', async () => {
  const { relay, client } = await bed.relayed();
  await relay.close();
  await expect(client.create(configMaps, configMap(bed.namespace, 'x'))).rejects.toMatchObject({ code: 0, reason: 'Unreachable' });
});

test('an answer longer than allowed fails', async () => {
  await expect(bed.client.raw('/openapi/v2', { maxBytes: 10_000 })).rejects.toMatchObject({ reason: 'TooLong' });
});

test('errors carry what the Status says', async () => {
  const missing: unknown = await bed.client.get(configMaps, { namespace: bed.namespace, name: 'nope' }).catch((e: unknown) => e);
  expect(isNotFound(missing)).toBe(true);
  expect(missing).toMatchObject({ details: { name: 'nope', kind: 'configmaps' } });
  expect([isConflict(missing), isForbidden(missing), isUnknownOutcome(missing)]).toEqual([false, false, false]);
});

async function connections(count: () => number, expected: number): Promise<void> {
  const until = performance.now() + 5_000;
  while (count() !== expected && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(count()).toBe(expected);
}
