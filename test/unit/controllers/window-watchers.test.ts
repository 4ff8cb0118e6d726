import { expect, test } from '@jest/globals';
import { abortOnDeletion } from '../../../src/controllers/appsnapshot/deletion.js';
import { watchVisitors } from '../../../src/controllers/appsnapshot/visitors.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import type { PodView } from '../../../src/hooks/view.js';
import type { Cache, CacheEvent, Projected } from '../../../src/runtime/cache.js';
import { container, pod } from '../hold/namespace.js';

/** A subscription that the test feeds. */
function feed<P extends Projected>(): { cache: Pick<Cache<P>, 'subscribe'>; send: (event: CacheEvent<P>) => void; subscribers: () => number } {
  const handlers = new Set<(event: CacheEvent<P>) => void>();
  const subscribe = (handler: (event: CacheEvent<P>) => void): (() => void) => {
    handlers.add(handler);
    return () => void handlers.delete(handler);
  };
  return { cache: { subscribe }, send: (event) => handlers.forEach((handler) => handler(event)), subscribers: () => handlers.size };
}

test('pods that the plan did not know are visitors of the claims that they mount, also when they are gone again', () => {
  const { cache, send, subscribers } = feed<PodView>();
  const visitors = watchVisitors(cache, 'shop');
  const known = pod('db-0', 'n1', [container('server', ['data'])]);
  const guest = pod('guest', 'n1', [container('c', ['data', 'wal'])]);
  const elsewhere = pod('far', 'n1', [container('c', ['data'])], { metadata: { name: 'far', namespace: 'other', uid: 'far' } });
  for (const object of [known, guest, elsewhere]) send({ type: 'added', key: object.metadata.name, object, initial: false });
  send({ type: 'deleted', key: 'guest', old: guest });
  expect(visitors.since({ namespace: 'shop', pods: [known], claims: [] })).toEqual(new Map([['data', 'guest'], ['wal', 'guest']]));
  visitors.stop();
  expect(subscribers()).toBe(0);
});

test('the signal aborts when this object is marked for deletion or gone, and for no other', () => {
  const object = (uid: string, deletionTimestamp?: string): AppSnapshot => ({ metadata: { name: 'x', namespace: 'shop', uid, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) } }) as AppSnapshot;
  for (const event of [
    { type: 'updated', key: 'shop/x', old: object('mine'), object: object('mine', '2026-01-01T00:00:00Z') },
    { type: 'deleted', key: 'shop/x', old: object('mine') },
  ] as const) {
    const { cache, send } = feed<AppSnapshot>();
    const deletion = abortOnDeletion(cache, 'mine');
    send({ type: 'added', key: 'shop/x', object: object('mine'), initial: true });
    send({ type: 'deleted', key: 'shop/y', old: object('other') });
    expect(deletion.signal.aborted).toBe(false);
    send(event);
    expect(deletion.signal.reason).toMatchObject({ code: 'HoldBroken' });
    deletion.stop();
  }
});
