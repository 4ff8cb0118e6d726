import { errorCatalogue, fail, type ErrorCode } from '../../../api/errors.js';
import { backupTargets, type AppRestore, type BackupTarget } from '../../../api/kinds.js';
import { keySecretOf, locationOf } from '../../../movers/place.js';
import { isNotFound } from '../../../runtime/api-error.js';
import type { Client } from '../../../runtime/client.js';
import { findCondition } from '../../../runtime/conditions.js';
import { snapshotGroup } from '../../../snapshots/names.js';
import { requireAuthority, rightsToMove, type Right } from '../../authority.js';
import type { OperatorDeps } from '../../deps.js';
import { requireSecrets, rightsToSecrets, type OtherKey } from '../../movers/secrets.js';
import { requirePolicies } from '../../policies.js';
import { accountField } from '../preconditions.js';
import { finalFailure, isStaged, readerAccount, readerNamespace, sourceNamespace } from '../steps.js';

/** Until a target that is not ready is looked at again. */
const targetSeconds = 15;

/** Beside moving: what is fetched is read by exec and kept in Secrets, and a claim that was not filled whole is removed. */
const rightsToFetch: readonly Right[] = [
  ...rightsToMove,
  { verb: 'create', group: '', resource: 'pods', subresource: 'exec' },
  ...['create', 'get', 'list', 'delete'].map((verb) => ({ verb, group: '', resource: 'secrets' })),
  ...['create', 'list', 'delete'].map((verb) => ({ verb, group: '', resource: 'persistentvolumeclaims' })),
];

/** Beside that: what was filled is cut, and what is not cut in the end goes. */
const rightsToStage: readonly Right[] = ['create', 'get', 'list', 'delete'].map((verb) => ({ verb, group: snapshotGroup, resource: 'volumesnapshots' }));

/** The BackupTarget that is read, of the namespace in which its movers run; it must lie where it lay when the restore began. Throws BackupTargetNotFound. */
export async function readTarget(object: AppRestore, deps: OperatorDeps): Promise<BackupTarget> {
  const name = object.spec.from.targetRef?.name ?? '';
  const target = await find(deps.client, object, name);
  const begun = object.status?.transfer?.location;
  const location = locationOf(target, sourceNamespace(object));
  if (begun !== undefined && begun !== location) throw finalFailure('BackupTargetNotFound', `BackupTarget ${name} was changed: this restore began at ${begun}, and it lies at ${location} now.`);
  return target;
}

async function find(client: Client, object: AppRestore, name: string): Promise<BackupTarget> {
  const namespace = readerNamespace(object);
  try {
    return await client.get<BackupTarget>(backupTargets, { namespace, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw fail('BackupTargetNotFound', `spec.from.targetRef.name: there is no BackupTarget ${name} in namespace ${namespace}${isStaged(object) ? '' : ', which is restored into'}.`, { cause: error, afterSeconds: targetSeconds });
  }
}

/**
 * What the check of a target may have found without saying anything of reading: it takes a lock and writes. A cluster that is gone may have left a lock, a bucket may be full or
 * let nobody write, and damage is no reason not to read what is whole. Credentials that are refused may be so for writing only, and what the check failed of for reasons
 * unknown need not befall a reader. The mover that lists finds out, and says it.
 */
const mayBeRead: readonly string[] = ['TargetLocked', 'TargetFull', 'TargetNotWritable', 'TargetNotLocked', 'TargetCredentialsWrong', 'TargetDamaged', 'MoverFailed'];

/** What its own check has found wrong with the target is said here as well, if it keeps anybody from reading. Throws an error of the target, or BackupTargetNotReady. */
function requireReadable({ metadata, status }: BackupTarget): void {
  const ready = findCondition(status?.conditions, 'Ready');
  if (metadata.deletionTimestamp === undefined && (ready?.status === 'True' || mayBeRead.includes(ready?.reason ?? ''))) return;
  const code: ErrorCode = ready !== undefined && ready.reason in errorCatalogue ? (ready.reason as ErrorCode) : 'BackupTargetNotReady';
  const why = metadata.deletionTimestamp === undefined ? `${ready?.reason ?? 'NotChecked'}: ${ready?.message ?? 'it was not checked yet'}` : 'it is being deleted';
  throw fail(code, `BackupTarget ${metadata.name} is not ready: ${why}`, { retry: 'after', afterSeconds: targetSeconds });
}

/** Secret with the key of the repository that is read. Pure. */
export function keyOf(object: AppRestore, target: BackupTarget): string {
  return otherKey(object)?.name ?? keySecretOf(target);
}

function otherKey({ spec }: AppRestore): OtherKey | undefined {
  const name = spec.from.encryptionKeySecretRef?.name;
  return name === undefined ? undefined : { field: 'spec.from.encryptionKeySecretRef', name };
}

/** Makes sure that the target can be read, that movers may be made, and that they find what they mount. Throws AppError. */
export async function requireMovers(object: AppRestore, target: BackupTarget, deps: OperatorDeps): Promise<void> {
  const account = readerAccount(object);
  const rights = [...rightsToFetch, ...(isStaged(object) ? rightsToStage : []), ...rightsToSecrets(target, otherKey(object))];
  requireReadable(target);
  await requirePolicies(deps.client, deps.agentNamespace);
  await requireAuthority(deps.client, account, rights, isStaged(object) ? undefined : accountField(object));
  await requireSecrets(deps.client, account, target, otherKey(object));
}
