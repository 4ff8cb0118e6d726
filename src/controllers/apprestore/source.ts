import type { AppRestore } from '../../api/kinds.js';
import type { OperatorDeps } from '../deps.js';
import type { Copy, ReadCopy } from './copy.js';
import { readRemoteCopy } from './remote/source.js';
import { restoreSet, type RestoreSet } from './restore-set.js';
import { readSnapshotCopy } from './snapshot-source.js';
import { isFromTarget } from './steps.js';

/** What is restored: the copy, and the objects made from it. */
export interface RestoreSource {
  readonly copy: Copy;
  readonly set: RestoreSet;
}

/**
 * Reads the copy and its configuration as the account, its digest verified, and rewrites it for the target.
 * @throws AppError SnapshotNotFound, SnapshotNotReady, CaptureDamaged, InvalidSpec.
 */
export async function readSource(object: AppRestore, deps: OperatorDeps): Promise<RestoreSource> {
  const { copy, capture } = await read(object, deps);
  return { copy, set: restoreSet(object, copy, capture) };
}

function read(object: AppRestore, deps: OperatorDeps): Promise<ReadCopy> {
  return isFromTarget(object) ? readRemoteCopy(object, deps) : readSnapshotCopy(object, deps);
}
