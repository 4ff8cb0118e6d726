import type { AppRestore, AppSnapshot } from '../../api/kinds.js';
import { keyText } from '../../runtime/object.js';
import { copyKey, type Caches } from '../caches.js';
import { restoreFinalizer } from './decide.js';

/** Names of the restores that are reading from a copy, or from what of it is in a BackupTarget: begun and not ended. Its data must not go before. */
export function restoresUsing(caches: Pick<Caches, 'appRestores'>, { metadata, status }: AppSnapshot): string[] {
  const direct = caches.appRestores.by('source', keyText(metadata)).filter((restore) => restore.status?.source?.uid === metadata.uid);
  const remote = status?.setId === undefined ? [] : caches.appRestores.by('source', copyKey(status.setId));
  return [...direct, ...remote].filter(isUsing).map((restore) => restore.metadata.name);
}

function isUsing({ metadata, status }: AppRestore): boolean {
  const phase = status?.phase ?? 'Pending';
  return metadata.finalizers?.includes(restoreFinalizer) === true && phase !== 'Pending' && phase !== 'Ready' && phase !== 'Failed';
}

/** Names of the restores for which a copy must not be deleted: those that read from it, and those that are going to. */
export function restoresWanting(caches: Pick<Caches, 'appRestores'>, snapshot: AppSnapshot): string[] {
  return caches.appRestores
    .by('source', keyText(snapshot.metadata))
    .filter(({ status }) => status?.phase !== 'Ready' && status?.phase !== 'Failed')
    .map((restore) => restore.metadata.name);
}
