import { annotations } from '../../api/common.js';
import { appSnapshots } from '../../api/kinds.js';
import { parseKey, type ObjectMeta } from '../../runtime/object.js';
import { getOrUndefined } from '../../runtime/get-or-undefined.js';
import type { OperatorDeps } from '../deps.js';
import type { EndingInput } from './decide.js';

/** How the AppSnapshot of a Secret does: the one with this uid, not another of its name. */
export async function ownerOf({ annotations: own }: Pick<ObjectMeta, 'annotations'>, uid: string, { client }: Pick<OperatorDeps, 'client'>): Promise<EndingInput['owner']> {
  const of = own?.[annotations.retainedOf];
  const snapshot = of === undefined ? undefined : await getOrUndefined(client, appSnapshots, parseKey(of));
  if (snapshot?.metadata.uid !== uid) return 'gone';
  return snapshot.metadata.deletionTimestamp === undefined ? 'alive' : 'leaving';
}
