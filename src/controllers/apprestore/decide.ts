import { durationMillis } from '../../api/common.js';
import type { AppRestore } from '../../api/kinds.js';
import { isSwapped, wanted } from './in-place/wanted.js';
import { isFromTarget, isStaged } from './steps.js';

/** What {@link decide} sees. */
export interface RestoreInput {
  readonly object: AppRestore;
  /** Wall clock, ms since the epoch. */
  readonly now: number;
}

/** Finalizer that removes what a restore imported for another namespace, its movers, and what they have not filled whole. */
export const restoreFinalizer = 'stillpoint.dev/imported-snapshots';

/** What to do next; every action can be repeated. */
export type RestorePlan =
  | { readonly kind: 'idle' }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'addFinalizer' }
  /** List the recovery points of a target, and fetch the one that is meant. */
  | { readonly kind: 'fetch' }
  /** Read the copy, compare it with the target, say what will be done. */
  | { readonly kind: 'plan' }
  /** In place: what uses the claims is stopped, and the claims go, but not their volumes. */
  | { readonly kind: 'swap' }
  /** Fill the volumes of a target in the namespace of the object, and cut them. */
  | { readonly kind: 'stage' }
  | { readonly kind: 'volumes' }
  | { readonly kind: 'configuration' }
  /** Steps of the adapters on the volumes, before the first start. */
  | { readonly kind: 'prepare' }
  | { readonly kind: 'start' }
  | { readonly kind: 'verify' }
  /** The time for starting and checking is over. */
  | { readonly kind: 'timeout' }
  /** In place: back to the old volumes. */
  | { readonly kind: 'rollBack' }
  /** In place: the old volumes are not needed any more. */
  | { readonly kind: 'release' }
  /** In place: the old volumes are kept, which is to be said. */
  | { readonly kind: 'kept' }
  /** It has ended: what movers have left goes. */
  | { readonly kind: 'sweep' }
  | { readonly kind: 'delete' };

/** The next step of an AppRestore. Pure and synchronous. */
export function decide(input: RestoreInput): RestorePlan {
  const { object } = input;
  const guarded = (object.metadata.finalizers ?? []).includes(restoreFinalizer);
  if (object.metadata.deletionTimestamp !== undefined) return guarded ? { kind: 'delete' } : { kind: 'idle' };
  const phase = object.status?.phase ?? 'Pending';
  const ofOld = wanted(object);
  if (phase === 'Ready' || phase === 'Failed') {
    // A way back removes its movers itself.
    if (object.status?.transfer !== undefined && (ofOld !== 'rollBack' || object.spec.suspend)) return { kind: 'sweep' };
    return ofOld === undefined || object.spec.suspend ? { kind: 'idle' } : { kind: ofOld };
  }
  if (object.spec.suspend) return { kind: 'suspended' };
  if (ofOld !== undefined) return { kind: ofOld };
  // A dry run leaves nothing behind that a finalizer would have to remove, unless movers read for it.
  if (!guarded && (!object.spec.dryRun || isFromTarget(object))) return { kind: 'addFinalizer' };
  if ((phase === 'Starting' || phase === 'Verifying') && isOverdue(input)) return { kind: 'timeout' };
  switch (phase) {
    case 'Pending':
    case 'Fetching':
      return isFromTarget(object) && object.status?.transfer?.phase !== 'Fetched' ? { kind: 'fetch' } : { kind: 'plan' };
    case 'Planned':
      if (object.spec.inPlace) return { kind: 'swap' };
      return isStaged(object) && object.spec.what !== 'Configuration' ? { kind: 'stage' } : { kind: 'volumes' };
    case 'Staging':
      return { kind: 'stage' };
    case 'Stopping':
      return { kind: 'swap' };
    case 'Swapping':
      return { kind: isSwapped(object) ? 'volumes' : 'swap' };
    case 'RestoringVolumes':
      return { kind: 'volumes' };
    case 'RollingBack':
      return { kind: 'rollBack' };
    case 'ApplyingConfiguration':
      return { kind: 'configuration' };
    case 'Preparing':
      return { kind: 'prepare' };
    case 'Starting':
      return { kind: 'start' };
    case 'Verifying':
      return { kind: 'verify' };
  }
}

function isOverdue({ object, now }: RestoreInput): boolean {
  const since = object.status?.applicationsStartTime;
  return since !== undefined && now - Date.parse(since) > durationMillis(object.spec.verify.timeout);
}
