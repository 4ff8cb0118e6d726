import { labels } from '../api/common.js';
import type { AppRestore, AppSnapshot, BackupTarget, StorageCluster, VolumePolicy } from '../api/kinds.js';
import { isForTargetAlone, moverRole } from '../movers/job.js';
import type { CacheEvent, Projected } from '../runtime/cache.js';
import { enqueueFrom, type Controller } from '../runtime/controller.js';
import { keyText, type ObjectMeta } from '../runtime/object.js';
import type { Caches } from './caches.js';
import { sourceKeys } from './copy-keys.js';
import type { OperatorMetrics } from './metrics.js';
import { concernsVolumes } from './volumepolicy/volumes/observe.js';
import type { WindowLine } from './window-line.js';

/** A hold that a former leader may have left comes before everything. */
const holdPriority = 100;

/** Tells the controllers which objects to look at when something changes. */
export function connect(caches: Caches, controllers: { appSnapshots: Controller; appRestores: Controller; volumePolicies: Controller; backupTargets: Controller; storageClusters: Controller; retained: Controller }): void {
  const { appSnapshots, appRestores, volumePolicies, backupTargets, storageClusters, retained } = controllers;
  caches.appSnapshots.subscribe((event) => {
    if (event.type === 'deleted') return;
    if (mayHold(event.object)) appSnapshots.enqueue(event.key, { priority: holdPriority });
    // Who waits for a window is heard before what is done already.
    else if (event.type === 'added' && isWaiting(event.object)) appSnapshots.enqueue(event.key);
  });
  enqueueFrom(caches.appSnapshots, appSnapshots, (_, key) => [key], matters);
  enqueueFrom(caches.appRestores, appRestores, (_, key) => [key], matters);
  enqueueFrom(caches.appSnapshots, appRestores, (_, key) => keysOf(caches.appRestores.by('source', key)));
  // A copy that a restore was using may be removable now.
  enqueueFrom(caches.appRestores, appSnapshots, (object) => sourcesOf(object, caches).map((copy) => keyText(copy.metadata)), (event) => event.type === 'deleted' || isOver(event.object));
  enqueueFrom(caches.volumePolicies, volumePolicies, (_, key) => [key], matters);
  enqueueFrom(caches.appSnapshots, volumePolicies, (object) => policiesOf(object, caches), concernsPolicies);
  enqueueFrom(caches.appRestores, volumePolicies, (object) => sourcesOf(object, caches).flatMap((copy) => policiesOf(copy, caches)), (event) => event.type === 'deleted' || isOver(event.object));
  enqueueFrom(caches.claims, volumePolicies, ({ metadata }) => keysOf(caches.volumePolicies.list(metadata.namespace ?? '').filter(({ spec }) => concernsVolumes(spec))));
  enqueueFrom(caches.storageClusters, storageClusters, (_, key) => [key], matters);
  enqueueFrom(caches.storageClusters, volumePolicies, (_, key) => keysOf(caches.volumePolicies.list().filter(({ spec }) => spec.storageClusterRef?.name === key)), isOther);
  enqueueFrom(caches.volumePolicies, storageClusters, ({ spec }) => (spec.storageClusterRef === undefined ? [] : [spec.storageClusterRef.name]), matters);
  for (const cache of [caches.volumeSnapshots, caches.groupSnapshots]) {
    if (cache === undefined) continue;
    enqueueFrom(cache, appSnapshots, (object) => snapshotsOf(object.metadata, caches));
    enqueueFrom(cache, appRestores, (object) => keysOf(caches.appRestores.by('uid', object.metadata.labels?.[labels.restore] ?? '')));
  }
  enqueueFrom(caches.claims, appRestores, (object) => restoresInto(object.metadata, caches));
  enqueueFrom(caches.backupTargets, backupTargets, (_, key) => [key], matters);
  // A mover that has ended is heard of at once, by the label on its pod.
  enqueueFrom(caches.pods, backupTargets, (object) => keysOf(caches.backupTargets.by('uid', targetOfCheck(object.metadata) ?? '')));
  enqueueFrom(caches.pods, appSnapshots, (object) => keysOf(caches.appSnapshots.by('uid', copiedBy(object.metadata) ?? '')));
  enqueueFrom(caches.pods, appRestores, (object) => restoresInto(object.metadata, caches));
  // What somebody has deleted there goes with its data, or is written anew.
  enqueueFrom(caches.retained, retained, (_, key) => [key], (event) => event.type !== 'deleted' && event.object.metadata.deletionTimestamp !== undefined);
  enqueueFrom(caches.retained, appSnapshots, (secret) => keysOf(caches.appSnapshots.by('uid', secret.metadata.labels?.[labels.appSnapshot] ?? '')), isGoing);
  enqueueFrom(caches.appRestores, retained, ({ spec }) => caches.retained.by('appSnapshot', spec.from.retained ?? '').map(({ metadata }) => keyText(metadata)), (event) => event.type === 'deleted' || isOver(event.object));
}

function isGoing(event: CacheEvent<Projected>): boolean {
  return event.type === 'deleted' || event.object.metadata.deletionTimestamp !== undefined;
}

