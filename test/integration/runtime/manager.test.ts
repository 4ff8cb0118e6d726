import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/observability/logger.js';
import { createMetrics } from '../../../src/observability/metrics.js';
import { createCache } from '../../../src/runtime/cache.js';
import { createController, enqueueFrom } from '../../../src/runtime/controller.js';
import { createEndpoints } from '../../../src/runtime/http-endpoints.js';
import { createLeaderElector } from '../../../src/runtime/leader-elector.js';
import type { Lease } from '../../../src/runtime/lease-record.js';
import { createManager } from '../../../src/runtime/manager.js';
import { parseKey } from '../../../src/runtime/object.js';
import { leases } from '../../../src/runtime/resource.js';
import { createRuntimeMetrics } from '../../../src/runtime/runtime-metrics.js';
import type { Bed } from './bed.js';
import { configMap, configMaps, openBed } from './bed.js';

let bed: Bed;
beforeAll(async () => void (bed = await openBed()));
afterAll(() => bed.close());

test('a whole process: probes, cache, election, a reconciler that converges, metrics, clean stop', async () => {
  const metrics = createMetrics();
  const runtimeMetrics = createRuntimeMetrics(metrics);
  const { client, clock, namespace } = bed;
  const log = silentLogger();
  const cache = createCache({ transport: bed.transport, type: configMaps, namespace, project: (o) => o, clock, log });
  let failures = 2;
  const controller = createController({
    name: 'copier',
    clock,
    log,
    metrics: runtimeMetrics,
    reconcile: async (key) => {
      const data = cache.get(key)?.['data'] as Record<string, string> | undefined;
      if (data?.['from'] === undefined || data['to'] === data['from']) return { kind: 'done' };
      if ((failures -= 1) >= 0) throw new Error('not yet');
      await client.mergePatch(configMaps, parseKey(key), { data: { to: data['from'] } });
      return { kind: 'done' };
    },
  });
  enqueueFrom(cache, controller, (_object, key) => [key]);
  let port = 0;
  const endpoints = createEndpoints({ port: 0, host: '127.0.0.1', metrics, healthy: () => undefined, ready: () => manager.notReady() });
  const manager = createManager({
    log,
    clock,
    services: [{ name: 'http', start: async () => (port = await endpoints.start()), stop: () => endpoints.stop() }],
    caches: [cache],
    always: [],
    leading: [{ name: 'copier', run: (signal) => controller.run(signal) }],
    elector: (callbacks) => createLeaderElector({ client, namespace, name: 'manager', identity: 'm', clock, random: Math.random, log, ...callbacks }),
    exit: () => expect('exit').toBe('not called'),
  });
  const stop = new AbortController();
  const ended = manager.run(stop.signal);
  await client.create(configMaps, configMap(namespace, 'copy', { from: 'x' }));
  await cache.until(`${namespace}/copy`, (o) => (o['data'] as Record<string, string>)['to'] === 'x', { timeoutMillis: 10_000 });
  const get = async (path: string): Promise<[number, string]> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return [answer.status, await answer.text()];
  };
  expect(await get('/healthz')).toEqual([200, 'ok\n']);
  expect((await get('/readyz'))[0]).toBe(200);
  expect((await get('/nothing'))[0]).toBe(404);
  const [, text] = await get('/metrics');
  expect(text).toContain('controller_runtime_reconcile_total{controller="copier",result="error"} 2');
  expect(text).toMatch(/workqueue_retries_total\{controller="copier",name="copier"\} 2/);
  stop.abort();
  expect(await ended).toBe(0);
  await expect(get('/healthz')).rejects.toThrow();
  expect((await client.get<Lease>(leases, { namespace, name: 'manager' })).spec?.holderIdentity).toBe('');
});
