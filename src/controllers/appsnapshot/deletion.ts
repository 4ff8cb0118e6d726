import type { AppSnapshot } from '../../api/kinds.js';
import { fail } from '../../api/errors.js';
import type { Cache } from '../../runtime/cache.js';

/** Aborts as soon as the object is deleted: nothing is held still for a copy that nobody wants any more. */
export function abortOnDeletion(objects: Pick<Cache<AppSnapshot>, 'subscribe'>, uid: string): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const stop = objects.subscribe((event) => {
    const { metadata } = event.type === 'deleted' ? event.old : event.object;
    if (metadata.uid === uid && (event.type === 'deleted' || metadata.deletionTimestamp !== undefined)) controller.abort(fail('HoldBroken', 'The object was deleted while its window was open.'));
  });
  return { signal: controller.signal, stop };
}
