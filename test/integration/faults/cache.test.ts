import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/observability/logger.js';
import type { Cache } from '../../../src/runtime/cache.js';
import { createCache } from '../../../src/runtime/cache.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import type { Action, Rule } from '../../faults/rules.js';
import { random } from '../../e2e/lib/random.js';
import { until } from '../../e2e/lib/until.js';
import { configMap, configMaps } from '../runtime/bed.js';
import { fastClock, openFaultBed, type FaultBed } from './bed.js';

let bed: FaultBed;
const stop = new AbortController();
beforeAll(async () => void (bed = await openFaultBed(7)));
afterAll(async () => {
  stop.abort();
  await bed.close();
});
beforeEach(() => bed.proxy.clear());

interface Small {
  readonly metadata: KubeObject['metadata'];
  readonly a: string | undefined;
}

const seed = Number(process.env['SEED'] ?? '1');
const watches = 'configmaps\\?.*watch=true';

/** Each fault in the first watch and in some of those that follow. */
const faults: Readonly<Record<string, readonly Rule[]>> = {
  'ends in good order': onWatches({ kind: 'expire', how: 'end', afterLines: 9 }, 4),
  'expires by an ERROR event of code 410': onWatches({ kind: 'expire', how: 'event', afterLines: 9 }, 4),
  'tears a line': onWatches({ kind: 'tear', afterLines: 9 }, 4),
  'is reset within the body': onWatches({ kind: 'cutBody', afterBytes: 7000 }, 4),
  'is refused with 410': [...onWatches({ kind: 'answer', code: 410 }, 2), ...onWatches({ kind: 'tear', afterLines: 9 }, 2)],
  'is refused with 429 and Retry-After': [...onWatches({ kind: 'tear', afterLines: 9 }, 1), ...onWatches({ kind: 'answer', code: 429, retryAfterSeconds: 1 }, 2)],
  'is refused with 500': onWatches({ kind: 'answer', code: 500 }, 2),
  'is reset on opening': onWatches({ kind: 'reset', when: 'before' }, 2),
  'is slow': onWatches({ kind: 'delay', headMillis: 200, chunkMillis: 20 }, 3),
  'has any of these by chance': [
    { match: { path: watches, probability: 0.2 }, action: { kind: 'tear', afterLines: 5 } },
    { match: { path: watches, probability: 0.2 }, action: { kind: 'expire', how: 'event', afterLines: 5 } },
    { match: { path: watches, probability: 0.2 }, action: { kind: 'expire', how: 'end', afterLines: 5 } },
    { match: { path: watches, probability: 0.2 }, action: { kind: 'cutBody', afterBytes: 3000 } },
    { match: { path: watches, probability: 0.2 }, action: { kind: 'reset', when: 'before' } },
  ],
};

function onWatches(action: Action, times: number): Rule[] {
  return [{ match: { path: watches }, action, times }];
}

describe('a cache whose watch', () => {
  for (const [name, rules] of Object.entries(faults)) {
    test(`${name}: ends equal to the server, and its handlers have seen a history that leads there`, async () => {
      const label = name.replace(/[^a-z0-9]+/gi, '-').toLowerCase();
      const cache = createCache<Small>({
        transport: bed.transport,
        type: configMaps,
        namespace: bed.namespace,
        labelSelector: `test=${label}`,
        project: (o) => ({ metadata: o.metadata, a: (o['data'] as Record<string, string> | undefined)?.['a'] }),
        clock: bed.direct.clock,
        log: silentLogger(),
      });
      const model = follow(cache);
      await change(label, 5, 0);
      bed.proxy.rules.set(rules);
      cache.start(stop.signal);
      for (let round = 1; round <= 12; round += 1) {
        await change(label, 10, round);
        // The faults hit between the changes as well as within them.
        if (round % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 300));
      }
      expect(bed.proxy.rules.fired().some((n) => n > 0)).toBe(true);
      bed.proxy.rules.set([]);
      await bed.direct.client.create(configMaps, labelled(label, 'last', 'z'));
      await cache.until(`${bed.namespace}/last-${label}`, () => true, { timeoutMillis: 40_000 });
      const { items } = await bed.direct.client.list(configMaps, { namespace: bed.namespace, labelSelector: `test=${label}` });
      const truth = (): unknown[] => items.map((o) => [o.metadata.name, o.metadata.uid, (o['data'] as Record<string, string>)['a']]).sort();
      const cached = (): unknown[] => cache.list().map((o) => [o.metadata.name, o.metadata.uid, o.a]).sort();
      await until('the cache is equal', () => JSON.stringify(cached()) === JSON.stringify(truth()), 20).catch(() => undefined); // the next line says how not
      expect(cached()).toEqual(truth());
      expect(model.problems).toEqual([]);
      expect([...model.objects].sort()).toEqual(cached().map((entry) => [(entry as string[])[0], (entry as string[])[1]]));
    }, 90_000);
  }
});

test('a watch that goes silent without a word is given up after its limit, and the next one misses nothing', async () => {
  const cache = createCache<Small>({
    transport: bed.transport,
    type: configMaps,
    namespace: bed.namespace,
    labelSelector: 'test=silent',
    project: (o) => ({ metadata: o.metadata, a: undefined }),
    // 150 s of silence in 3 s.
    clock: fastClock(bed.direct.clock, 50),
    log: silentLogger(),
  });
  cache.start(stop.signal);
  await cache.synced;
  const opened = bed.requests(/configmaps\?.*watch=true/).length;
  bed.proxy.silence(true);
  await bed.direct.client.create(configMaps, labelled('silent', 'missed', 'x'));
  await until('another watch is opened', () => bed.requests(/configmaps\?.*watch=true/).length > opened, 10);
  expect(cache.list()).toEqual([]);
  bed.proxy.silence(false);
  await until('the cache has it', () => cache.list().length === 1, 10);
}, 30_000);

function labelled(label: string, name: string, a: string): KubeObject {
  const object = configMap(bed.namespace, `${name}-${label}`, { a });
  object.metadata.labels = { test: label };
  return object;
}

/** Creates, changes, deletes and re-creates objects by the seed. */
async function change(label: string, count: number, round: number): Promise<void> {
  const next = random(seed * 1000 + round);
  for (let i = 0; i < count; i += 1) {
    const key = { namespace: bed.namespace, name: `o${Math.floor(next() * 12)}-${label}` };
    const kind = next();
    if (kind < 0.35) await bed.direct.client.delete(configMaps, key);
    else {
      const object = configMap(key.namespace, key.name, { a: `${round}.${i}`, fill: 'x'.repeat(200) });
      object.metadata.labels = { test: label };
      await bed.direct.client.apply(configMaps, object, { force: true });
    }
  }
}

/** What a handler knows of the objects by its events alone, and what does not fit together. */
function follow(cache: Cache<Small>): { objects: Map<string, string>; problems: string[] } {
  const objects = new Map<string, string>();
  const problems: string[] = [];
  cache.subscribe((event) => {
    const { name, uid = '' } = (event.type === 'deleted' ? event.old : event.object).metadata;
    const known = objects.get(name);
    if (event.type === 'added') {
      if (known !== undefined) problems.push(`${name} added twice`);
      objects.set(name, uid);
    } else if (event.type === 'updated') {
      if (known !== uid) problems.push(`${name} updated: uid ${known ?? 'of nothing'} became ${uid}`);
    } else {
      if (known === undefined) problems.push(`${name} deleted, but unknown`);
      objects.delete(name);
    }
  });
  return { objects, problems };
}
