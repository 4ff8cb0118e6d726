import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isAlreadyExists, isUnknownOutcome } from '../../../src/runtime/api-error.js';
import { selfSubjectAccessReviews } from '../../../src/runtime/resource.js';
import { configMap, configMaps } from '../runtime/bed.js';
import { openFaultBed, type FaultBed } from './bed.js';

let bed: FaultBed;
beforeAll(async () => void (bed = await openFaultBed()));
afterAll(() => bed.close());
beforeEach(() => bed.proxy.clear());

const collection = /\/configmaps(\?|$)/;
const read = (name = 'kube-root-ca.crt'): Promise<unknown> => bed.client.get(configMaps, { namespace: bed.namespace, name });
const make = (name: string): Promise<unknown> => bed.client.create(configMaps, configMap(bed.namespace, name));
const exists = (name: string): Promise<boolean> =>
  bed.direct.client.get(configMaps, { namespace: bed.namespace, name }).then(
    () => true,
    () => false,
  );
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: unknown) => error,
  );

describe('an answer that asks to come again later', () => {
  for (const code of [429, 500, 503, 504]) {
    test(`${code} with Retry-After is waited for, read and write alike`, async () => {
      const name = `retry-${code}`;
      bed.proxy.rules.set([
        { match: { method: 'POST', path: '/configmaps' }, action: { kind: 'answer', code, retryAfterSeconds: 1 }, times: 1 },
        { match: { method: 'GET', path: '/configmaps/' }, action: { kind: 'answer', code, retryAfterSeconds: 1 }, times: 1 },
      ]);
      await make(name);
      await read(name);
      const all = bed.requests(/configmaps/);
      expect(all.map((r) => [r.method, r.code])).toEqual([['POST', code], ['POST', 201], ['GET', code], ['GET', 200]]);
      expect((all[1]?.at ?? 0) - (all[0]?.at ?? 0)).toBeGreaterThanOrEqual(990);
      expect((all[3]?.at ?? 0) - (all[2]?.at ?? 0)).toBeGreaterThanOrEqual(990);
    });

    test(`${code} without it is final`, async () => {
      bed.proxy.rules.set([{ match: { path: '/configmaps' }, action: { kind: 'answer', code } }]);
      expect(await failure(read())).toMatchObject({ code });
      expect(await failure(make(`final-${code}`))).toMatchObject({ code });
      expect(bed.requests(/configmaps/)).toHaveLength(2);
    });
  }

  test('is tried at most ten times again', async () => {
    bed.proxy.rules.set([{ match: { path: '/configmaps' }, action: { kind: 'answer', code: 429, retryAfterSeconds: 0 } }]);
    expect(await failure(read())).toMatchObject({ code: 429, reason: 'TooManyRequests' });
    expect(bed.requests(/configmaps/)).toHaveLength(11);
  });
});

describe('a connection that is reset', () => {
  test('is no answer to a question: dry runs and access reviews are asked again, before and after the server saw them', async () => {
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', metadata: { name: '' }, spec: { resourceAttributes: { namespace: bed.namespace, verb: 'get', resource: 'pods' } } };
    for (const when of ['before', 'after'] as const) {
      bed.proxy.rules.set([{ match: { method: 'POST', path: '/configmaps|accessreviews' }, action: { kind: 'reset', when }, times: 1 }]);
      await bed.client.create(configMaps, configMap(bed.namespace, 'asked'), { dryRun: true });
      bed.proxy.rules.set([{ match: { method: 'POST', path: '/configmaps|accessreviews' }, action: { kind: 'reset', when }, times: 1 }]);
      expect(await bed.client.create(selfSubjectAccessReviews, review)).toMatchObject({ status: { allowed: true } });
    }
    expect(await exists('asked')).toBe(false);
    expect(bed.requests(/configmaps\?/).filter((r) => r.method === 'POST')).toHaveLength(4);
  });

  test('before the server saw the request: a read is repeated, a write is unknown and did not happen', async () => {
    bed.proxy.rules.set([{ match: { path: '/configmaps' }, action: { kind: 'reset', when: 'before' }, times: 1 }]);
    await read();
    expect(bed.requests(/configmaps/).map((r) => r.code)).toEqual([undefined, 200]);
    bed.proxy.rules.set([{ match: { method: 'POST' }, action: { kind: 'reset', when: 'before' } }]);
    expect(isUnknownOutcome(await failure(make('reset-before')))).toBe(true);
    expect(bed.requests(collection)).toHaveLength(1);
    expect(await exists('reset-before')).toBe(false);
  });

  test('when the server has written: unknown, it has happened, and the repeat says AlreadyExists', async () => {
    bed.proxy.rules.set([{ match: { method: 'POST' }, action: { kind: 'reset', when: 'after' }, times: 1 }]);
    expect(isUnknownOutcome(await failure(make('reset-after')))).toBe(true);
    expect(bed.requests(collection)).toHaveLength(1);
    expect(await exists('reset-after')).toBe(true);
    expect(isAlreadyExists(await failure(make('reset-after')))).toBe(true);
  });

  test('when the server has written an apply: the repeat is the same', async () => {
    bed.proxy.rules.set([{ match: { method: 'PATCH' }, action: { kind: 'reset', when: 'after' }, times: 1 }]);
    const apply = (): Promise<unknown> => bed.client.apply(configMaps, configMap(bed.namespace, 'applied', { a: '1' }));
    expect(isUnknownOutcome(await failure(apply()))).toBe(true);
    expect(await apply()).toMatchObject({ data: { a: '1' } });
  });

  test('in mid-list: never a part of a list', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => bed.direct.client.create(configMaps, configMap(bed.namespace, `list-${i}`, { a: 'x'.repeat(2000) }))));
    bed.proxy.rules.set([{ match: { method: 'GET', path: 'configmaps\\?' }, action: { kind: 'cutBody', afterBytes: 20_000 }, times: 1 }]);
    const { items } = await bed.client.list(configMaps, { namespace: bed.namespace });
    expect(items.filter((o) => o.metadata.name.startsWith('list-'))).toHaveLength(20);
    expect(bed.proxy.rules.fired()).toEqual([1]);
  });
});

test('slow answers are waited for', async () => {
  bed.proxy.rules.set([{ match: { path: '/configmaps' }, action: { kind: 'delay', headMillis: 1500, chunkMillis: 500 } }]);
  const begin = performance.now();
  await read();
  expect(performance.now() - begin).toBeGreaterThan(1990);
});

test('a server that keeps the connection and says nothing is given up: unknown after 30 s, not before', async () => {
  bed.proxy.rules.set([{ match: { path: '/configmaps' }, action: { kind: 'halfOpen' } }]);
  const begin = performance.now();
  const [reading, writing] = await Promise.all([failure(read()), failure(make('half-open'))]);
  const seconds = (performance.now() - begin) / 1000;
  expect(isUnknownOutcome(reading)).toBe(true);
  expect(isUnknownOutcome(writing)).toBe(true);
  expect(seconds).toBeGreaterThan(29);
  expect(seconds).toBeLessThan(45);
  expect(await exists('half-open')).toBe(false);
}, 60_000);
