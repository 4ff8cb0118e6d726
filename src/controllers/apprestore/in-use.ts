import type { AppRestore, AppSnapshot } from '../../api/kinds.js';
import { keyText } from '../../runtime/object.js';
import type { Caches } from '../caches.js';
import { restoreFinalizer } from './decide.js';

/** Names of the restores that are reading from a copy: begun and not ended. Its data must not go before. */
export function restoresUsing(caches: Pick<Caches, 'appRestores'>, snapshot: AppSnapshot): string[] {
  return caches.appRestores
    .by('source', keyText(snapshot.metadata))
    .filter((restore) => isUsing(restore) && restore.status?.source?.uid === snapshot.metadata.uid)
    .map((restore) => restore.metadata.name);
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
