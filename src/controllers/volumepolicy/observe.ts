import { appSnapshots, type AppSnapshot, type VolumePolicy } from '../../api/kinds.js';
import { isNotFound } from '../../runtime/api-error.js';
import { restoresWanting } from '../apprestore/in-use.js';
import type { OperatorDeps } from '../deps.js';
import { copiesOf, type PolicyCopy } from './copies.js';

/** The copies of a policy, from the cache; the newest one, which the cache may not have heard of yet, is asked for. One that is drilled is in use before its restore is there. */
export async function observeCopies(object: VolumePolicy, deps: OperatorDeps): Promise<PolicyCopy[]> {
  const cached = deps.caches.appSnapshots.by('policy', object.metadata.uid);
  const newest = object.status?.lastTick?.name;
  const unheard = newest === undefined || cached.some((copy) => copy.metadata.name === newest) ? undefined : await find(newest, object, deps);
  const drilled = object.status?.drill?.copy;
  return copiesOf(object, unheard === undefined ? cached : [...cached, unheard], (snapshot) => snapshot.metadata.name === drilled || restoresWanting(deps.caches, snapshot).length > 0);
}

async function find(name: string, { metadata }: VolumePolicy, deps: OperatorDeps): Promise<AppSnapshot | undefined> {
  try {
    return await deps.client.get<AppSnapshot>(appSnapshots, { namespace: metadata.namespace, name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
