import { appSnapshots } from '../../api/kinds.js';
import { isConflict, isNotFound } from '../../runtime/api-error.js';
import type { Client } from '../../runtime/client.js';
import { accountOf } from '../appsnapshot/gather.js';
import { requireAuthority, rightsToProtect, rightsToRelease } from '../authority.js';
import type { OperatorDeps } from '../deps.js';
import { requirePolicies } from '../policies.js';
import { expiredAfter, type PolicyCopy } from './copies.js';
import type { Release } from './decide.js';
import { tell, type PolicyWriter } from './steps.js';

/** Pruned in one go. */
const most = 50;

/** What the retention leaves, as the account; each copy only as it was seen: one that was verified or changed meanwhile is looked at again. */
export async function prune(writer: PolicyWriter, remove: readonly PolicyCopy[], release: readonly Release[], deps: OperatorDeps): Promise<void> {
  if (remove.length === 0 && release.length === 0) return;
  const { object } = writer;
  const account = accountOf(object);
  await requirePolicies(deps.client, deps.agentNamespace);
  await requireAuthority(deps.client, account, [...rightsToProtect, ...(release.length === 0 ? [] : rightsToRelease)]);
  const client = deps.client.as(account);
  const gone = remove.slice(0, most);
  for (const { name, uid, resourceVersion } of gone) await client.delete(appSnapshots, { namespace: account.namespace, name }, { uid, resourceVersion });
  const released: Release[] = [];
  for (const one of release.slice(0, most)) if (await releaseOne(client, account.namespace, one)) released.push(one);
  say(writer, 'Deleted by spec.protection.retention', gone, deps);
  say(writer, 'Snapshots of these go by spec.protection.retention, what is in targets stays', released.filter(({ snapshots }) => snapshots).map(({ copy }) => copy), deps);
  for (const target of new Set(released.flatMap(({ targets }) => targets))) {
    say(writer, `Removed from ${target} by its retention`, released.filter(({ targets }) => targets.includes(target)).map(({ copy }) => copy), deps);
  }
}

/** False when it was not the copy that was seen any more. */
async function releaseOne(client: Client, namespace: string, { copy, snapshots, targets }: Release): Promise<boolean> {
  const { name, uid, resourceVersion } = copy;
  const forgotten = [...copy.targets.filter(({ leaving }) => leaving).map(({ target }) => target), ...targets];
  const spec = { ...(snapshots ? { expiresAfter: expiredAfter } : {}), ...(targets.length > 0 ? { forgetCopies: forgotten } : {}) };
  try {
    await client.mergePatch(appSnapshots, { namespace, name }, { metadata: { uid, resourceVersion }, spec });
    return true;
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
    return false;
  }
}

function say({ object }: PolicyWriter, what: string, copies: readonly PolicyCopy[], deps: OperatorDeps): void {
  if (copies.length === 0) return;
  const names = copies.map(({ name }) => name);
  tell(deps, object, 'Normal', 'Pruned', `${what}: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}.`);
}
