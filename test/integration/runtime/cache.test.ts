import { errorFromAnswer } from '../../../src/runtime/api-error.js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/observability/logger.js';
import type { Cache, CacheEvent } from '../../../src/runtime/cache.js';
import { createCache, WaitTimeout } from '../../../src/runtime/cache.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import type { ApiRequest, Transport } from '../../../src/runtime/transport.js';
import { watchSet } from '../../../src/runtime/watch-set.js';
import type { Bed } from './bed.js';
import { configMap, configMaps, openBed } from './bed.js';

let bed: Bed;
const stop = new AbortController();
beforeAll(async () => void (bed = await openBed()));
afterAll(async () => {
  stop.abort();
  await bed.close();
});

interface Small {
  metadata: KubeObject['metadata'];
  a: string | undefined;
}

const project = (object: KubeObject): Small => ({ metadata: object.metadata, a: (object['data'] as Record<string, string> | undefined)?.['a'] });
const events = (cache: Cache<Small>): CacheEvent<Small>[] => {
  const seen: CacheEvent<Small>[] = [];
  cache.subscribe((event) => seen.push(event));
  return seen;
};
const wait = { timeoutMillis: 10_000 };

/** A cache of the config maps with this label, each test has its own. */
function labelled(label: string, transport: Transport): Cache<Small> {
  return createCache<Small>({
    transport,
    type: configMaps,
    namespace: bed.namespace,
    labelSelector: `test=${label}`,
    project,
    indexes: { a: (o) => (o.a === undefined ? [] : [o.a]) },
    clock: bed.clock,
    log: silentLogger(),
  });
}

function make(label: string, name: string, a: string): Promise<KubeObject> {
  const object = configMap(bed.namespace, name, { a });
  object.metadata.labels = { test: label };
  return bed.client.create(configMaps, object);
}

const path = (name: string): string => `${bed.namespace}/${name}`;

test('fills by streaming, follows changes, keeps indexes', async () => {
  await make('follow', 'f1', 'x');
  const { transport, requests } = recorded(bed.transport);
  const cache = labelled('follow', transport);
  const seen = events(cache);
  cache.start(stop.signal);
  await cache.synced;
  expect(cache.get(path('f1'))?.a).toBe('x');
  expect(requests.filter((p) => !p.includes('watch=true'))).toEqual([]);
  await make('follow', 'f2', 'x');
  await cache.until(path('f2'), () => true, wait);
  expect(cache.by('a', 'x').map((o) => o.metadata.name)).toEqual(['f1', 'f2']);
  await bed.client.mergePatch(configMaps, { namespace: bed.namespace, name: 'f1' }, { data: { a: 'y' } });
  await cache.until(path('f1'), (o) => o.a === 'y', wait);
  expect(cache.by('a', 'x').map((o) => o.metadata.name)).toEqual(['f2']);
  await bed.client.delete(configMaps, { namespace: bed.namespace, name: 'f2' });
  await cache.untilGone(path('f2'), wait);
  expect(seen.map((e) => [e.type, e.key, e.type === 'added' && e.initial])).toEqual([
    ['added', path('f1'), true],
    ['added', path('f2'), false],
    ['updated', path('f1'), false],
    ['deleted', path('f2'), false],
  ]);
});

test('an object that leaves the selector is deleted from the cache', async () => {
  await make('leave', 'l1', 'x');
  const cache = labelled('leave', bed.transport);
  cache.start(stop.signal);
  await cache.synced;
  await bed.client.mergePatch(configMaps, { namespace: bed.namespace, name: 'l1' }, { metadata: { labels: { test: 'other' } } });
  await cache.untilGone(path('l1'), wait);
});

test('until gives up in time, and untilGone sees another uid', async () => {
  const made = await make('until', 'u1', 'x');
  const cache = labelled('until', bed.transport);
  cache.start(stop.signal);
  await expect(cache.until(path('u1'), (o) => o.a === 'never', { timeoutMillis: 200 })).rejects.toBeInstanceOf(WaitTimeout);
  const gone = cache.untilGone(path('u1'), { ...wait, uid: made.metadata.uid ?? '' });
  await bed.client.delete(configMaps, { namespace: bed.namespace, name: 'u1' });
  await make('until', 'u1', 'again');
  await gone;
});

test('after a broken connection it goes on from where it was, and makes up for missed deletes', async () => {
  const { relay, transport } = await bed.relayed();
  await make('broken', 'b1', 'x');
  await make('broken', 'b2', 'x');
  const { transport: through, requests } = recorded(transport);
  const cache = labelled('broken', through);
  const seen = events(cache);
  cache.start(stop.signal);
  await cache.synced;
  await until(() => relay.open === 1);
  relay.cut();
  await bed.client.delete(configMaps, { namespace: bed.namespace, name: 'b1' });
  await make('broken', 'b3', 'x');
  await cache.until(path('b3'), () => true, wait);
  await cache.untilGone(path('b1'), wait);
  expect(cache.list().map((o) => o.metadata.name).sort()).toEqual(['b2', 'b3']);
  expect(seen.filter((e) => e.type === 'deleted').map((e) => e.key)).toEqual([path('b1')]);
  expect(requests.filter((p) => p.includes('sendInitialEvents'))).toHaveLength(1);
});

