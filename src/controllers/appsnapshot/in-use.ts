import type { AppRestore } from '../../api/kinds.js';
import { findCondition, isTrue } from '../../runtime/conditions.js';
import { restoresUsing } from '../apprestore/in-use.js';
import { isFromRetained, isFromTarget } from '../apprestore/steps.js';
import type { OperatorDeps } from '../deps.js';
import { outlives } from './retained/choose.js';
import type { SnapshotWriter } from './steps.js';

const type = 'InUse';

/**
 * Whether a restore still reads from the copy, wherever that lies; then the object says so, and its data stays everywhere. `keptInTargets`: what is in targets stays in any case, so
 * nobody who reads it there is waited for; nor is who reads what is retained, when the object alone goes.
 */
export async function inUse(writer: SnapshotWriter, deps: Pick<OperatorDeps, 'caches'>, keptInTargets: () => Promise<boolean> = () => Promise.resolve(false)): Promise<boolean> {
  const { object } = writer;
  const letsGo = object.metadata.deletionTimestamp !== undefined && outlives(object);
  const all = restoresUsing(deps.caches, object).filter((user) => !letsGo || !isFromRetained(user));
  const elsewhere = (user: AppRestore): boolean => isFromTarget(user) || (isFromRetained(user) && object.status?.retained?.complete === true);
  const users = all.some(elsewhere) && (await keptInTargets()) ? all.filter((user) => !elsewhere(user)) : all;
  if (users.length === 0) {
    if (isTrue(object.status?.conditions, type)) await writer.write({}, undefined, [{ type, status: 'False', reason: 'RestoreEnded', message: 'No restore uses this copy.' }]);
    return false;
  }
  const names = users.map((user) => nameOf(user, object.metadata.namespace)).join(', ');
  const message = `AppRestore ${names} is restoring from this copy; its data goes when the restore has ended or was deleted.`;
  if (findCondition(object.status?.conditions, type)?.message !== message) await writer.write({}, undefined, [{ type, status: 'True', reason: 'InUse', message }]);
  return true;
}

function nameOf({ metadata }: AppRestore, namespace: string): string {
  return metadata.namespace === namespace ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}
