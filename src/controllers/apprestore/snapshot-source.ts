import { fail } from '../../api/errors.js';
import { appSnapshots, type AppRestore, type AppSnapshot } from '../../api/kinds.js';
import type { Capture } from '../../manifests/captured.js';
import { loadCapture } from '../../manifests/store.js';
import { isNotFound } from '../../runtime/api-error.js';
import { accountOf } from '../appsnapshot/gather.js';
import type { OperatorDeps } from '../deps.js';
import type { Copy, CopiedVolume, ReadCopy } from './copy.js';
import { finalFailure } from './steps.js';

/** Seconds until a copy that is not ready is looked at again; its changes wake the restore anyway. */
const patienceSeconds = 30;

/** The copy that an AppSnapshot is. Throws SnapshotNotFound, SnapshotNotReady, CaptureDamaged, InvalidSpec. */
export async function readSnapshotCopy(object: AppRestore, deps: OperatorDeps): Promise<ReadCopy> {
  const snapshot = await readSnapshot(object, deps);
  return { copy: copyOfSnapshot(snapshot), capture: await readCapture(object, snapshot, deps) };
}

/** An AppSnapshot as a restore sees it. Pure. */
export function copyOfSnapshot({ metadata, status }: AppSnapshot): Copy {
  const setId = status?.setId ?? '';
  return {
    namespace: metadata.namespace,
    setId,
    applications: status?.applications ?? [],
    volumes: (status?.members ?? []).flatMap(({ snapshot, driver, ...member }): CopiedVolume[] => {
      if (snapshot === undefined) return [];
      return [{ claim: member.claim, uid: member.uid, application: member.application, pods: member.pods ?? [], restoreSize: member.restoreSize, content: { kind: 'snapshot', snapshot, driver } }];
    }),
    status: { appSnapshot: metadata.name, uid: metadata.uid, setId, grade: status?.grade ?? 'Inconsistent' },
  };
}

/** The AppSnapshot, which must be the one that this restore began with. */
async function readSnapshot(object: AppRestore, deps: OperatorDeps): Promise<AppSnapshot> {
  const name = object.spec.from.appSnapshotRef?.name ?? '';
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
