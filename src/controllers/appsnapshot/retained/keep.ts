import type { RetainedStatus } from '../../../api/appsnapshot.js';
import { annotations } from '../../../api/common.js';
import { fail } from '../../../api/errors.js';
import type { AppSnapshot } from '../../../api/kinds.js';
import { unpack } from '../../../manifests/archive.js';
import { readArchive } from '../../../manifests/store.js';
import { AppError } from '../../../runtime/app-error.js';
import { namespaces } from '../../../runtime/resource.js';
import { judgeSet, type SetState } from '../../../snapshots/members.js';
import { observeSet, type ObservedSet } from '../../../snapshots/observe-set.js';
import { retainContents } from '../../../snapshots/retain.js';
import type { OperatorDeps } from '../../deps.js';
import { pointName, uidOfPoint } from '../../retained/objects.js';
import { encodePoint, pointOf, splitArchive } from '../../retained/point.js';
import { placeOf, writePoint } from '../../retained/store.js';
import { accountOf } from '../gather.js';
import { plannedClaims, setRef, type SnapshotWriter } from '../steps.js';
import { notRetained } from './conditions.js';

/**
 * Makes the copy outlive its object: contents first, then the configuration in parts, and last the Secret that names them all. So whoever finds that Secret finds a whole
 * recovery point. What cannot be kept is found out before anything is changed; status says that it is begun before it is. Can be repeated.
 * @returns what status says of it from now on
 * @throws AppError RetainRefused or SnapshotNotReady; both are tried again.
 */
export async function keep(writer: SnapshotWriter, deps: OperatorDeps): Promise<RetainedStatus> {
  const { uid } = writer.object.metadata;
  const { metadata: namespace } = await deps.client.get(namespaces, { name: writer.object.metadata.namespace });
  const namespaceUid = namespace.uid ?? '';
  requireRoom(writer.object, namespaceUid, deps);
  const parts = await readConfiguration(writer.object, deps);
  const { observed, state } = await observe(writer.object, deps);
  const point = pointOf(writer.object, { namespaceUid, members: state.members, observed, parts });
  encodePoint(point);
  const begun: RetainedStatus = { namespace: deps.retained.namespace, secret: pointName(uid), complete: false };
  if (writer.object.status?.retained?.complete !== false) await writer.write({ retained: begun }, undefined, [notRetained('Retaining', 'Snapshots and configuration are being retained.')]);
  await retainContents(deps.client, deps.group, observed);
  await writePoint(placeOf(deps), point, parts);
  return { ...begun, complete: true };
}

/** So many of one namespace, by its uid: the next tenant with that name has not made them. */
function requireRoom({ metadata }: AppSnapshot, namespaceUid: string, { caches, retained }: OperatorDeps): void {
  const others = caches.retained.list().filter((point) => point.metadata.annotations?.[annotations.sourceNamespaceUid] === namespaceUid && uidOfPoint(point.metadata) !== metadata.uid);
  if (others.length < retained.perNamespace) return;
  const what = retained.perNamespace === 0 ? 'No recovery points are retained in this cluster' : `Namespace ${metadata.namespace} has ${others.length} retained recovery points, and may have ${retained.perNamespace}`;
  throw fail('RetainRefused', `${what} (chart value retained.perNamespace). An admin raises it, or deletes Secrets of older ones in namespace ${retained.namespace}; or set spec.deletionPolicy to Delete.`);
}

/** As the account, and only what has the digest in status. */
async function readConfiguration(object: AppSnapshot, deps: OperatorDeps): Promise<Buffer[]> {
  const { capture } = object.status ?? {};
  if (capture === undefined) return [];
  try {
    const archive = await readArchive(deps.client.as(accountOf(object)), object.metadata.namespace, capture);
    unpack(archive, capture.digest);
    return splitArchive(archive);
  } catch (error) {
    // The copy itself is not lost by that.
    if (error instanceof AppError && error.code === 'CaptureDamaged') throw fail('RetainRefused', `${error.publicMessage} Without it nothing is retained.`, { cause: error });
    throw error;
  }
}

async function observe(object: AppSnapshot, deps: OperatorDeps): Promise<{ readonly observed: ObservedSet; readonly state: SetState }> {
  const observed = await observeSet(deps.client, deps.group, setRef(object, object.status?.setId ?? ''));
  const state = judgeSet(plannedClaims(object), observed);
  const why = state.error?.publicMessage ?? state.waiting.join('; ');
  if (!state.ready) throw fail('SnapshotNotReady', `The snapshots cannot be retained: ${why}.`, { afterSeconds: 30 });
  return { observed, state };
}