/** Our own status writes bring nothing new. */
function matters<P extends Projected>(event: CacheEvent<P>): boolean {
  return event.type !== 'updated' || interesting(event.old.metadata) !== interesting(event.object.metadata);
}

function interesting({ generation, deletionTimestamp, finalizers, annotations, uid }: ObjectMeta): string {
  return JSON.stringify([generation, deletionTimestamp, finalizers, annotations, uid]);
}

/** Whether what policies go by has changed of a StorageCluster: its spec, or whether it is ready. */
function isOther(event: CacheEvent<StorageCluster>): boolean {
  const seen = ({ metadata, status }: StorageCluster): string => JSON.stringify([metadata.generation, status?.observedGeneration, status?.conditions?.find((c) => c.type === 'Ready')?.message]);
  return event.type !== 'updated' || seen(event.old) !== seen(event.object);
}

/** What is gone leaves the line and the metrics; a policy in its own reconcile, so that none that is under way brings its series back. */
export function forgetDeleted(caches: Caches, line: Pick<WindowLine, 'leave'>, metrics: Pick<OperatorMetrics, 'forget' | 'forgetTarget'>): void {
  caches.appSnapshots.subscribe((event) => {
    if (event.type !== 'deleted') return;
    line.leave(event.key);
    metrics.forget({ namespace: event.old.metadata.namespace, name: event.old.metadata.name });
  });
  caches.backupTargets.subscribe((event) => {
    if (event.type === 'deleted') metrics.forgetTarget({ namespace: event.old.metadata.namespace, target: event.old.metadata.name });
  });
}

function mayHold(object: AppSnapshot): boolean {
  return (object.status?.holds ?? []).some((hold) => hold.state === 'Intended');
}

/** Has no window yet. */
function isWaiting({ status, spec }: AppSnapshot): boolean {
  return !spec.suspend && ['Pending', 'Planned', 'Warmed'].includes(status?.phase ?? 'Pending');
}

/** What a policy goes by: whether a copy is there, how it ended, whether it was verified, and how it stands in targets. */
function concernsPolicies(event: CacheEvent<AppSnapshot>): boolean {
  return event.type !== 'updated' || inPolicy(event.old) !== inPolicy(event.object);
}

function inPolicy({ metadata, spec, status }: AppSnapshot): string {
  const ready = status?.conditions?.find((c) => c.type === 'Ready');
  const inTargets = status?.copies?.map(({ phase, reason, message }) => [phase, reason, reason === undefined ? undefined : message]);
  return JSON.stringify([metadata.labels, metadata.annotations, metadata.deletionTimestamp, status?.phase, status?.verified?.at, ready?.reason, ready?.message, spec.expiresAfter, spec.forgetCopies, inTargets]);
}

function policiesOf({ metadata }: AppSnapshot, caches: Caches): string[] {
  return keysOf(caches.volumePolicies.by('uid', metadata.labels?.[labels.policy] ?? ''));
}

/** Uid of the target whose check this pod is; undefined for all others, those of copies and restores too. */
function targetOfCheck({ labels: own }: ObjectMeta): string | undefined {
  return isForTargetAlone(own) ? own?.[labels.target] : undefined;
}

/** Uid of the AppSnapshot for which this pod moves something. */
function copiedBy({ labels: own }: ObjectMeta): string | undefined {
  return own?.[labels.internal] === moverRole ? own[labels.appSnapshot] : undefined;
}

/** The AppSnapshots that a restore reads from: their snapshots, or what of them is in a BackupTarget. */
function sourcesOf(restore: AppRestore, caches: Caches): AppSnapshot[] {
  const name = restore.spec.from.appSnapshotRef?.name;
  if (name === undefined) return sourceKeys(restore).flatMap((key) => caches.appSnapshots.by('copy', key));
  const source = caches.appSnapshots.get({ namespace: restore.metadata.namespace, name });
  return source === undefined ? [] : [source];
}

function isOver(object: AppRestore): boolean {
  return object.status?.phase === 'Ready' || object.status?.phase === 'Failed';
}

/** Restores under way whose target is the namespace of this object, and the one that has made it, wherever that is. */
function restoresInto(meta: ObjectMeta, caches: Caches): string[] {
  const restores = [...caches.appRestores.by('target', meta.namespace ?? ''), ...caches.appRestores.by('uid', meta.labels?.[labels.restore] ?? '')];
  return [...new Set(keysOf(restores.filter((object) => !isOver(object))))];
}

/** The AppSnapshots that a snapshot belongs to: by label, or as a member of a group that carries it. */
function snapshotsOf(meta: ObjectMeta, caches: Caches): string[] {
  const groups = (meta.ownerReferences ?? []).flatMap((owner) => caches.groupSnapshots?.by('uid', owner.uid) ?? []);
  const uids = [meta, ...groups.map((g) => g.metadata)].flatMap((m) => m.labels?.[labels.appSnapshot] ?? []);
  return uids.flatMap((uid) => keysOf(caches.appSnapshots.by('uid', uid)));
}

function keysOf(objects: readonly (AppSnapshot | AppRestore | BackupTarget | VolumePolicy)[]): string[] {
  return objects.map((object) => keyText(object.metadata));
}
