import { labels } from '../api/common.js';
import type { AppRestore, AppSnapshot } from '../api/kinds.js';
import type { Cache, CacheEvent, Projected } from '../runtime/cache.js';
import type { Controller } from '../runtime/controller.js';
import { keyText, type ObjectMeta } from '../runtime/object.js';
import type { Caches } from './caches.js';

/** Reconciles of the first fill come after what users ask for now (controller-runtime, priority queue). */
const initialPriority = -100;
/** A hold that a former leader may have left comes before everything. */
const holdPriority = 100;

/** Tells the controllers which objects to look at when something changes. */
export function connect(caches: Caches, controllers: { appSnapshots: Controller; appRestores: Controller }): void {
  own(caches.appSnapshots, controllers.appSnapshots, mayHold);
  own(caches.appRestores, controllers.appRestores, () => false);
  const wakeSnapshot = (meta: ObjectMeta): void => {
    for (const key of ownersOf(meta, caches)) controllers.appSnapshots.enqueue(key);
    const restore = meta.labels?.[labels.restore];
    if (restore !== undefined) wakeRestore(restore);
  };
  const wakeRestore = (uid: string): void => {
    for (const object of caches.appRestores.by('uid', uid)) controllers.appRestores.enqueue(keyText(object.metadata));
  };
  for (const cache of [caches.volumeSnapshots, caches.groupSnapshots]) cache?.subscribe((event) => wakeSnapshot(objectOf(event).metadata));
  const wakeTarget = (meta: ObjectMeta): void => {
    for (const object of caches.appRestores.by('target', meta.namespace ?? '')) {
      const phase = object.status?.phase;
      if (phase !== 'Ready' && phase !== 'Failed') controllers.appRestores.enqueue(keyText(object.metadata));
    }
  };
  caches.claims.subscribe((event) => wakeTarget(objectOf(event).metadata));
  caches.pods.subscribe((event) => wakeTarget(objectOf(event).metadata));
  caches.appSnapshots.subscribe((event) => {
    for (const object of caches.appRestores.by('source', event.key)) controllers.appRestores.enqueue(keyText(object.metadata));
  });
}

function own<P extends AppSnapshot | AppRestore>(cache: Cache<P>, controller: Controller, urgent: (object: P) => boolean): void {
  cache.subscribe((event) => {
    if (event.type === 'deleted' || (event.type === 'updated' && !matters(event.old, event.object))) return;
    const initial = event.type === 'added' && event.initial;
    controller.enqueue(event.key, { priority: urgent(event.object) ? holdPriority : initial ? initialPriority : 0 });
  });
}

/** Our own status writes bring nothing new. */
function matters(old: Projected, object: Projected): boolean {
  const interesting = ({ generation, deletionTimestamp, finalizers, annotations, uid }: ObjectMeta): string => JSON.stringify([generation, deletionTimestamp, finalizers, annotations, uid]);
  return interesting(old.metadata) !== interesting(object.metadata);
}

function mayHold(object: AppSnapshot): boolean {
  return (object.status?.holds ?? []).some((hold) => hold.state === 'Intended');
}

/** The AppSnapshots that a snapshot belongs to: by label, or as a member of a group that carries it. */
function ownersOf(meta: ObjectMeta, caches: Caches): string[] {
  const groups = (meta.ownerReferences ?? []).flatMap((owner) => caches.groupSnapshots?.by('uid', owner.uid) ?? []);
  const uids = [meta, ...groups.map((g) => g.metadata)].flatMap((m) => m.labels?.[labels.appSnapshot] ?? []);
  return uids.flatMap((uid) => caches.appSnapshots.by('uid', uid)).map((object) => keyText(object.metadata));
}

function objectOf<P>(event: CacheEvent<P>): P {
  return event.type === 'deleted' ? event.old : event.object;
}
