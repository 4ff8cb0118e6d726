import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/observability/logger.js';
import type { EventRecorder } from '../../../src/runtime/events.js';
import { createEventRecorder } from '../../../src/runtime/events.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { events } from '../../../src/runtime/resource.js';
import type { Bed } from './bed.js';
import { configMap, configMaps, openBed } from './bed.js';

let bed: Bed;
let recorder: EventRecorder;
beforeAll(async () => {
  bed = await openBed();
  recorder = createEventRecorder({ client: bed.client, controller: 'example.dev/test', instance: 'test-0', clock: bed.clock, log: silentLogger() });
});
afterAll(async () => {
  await recorder.stop();
  await bed.close();
});

const recorded = async (name: string): Promise<KubeObject[]> =>
  (await bed.client.list(events, { namespace: bed.namespace })).items.filter((e) => (e['regarding'] as { name: string }).name === name);

test('an event tells who, what, why; repeated ones become a series on one object', async () => {
  const regarding = await bed.client.create(configMaps, configMap(bed.namespace, 'subject'));
  for (const note of ['first', 'second', 'third']) recorder.record({ regarding, type: 'Normal', reason: 'Held', action: 'Hold', note });
  recorder.record({ regarding, type: 'Warning', reason: 'CutFailed', action: 'Cut', note: 'x'.repeat(5_000) });
  await recorder.flush();
  const found = await recorded('subject');
  expect(found).toHaveLength(2);
  const held = found.find((e) => e['reason'] === 'Held');
  expect(held).toMatchObject({ type: 'Normal', action: 'Hold', note: 'first', reportingController: 'example.dev/test', reportingInstance: 'test-0' });
  expect(held).toMatchObject({ regarding: { kind: 'ConfigMap', uid: regarding.metadata.uid }, series: { count: 3 } });
  expect((found.find((e) => e['reason'] === 'CutFailed')?.['note'] as string).length).toBe(1024);
});

test('an event about an object in a namespace that is gone is given up, later ones are recorded', async () => {
  const regarding = await bed.client.create(configMaps, configMap(bed.namespace, 'later'));
  const elsewhere = { ...regarding, metadata: { ...regarding.metadata, namespace: 'no-such-namespace' } };
  recorder.record({ regarding: elsewhere, type: 'Normal', reason: 'Held', action: 'Hold', note: 'n' });
  recorder.record({ regarding, type: 'Normal', reason: 'Held', action: 'Hold', note: 'n' });
  await recorder.flush();
  expect(await recorded('later')).toHaveLength(1);
});
