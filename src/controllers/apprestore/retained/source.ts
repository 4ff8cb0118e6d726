import type { RestoreSourceStatus } from '../../../api/apprestore.js';
import { fail } from '../../../api/errors.js';
import type { AppRestore } from '../../../api/kinds.js';
import type { RetainedPoint } from '../../../api/retainedpoint.js';
import { unpack } from '../../../manifests/archive.js';
import type { Capture } from '../../../manifests/captured.js';
import { AppError } from '../../../runtime/app-error.js';
import { requireRetained } from '../../../snapshots/import-retained.js';
import type { OperatorDeps } from '../../deps.js';
import { pointName } from '../../retained/objects.js';
import { placeOf, readParts, readPoint, type FoundPoint } from '../../retained/store.js';
import type { CopiedVolume, Copy, ReadCopy, RetainedContent } from '../copy.js';
import { finalFailure } from '../steps.js';

/**
 * The copy that an AppSnapshot has left, found by its uid alone. The document has the digest in status from when the restore began, and names parts of the configuration by
 * theirs. Throws RecoveryPointNotFound, RecoveryPointUnusable, CaptureDamaged, InvalidSpec.
 */
export async function readRetainedCopy(object: AppRestore, deps: OperatorDeps): Promise<ReadCopy> {
  const uid = object.spec.from.retained ?? '';
  const { point, digest } = await find(object, uid, deps);
  const copy = copyOfRetained(point, digest);
  // Before anything is begun; afterwards each is looked at when it is imported.
  if (object.status?.source === undefined && object.spec.what !== 'Configuration') for (const { content } of copy.volumes) await requireRetained(deps.client, content);
  return { copy, capture: await readCapture(object, point, deps) };
}

type RetainedCopy = Copy & { readonly volumes: readonly (CopiedVolume & { readonly content: RetainedContent })[] };

/** A retained recovery point as a restore sees it. Pure. */
export function copyOfRetained(point: RetainedPoint, digest: string): RetainedCopy {
  const { id, source, cutAt, grade } = point;
  const status: RestoreSourceStatus = { retained: source.appSnapshot.uid, digest, namespace: source.namespace, cutAt, setId: id, grade };
  return {
    namespace: source.namespace,
    setId: id,
    applications: point.applications,
    volumes: point.volumes.map(({ claim, uid, application, pods = [], restoreSize, content: { name, uid: contentUid, driver, handle, volumeMode } }) => {
      return { claim, uid, application, pods, restoreSize, content: { kind: 'retained', content: { name, uid: contentUid }, driver, handle, sourceVolumeMode: volumeMode, restoreSize } };
    }),
    status,
  };
}

async function find(object: AppRestore, uid: string, deps: OperatorDeps): Promise<FoundPoint> {
  const begun = object.status?.source;
  const found = await readPoint(placeOf(deps), uid);
  const where = `Secret ${pointName(uid)} in namespace ${deps.retained.namespace}`;
  if (found === undefined || (found.deleting && begun === undefined)) {
    const message = `spec.from.retained: there is no retained recovery point ${uid}: ${where} ${found === undefined ? 'does not exist' : 'is being deleted'}. Those that are there are printed by: kubectl stillpoint retained`;
    // One that was deleted while its AppSnapshot is there is written anew, with the same digest.
    throw fail('RecoveryPointNotFound', message, { afterSeconds: begun === undefined ? 30 : 5 });
  }
  if (begun !== undefined && begun.digest !== found.digest) throw finalFailure('RecoveryPointUnusable', `${where} is not the one that this restore began with.`);
  return found;
}

/** Volumes alone can be restored without it. */
async function readCapture(object: AppRestore, point: RetainedPoint, deps: OperatorDeps): Promise<Capture | undefined> {
  const volumesOnly = object.spec.what === 'Volumes';
  if (point.capture === undefined) {
    if (volumesOnly) return undefined;
    throw finalFailure('InvalidSpec', `spec.what: recovery point ${point.source.appSnapshot.uid} was made without configuration (spec.capture.enabled: false); restore with what: Volumes.`);
  }
  try {
    return { ...unpack(await readParts(placeOf(deps), point), point.capture.digest), missing: [] };
  } catch (error) {
    if (volumesOnly && error instanceof AppError && error.code === 'CaptureDamaged') return undefined;
    throw error;
  }
}
