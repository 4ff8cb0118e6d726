import { appRestores, appSnapshots, type AppRestore, type AppSnapshot } from '../../../api/kinds.js';
import type { OperatorDeps } from '../../deps.js';
import { targetNamespace } from '../steps.js';
import { rivals } from './rivals.js';

/** Who else is at work on these claims. Those of the namespace are read from the API server: two that begin at the same time are not in the cache yet. */
export async function othersBeside(object: AppRestore, claims: ReadonlySet<string>, { client, caches }: Pick<OperatorDeps, 'client' | 'caches'>): Promise<string[]> {
  const namespace = targetNamespace(object);
  const [own, snapshots] = await Promise.all([client.list<AppRestore>(appRestores, { namespace }), client.list<AppSnapshot>(appSnapshots, { namespace })]);
  const fromElsewhere = caches.appRestores.by('target', namespace).filter(({ metadata }) => metadata.namespace !== namespace);
  return rivals(object, claims, { restores: [...own.items, ...fromElsewhere], snapshots: snapshots.items });
}
