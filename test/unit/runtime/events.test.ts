import { expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/observability/logger.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { Client } from '../../../src/runtime/client.js';
import { createEventRecorder, type EventInput, type EventRecorder } from '../../../src/runtime/events.js';
import { FakeClock } from './fake-clock.js';

const minute = 60_000;

interface Sent {
  readonly verb: 'create' | 'patch';
  readonly about: string;
  readonly count: number | undefined;
}

/** A recorder, what reached the server, and what the server does with each request. */
function setup(answer: (about: string) => Promise<void> = () => Promise.resolve()) {
  const clock = new FakeClock();
  const sent: Sent[] = [];
  const names = new Map<string, string>();
  const tries: string[] = [];
  const through = async <T>(about: string, verb: Sent['verb'], body: Record<string, unknown>): Promise<T> => {
    tries.push(about);
    await answer(about);
    sent.push({ verb, about, count: (body['series'] as { count: number } | undefined)?.count });
    return {} as T;
  };
  const client: Pick<Client, 'create' | 'mergePatch'> = {
    create: (_type, object) => {
      const about = (object['regarding'] as { name: string }).name;
      names.set(object.metadata.name, about);
      return through(about, 'create', object);
    },
    mergePatch: (_type, { name }, patch) => through(names.get(name) ?? '?', 'patch', patch as Record<string, unknown>),
  };
  const recorder = createEventRecorder({ client, controller: 'example.dev/test', instance: 'i', clock, log: silentLogger() });
  return { clock, sent, tries, recorder };
}

function about(name: string, over: Partial<EventInput> = {}): EventInput {
  return { regarding: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'x', uid: `uid-${name}` } }, type: 'Normal', reason: 'Held', action: 'Hold', note: 'n', ...over };
}

test('the second of a kind makes a series by patch; further ones are only counted, and told when it is over', async () => {
  const { clock, sent, recorder } = setup();
  for (const note of ['one', 'two', 'three', 'four']) recorder.record(about('a', { note }));
  await clock.advance(0);
  expect(sent).toEqual([{ verb: 'create', about: 'a', count: undefined }, { verb: 'patch', about: 'a', count: 4 }]);
  recorder.record(about('a'));
  await clock.advance(6 * minute);
  expect(sent).toHaveLength(2);
  await clock.advance(2 * minute);
  expect(sent[2]).toEqual({ verb: 'patch', about: 'a', count: 5 });
  recorder.record(about('a'));
  await clock.advance(0);
  expect(sent[3]).toEqual({ verb: 'create', about: 'a', count: undefined });
});

test.each<[string, Partial<EventInput>]>([
  ['type', { type: 'Warning' }],
  ['reason', { reason: 'Released' }],
  ['action', { action: 'Release' }],
  ['related', { related: { kind: 'Pod', metadata: { name: 'p' } } }],
])('another %s is another event', async (_what, over) => {
  const { clock, sent, recorder } = setup();
  recorder.record(about('a'));
  recorder.record(about('a', over));
  await clock.advance(0);
  expect(sent.map((s) => s.verb)).toEqual(['create', 'create']);
});

test('what the server refuses is final, what does not reach it is tried twelve times', async () => {
  const refused = setup(() => Promise.reject(new ApiError({ code: 403, reason: 'Forbidden', message: 'no' })));
  refused.recorder.record(about('a'));
  await refused.clock.advance(minute);
  expect(refused.tries).toHaveLength(1);
  const unreachable = setup(() => Promise.reject(new ApiError({ code: 0, reason: 'Unreachable', message: 'no connection' })));
  unreachable.recorder.record(about('a'));
  await unreachable.clock.advance(minute);
  expect(unreachable.tries).toHaveLength(12);
});

/** Enough subjects to fill every lane. */
const many = Array.from({ length: 64 }, (_, i) => `subject-${i}`);

test('one that is stuck holds up its own lane only, and within a series the order stays', async () => {
  const { clock, sent, recorder } = setup((name) => (name === 'subject-0' ? new Promise(() => undefined) : Promise.resolve()));
  for (const name of [...many, ...many]) recorder.record(about(name));
  await clock.advance(0);
  const passed = new Set(sent.map((s) => s.about));
  expect(passed.size).toBeGreaterThan(many.length / 2);
  expect(passed.has('subject-0')).toBe(false);
  for (const name of passed) expect(sent.filter((s) => s.about === name).map((s) => s.verb)).toEqual(['create', 'patch']);
});

test('above a thousand waiting ones new events are dropped, and nobody waits for that', async () => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const { clock, sent, recorder } = setup(() => gate);
  for (let i = 0; i < 1_500; i += 1) recorder.record(about(`n-${i}`));
  open();
  await untilQuiet(clock, recorder);
  expect(sent).toHaveLength(1_000);
});

test('the end sends the counts of open series, and later events are nothing', async () => {
  const { clock, sent, recorder } = setup();
  for (let i = 0; i < 3; i += 1) {
    recorder.record(about('a'));
    await clock.advance(0);
  }
  expect(sent.map((s) => s.count)).toEqual([undefined, 2]);
  await recorder.stop();
  recorder.record(about('a'));
  await clock.advance(0);
  expect(sent.map((s) => s.count)).toEqual([undefined, 2, 3]);
  expect(clock.pending).toBe(0);
});

async function untilQuiet(clock: FakeClock, recorder: EventRecorder): Promise<void> {
  let quiet = false;
  void recorder.flush().then(() => (quiet = true));
  while (!quiet) await clock.advance(0);
}
