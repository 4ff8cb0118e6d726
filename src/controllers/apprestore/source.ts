import { labels } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import { appSnapshots, type AppRestore, type AppSnapshot } from '../../api/kinds.js';
import type { Capture } from '../../manifests/captured.js';
import { loadCapture } from '../../manifests/store.js';
import { isNotFound } from '../../runtime/api-error.js';
import { namespaces } from '../../runtime/resource.js';
import { getOrUndefined } from '../../snapshots/observe-set.js';
import { accountOf } from '../appsnapshot/gather.js';
import type { OperatorDeps } from '../deps.js';
import { restoreSet, type RestoreSet } from './restore-set.js';
import { finalFailure, isMoved, targetNamespace } from './steps.js';

/** Seconds until a copy that is not ready is looked at again; its changes wake the restore anyway. */
const patienceSeconds = 30;

/** What is restored: the copy as its status names it, and the objects made from it. */
export interface RestoreSource {
  readonly snapshot: AppSnapshot;
  readonly set: RestoreSet;
  /** The target is the namespace of a drill. */
  readonly drill: boolean;
}

/**
 * Reads the copy and its configuration as the account, its digest verified, and rewrites it for the target.
 * @throws AppError SnapshotNotFound, SnapshotNotReady, CaptureDamaged, InvalidSpec.
 */
export async function readSource(object: AppRestore, deps: OperatorDeps): Promise<RestoreSource> {
  const snapshot = await readSnapshot(object, deps);
  const [capture, drill] = await Promise.all([readCapture(object, snapshot, deps), isDrill(object, deps)]);
  return { snapshot, set: restoreSet(object, snapshot, capture, drill), drill };
}

/** By the label of the target, which only the operator can set and nobody can change: what is on the AppRestore its author may take off. */
async function isDrill(object: AppRestore, deps: OperatorDeps): Promise<boolean> {
  if (!isMoved(object)) return false;
  const target = await getOrUndefined(deps.client, namespaces, { name: targetNamespace(object) });
  return target?.metadata.labels?.[labels.drill] !== undefined;
}

/** The AppSnapshot, which must be the one that this restore began with. Throws as {@link readSource}. */
export async function readSnapshot(object: AppRestore, deps: OperatorDeps): Promise<AppSnapshot> {
  const { name } = object.spec.from.appSnapshotRef;
  const { namespace } = object.metadata;
  const snapshot = await find(name, namespace, deps);
  const begun = object.status?.source;
  if (begun !== undefined && begun.uid !== snapshot.metadata.uid) {
    throw finalFailure('SnapshotNotFound', `AppSnapshot ${name} is not the one that this restore began with: that one was deleted.`);
  }
  const { status } = snapshot;
  if (snapshot.metadata.deletionTimestamp !== undefined && begun === undefined) {
    throw fail('SnapshotNotReady', `AppSnapshot ${name} is being deleted. Name another in spec.from.appSnapshotRef.`, { afterSeconds: patienceSeconds });
  }
  if (status?.phase !== 'Ready') {
    const text = `AppSnapshot ${name} is ${status?.phase ?? 'Pending'}, not Ready.`;
    throw status?.phase === 'Failed' || status?.phase === 'Expired' ? finalFailure('SnapshotNotReady', `${text} Restore another copy.`) : fail('SnapshotNotReady', text, { afterSeconds: patienceSeconds });
  }
  return snapshot;
}

async function find(name: string, namespace: string, deps: OperatorDeps): Promise<AppSnapshot> {
  try {
    return await deps.client.get<AppSnapshot>(appSnapshots, { namespace, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw fail('SnapshotNotFound', `spec.from.appSnapshotRef.name: there is no AppSnapshot ${name} in namespace ${namespace}.`, { cause: error, afterSeconds: patienceSeconds });
  }
}

/** Volumes alone can be restored without it: then claims get the class of the target and the size of the snapshot. */
async function readCapture(object: AppRestore, snapshot: AppSnapshot, deps: OperatorDeps): Promise<Capture | undefined> {
  const stored = snapshot.status?.capture;
  const volumesOnly = object.spec.what === 'Volumes';
  if (stored === undefined) {
    if (volumesOnly) return undefined;
    throw fail('InvalidSpec', `spec.what: AppSnapshot ${snapshot.metadata.name} was made without configuration (spec.capture.enabled: false); restore with what: Volumes.`);
  }
  try {
    return await loadCapture(deps.client.as(accountOf(object)), object.metadata.namespace, stored);
  } catch (error) {
    if (volumesOnly && error instanceof Error && 'code' in error && error.code === 'CaptureDamaged') return undefined;
    throw error;
  }
}