test('a version that has expired (410) leads to a new fill: missed deletes and re-created objects are told apart', async () => {
  await make('gone', 'g1', 'x');
  const old = await make('gone', 'g2', 'x');
  const { relay, transport } = await bed.relayed();
  let expired = false;
  const { transport: through, requests } = recorded(transport, (request) => {
    // The server's answer to a watch from a version that it has forgotten. A server as young as a test's has forgotten none.
    if (!expired || request.path.includes('sendInitialEvents')) return request;
    expired = false;
    throw errorFromAnswer(410, JSON.stringify({ kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1' }));
  });
  const cache = labelled('gone', through);
  const seen = events(cache);
  cache.start(stop.signal);
  await cache.synced;
  await until(() => relay.open === 1);
  await bed.client.delete(configMaps, { namespace: bed.namespace, name: 'g1' });
  await cache.untilGone(path('g1'), wait);
  expired = true;
  await bed.client.delete(configMaps, { namespace: bed.namespace, name: 'g2' });
  await cache.untilGone(path('g2'), wait);
  relay.cut();
  await make('gone', 'g2', 'new');
  await make('gone', 'g3', 'x');
  await cache.until(path('g3'), () => true, wait);
  expect(expired).toBe(false);
  expect(requests.filter((p) => p.includes('sendInitialEvents'))).toHaveLength(2);
  expect(cache.get(path('g2'))?.metadata.uid).not.toBe(old.metadata.uid);
  expect(seen.slice(2).map((e) => [e.type, e.key])).toEqual([
    ['deleted', path('g1')],
    ['deleted', path('g2')],
    ['added', path('g2')],
    ['added', path('g3')],
  ]);
});

test('where the server refuses streaming it lists in pages', async () => {
  await make('paged', 'p1', 'x');
  const { transport, requests } = recorded(bed.transport, (request) => ({
    ...request,
    // The real server's refusal: this match is not allowed for watches.
    path: request.path.replace('resourceVersionMatch=NotOlderThan', 'resourceVersionMatch=Exact'),
  }));
  const cache = labelled('paged', transport);
  cache.start(stop.signal);
  await cache.synced;
  expect(cache.list().map((o) => o.metadata.name)).toEqual(['p1']);
  await make('paged', 'p2', 'x');
  await cache.until(path('p2'), () => true, wait);
  expect(requests.filter((p) => p.includes('limit=500'))).toHaveLength(1);
});

test('a handler that throws harms neither the cache nor other handlers', async () => {
  const cache = labelled('throws', bed.transport);
  cache.subscribe(() => {
    throw new Error('handler');
  });
  const seen = events(cache);
  cache.start(stop.signal);
  await cache.synced;
  await make('throws', 't1', 'x');
  await cache.until(path('t1'), () => true, wait);
  expect(seen).toHaveLength(1);
  const late = events(cache);
  expect(late.map((e) => [e.type, e.key])).toEqual([['added', path('t1')]]);
  const without: unknown[] = [];
  cache.subscribe((event) => without.push(event), { replay: false });
  expect(without).toEqual([]);
});

test('a type that the server does not have is asked for again, and the rest goes on', async () => {
  const missing: ResourceType = { group: 'no.such.group', version: 'v1', plural: 'things', kind: 'Thing', namespaced: true };
  const { transport, requests } = recorded(bed.transport);
  const cache = createCache({ transport, type: missing, project, clock: bed.clock, random: () => 0, log: silentLogger() });
  const own = new AbortController();
  cache.start(own.signal);
  await until(() => requests.length >= 2);
  expect(cache.hasSynced()).toBe(false);
  own.abort();
  await expect(cache.synced).rejects.toThrow();
});

test('watchSet reports what happens after it has opened, and closes', async () => {
  await make('set', 's0', 'x');
  const seen: string[] = [];
  const watch = await watchSet({ transport: bed.transport, clock: bed.clock, log: bed.log }, configMaps, { namespace: bed.namespace, labelSelector: 'test=set' }, (e) =>
    seen.push(`${e.type} ${e.object.metadata.name}`),
  );
  await make('set', 's1', 'x');
  await bed.client.delete(configMaps, { namespace: bed.namespace, name: 's0' });
  await until(() => seen.length === 2);
  watch.close();
  await make('set', 's2', 'x');
  expect(seen).toEqual(['ADDED s1', 'DELETED s0']);
});

test('watchSet goes on after its connection broke', async () => {
  const { relay, transport } = await bed.relayed();
  const seen: string[] = [];
  const options = { transport, clock: bed.clock, log: silentLogger() };
  const watch = await watchSet(options, configMaps, { namespace: bed.namespace, labelSelector: 'test=cut' }, (e) => seen.push(e.object.metadata.name));
  relay.cut();
  await make('cut', 'c1', 'x');
  await until(() => seen.length === 1);
  watch.close();
});

/** Notes the paths of all requests; `change` may rewrite them. */
function recorded(transport: Transport, change: (request: ApiRequest) => ApiRequest = (r) => r): { transport: Transport; requests: string[] } {
  const requests: string[] = [];
  const note = (request: ApiRequest): ApiRequest => {
    const changed = change(request);
    requests.push(changed.path);
    return changed;
  };
  return {
    requests,
    transport: {
      request: async (r) => transport.request(note(r)),
      stream: async (r) => transport.stream(note(r)),
      reserve: (headers) => transport.reserve(headers),
      endpoint: () => transport.endpoint(),
      close: () => transport.close(),
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}
