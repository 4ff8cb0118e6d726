import type { AppRestore, AppSnapshot } from '../../api/kinds.js';
import type { Caches } from '../caches.js';
import { readerKeys, retainedKey } from '../copy-keys.js';
import { restoreFinalizer } from './decide.js';

/** The restores that are reading from a copy, or from what of it is in a BackupTarget: begun and not ended. Nothing of it must go before, in no place. */
export function restoresUsing(caches: Pick<Caches, 'appRestores'>, snapshot: AppSnapshot): AppRestore[] {
  // One of the same name that was made anew is another copy.
  return restoresOf(caches, snapshot).filter((restore) => isUsing(restore) && (restore.spec.from.appSnapshotRef === undefined || restore.status?.source?.uid === snapshot.metadata.uid));
}

/** The restores for which a copy must not be deleted: those that read from it, and those that are going to. */
export function restoresWanting(caches: Pick<Caches, 'appRestores'>, snapshot: AppSnapshot): AppRestore[] {
  return restoresOf(caches, snapshot).filter(({ status }) => status?.phase !== 'Ready' && status?.phase !== 'Failed');
}

/** The restores that are reading from the retained recovery point of an AppSnapshot, which may be gone. */
export function restoresOfRetained(caches: Pick<Caches, 'appRestores'>, uid: string): AppRestore[] {
  return caches.appRestores.by('source', retainedKey(uid)).filter(isUsing);
}

function restoresOf(caches: Pick<Caches, 'appRestores'>, snapshot: AppSnapshot): AppRestore[] {
  return readerKeys(snapshot).flatMap((key) => caches.appRestores.by('source', key));
}

function isUsing({ metadata, status }: AppRestore): boolean {
  const phase = status?.phase ?? 'Pending';
  return metadata.finalizers?.includes(restoreFinalizer) === true && phase !== 'Pending' && phase !== 'Ready' && phase !== 'Failed';
}
