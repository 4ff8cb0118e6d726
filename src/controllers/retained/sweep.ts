import { labels } from '../../api/common.js';
import type { ObjectMeta } from '../../runtime/object.js';
import type { Outcome } from '../../runtime/outcome.js';
import { collectionPath, query } from '../../runtime/resource-path.js';
import { secrets } from '../../runtime/resource.js';
import { getOrUndefined } from '../../runtime/get-or-undefined.js';
import type { OperatorDeps } from '../deps.js';
import { pointName } from './objects.js';
import { ownerOf } from './owner.js';
import { placeOf, removeParts } from './store.js';

/** The key under which the controller sweeps. */
export const sweepKey = 'parts';
const sweepSeconds = 600;

type SweepDeps = Pick<OperatorDeps, 'client' | 'log' | 'retained'>;

/** Removes parts that belong to nothing: there is no first Secret, and no AppSnapshot that may be about to write one. So it is when somebody took off a finalizer by force. */
export async function sweepParts(deps: SweepDeps): Promise<Outcome> {
  for (const [uid, metadata] of await partsByPoint(deps)) {
    const { client, namespace } = placeOf(deps);
    if ((await getOrUndefined(client, secrets, { namespace, name: pointName(uid) })) !== undefined) continue;
    if ((await ownerOf(metadata, uid, deps)) !== 'gone') continue;
    deps.log.info('removing parts of a recovery point that is none', { uid, parts: await removeParts(placeOf(deps), uid) });
  }
  return { kind: 'later', seconds: sweepSeconds };
}

interface MetadataList {
  /** Null where there is none. */
  readonly items: readonly { readonly metadata: ObjectMeta }[] | null;
  readonly metadata: { readonly continue?: string };
}

/** Metadata of one part of each: their content is large. */
async function partsByPoint(deps: SweepDeps): Promise<ReadonlyMap<string, ObjectMeta>> {
  const { client, namespace } = placeOf(deps);
  const found = new Map<string, ObjectMeta>();
  let token: string | undefined;
  do {
    const path = collectionPath(secrets, namespace) + query({ labelSelector: labels.retainedPart, limit: 500, continue: token });
    const page = (await client.raw(path, { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' })) as MetadataList;
    for (const { metadata } of page.items ?? []) found.set(metadata.labels?.[labels.retainedPart] ?? '', metadata);
    token = page.metadata.continue;
  } while (token !== undefined && token !== '');
  return found;
}
