import { describe, expect, test } from '@jest/globals';
import { fail } from '../../../src/api/errors.js';
import { AppError } from '../../../src/runtime/app-error.js';
import type { Cache, CacheEvent } from '../../../src/runtime/cache.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { projectContent, type ContentView } from '../../../src/snapshots/contents.js';
import { runCut } from '../../../src/snapshots/cut.js';

/** The part of a cache that a cut uses, driven by hand; the order of events is what is tested. */
function contents(): { cache: Cache<ContentView>; show: (uid: string, status: object) => void; subscribers: () => number } {
  const handlers = new Set<(event: CacheEvent<ContentView>) => void>();
  const cache = {
    subscribe: (handler: (event: CacheEvent<ContentView>) => void) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  } as unknown as Cache<ContentView>;
  const show = (uid: string, status: object): void => {
    const object = projectContent({ metadata: { name: 'c' }, spec: { volumeSnapshotRef: { namespace: 'shop', name: 'cut', uid } }, status });
    for (const handler of handlers) handler({ type: 'added', key: 'c', object, initial: false });
  };
  return { cache, show, subscribers: () => handlers.size };
}

const done = { creationTime: 1, snapshotHandle: 'h' };
const base = { namespace: 'shop', name: 'cut', kind: 'group' as const };

/** Resolves to what the promise did, or `pending` when it has not settled after everything queued has run. */
async function stateOf(promise: Promise<void>): Promise<string> {
  return Promise.race([
    promise.then(
      () => 'resolved',
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    ),
    new Promise<string>((resolve) => setImmediate(() => resolve('pending'))),
  ]);
}

describe('running a cut', () => {
  test('ends at creation time and handle, not before, and lets go of the watch', async () => {
    const { cache, show, subscribers } = contents();
    const run = runCut({ ...base, contents: cache, create: () => Promise.resolve({ metadata: { name: 'cut', uid: 'u' } }) }, new AbortController().signal);
    show('u', {});
    expect(await stateOf(run)).toBe('pending');
    show('u', { creationTime: 1 });
    expect(await stateOf(run)).toBe('pending');
    show('u', done);
    expect(await stateOf(run)).toBe('resolved');
    expect(subscribers()).toBe(0);
  });

  test('a content that overtakes the answer of the create counts, one of another uid does not', async () => {
    const { cache, show } = contents();
    let answer: (object: KubeObject) => void = () => undefined;
    const run = runCut({ ...base, contents: cache, create: () => new Promise((resolve) => (answer = resolve)) }, new AbortController().signal);
    show('u', done);
    expect(await stateOf(run)).toBe('pending');
    answer({ metadata: { name: 'cut', uid: 'u' } });
    expect(await stateOf(run)).toBe('resolved');

    const other = runCut({ ...base, contents: cache, create: () => Promise.resolve({ metadata: { name: 'cut', uid: 'new' } }) }, new AbortController().signal);
    show('old', done);
    expect(await stateOf(other)).toBe('pending');
  });

  test.each([
    ['nobody made a content', undefined, 'GroupSnapshotNotProcessed'],
    ['the storage is slow', {}, 'CutTooSlow'],
    ['the storage failed', { error: { message: 'disk full' } }, 'SnapshotFailed'],
  ])('given up: %s', async (_what, status, code) => {
    const { cache, show, subscribers } = contents();
    const stop = new AbortController();
    const run = runCut({ ...base, contents: cache, create: () => Promise.resolve({ metadata: { name: 'cut', uid: 'u' } }) }, stop.signal);
    if (status !== undefined) show('u', status);
    expect(await stateOf(run)).toBe('pending');
    stop.abort();
    expect(await stateOf(run)).toBe(code);
    expect(subscribers()).toBe(0);
  });

  test('given up for another reason: that reason', async () => {
    const run = runCut({ ...base, contents: contents().cache, create: () => Promise.resolve({ metadata: { name: 'cut', uid: 'u' } }) }, AbortSignal.abort(fail('HoldBroken', 'x')));
    expect(await stateOf(run)).toBe('HoldBroken');
  });

  test('a refused create ends it at once', async () => {
    const { cache, subscribers } = contents();
    const run = runCut({ ...base, contents: cache, create: () => Promise.reject(new Error('forbidden')) }, new AbortController().signal);
    expect(await stateOf(run)).toBe('SnapshotFailed');
    expect(subscribers()).toBe(0);
  });
});
