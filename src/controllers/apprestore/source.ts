import type { AppRestore } from '../../api/kinds.js';
import { namespaces } from '../../runtime/resource.js';
import { getOrUndefined } from '../../runtime/get-or-undefined.js';
import type { OperatorDeps } from '../deps.js';
import { isDrillNamespace } from '../volumepolicy/drill/names.js';
import type { Copy, ReadCopy } from './copy.js';
import { readRemoteCopy } from './remote/source.js';
import { restoreSet, type RestoreSet } from './restore-set.js';
import { readRetainedCopy } from './retained/source.js';
import { readSnapshotCopy } from './snapshot-source.js';
import { isElsewhere, isFromRetained, isFromTarget, targetNamespace } from './steps.js';

/** What is restored: the copy, and the objects made from it. */
export interface RestoreSource {
  readonly copy: Copy;
  readonly set: RestoreSet;
  /** The target is the namespace of a drill. */
  readonly drill: boolean;
}

/**
 * Reads the copy and its configuration as the account, its digest verified, and rewrites it for the target. What was retained is read as the operator: its author was asked
 * for the right when the restore was made.
 * @throws AppError SnapshotNotFound, SnapshotNotReady, RecoveryPointNotFound, RecoveryPointUnusable, CaptureDamaged, InvalidSpec.
 */
export async function readSource(object: AppRestore, deps: OperatorDeps): Promise<RestoreSource> {
  const [{ copy, capture }, drill] = await Promise.all([read(object, deps), isDrill(object, deps)]);
  return { copy, set: restoreSet(object, copy, capture, drill), drill };
}

/** By name and mark of the target, which only the operator can set and nobody can change: what is on the AppRestore its author may take off. */
async function isDrill(object: AppRestore, deps: OperatorDeps): Promise<boolean> {
  if (!isElsewhere(object)) return false;
  const target = await getOrUndefined(deps.client, namespaces, { name: targetNamespace(object) });
  return target !== undefined && isDrillNamespace(target.metadata);
}

function read(object: AppRestore, deps: OperatorDeps): Promise<ReadCopy> {
  if (isFromRetained(object)) return readRetainedCopy(object, deps);
  return isFromTarget(object) ? readRemoteCopy(object, deps) : readSnapshotCopy(object, deps);
}
