import { labels } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import { appSnapshots, type AppSnapshot, type VolumePolicy } from '../../api/kinds.js';
import { isAlreadyExists } from '../../runtime/api-error.js';
import type { KubeObject } from '../../runtime/object.js';
import { accountOf } from '../appsnapshot/gather.js';
import { requireAuthority, rightsToProtect } from '../authority.js';
import type { OperatorDeps } from '../deps.js';
import { requirePolicies } from '../policies.js';
import { now, type StepResult } from '../step.js';
import { copyObject } from './copies.js';
import type { PolicyPlan } from './decide.js';
import { tell, type PolicyWriter } from './steps.js';

/**
 * Makes the copy of a tick as the account, then notes the tick. A crash in between repeats it, and finds the copy by its name.
 * @throws AppError PoliciesMissing, those of {@link requireAuthority}, CopyRefused.
 */
export async function copyStep(writer: PolicyWriter, { tick, name, targets }: PolicyPlan & { readonly kind: 'copy' }, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  await requirePolicies(deps.client, deps.agentNamespace);
  await requireAuthority(deps.client, accountOf(object), rightsToProtect);
  await create(object, copyObject(object, tick, targets), deps);
  const at = new Date(tick).toISOString();
  await writer.write({ lastTick: { at, name } });
  tell(deps, object, 'Normal', 'CopyBegun', `AppSnapshot ${name} is made, due at ${at}${targets.length === 0 ? '' : `, to be copied to ${targets.join(', ')}`}.`);
  return now;
}

async function create(object: VolumePolicy, copy: KubeObject, deps: OperatorDeps): Promise<void> {
  try {
    await deps.client.as(accountOf(object)).create(appSnapshots, copy);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { name, namespace } = copy.metadata;
    const found = await deps.client.get<AppSnapshot>(appSnapshots, { name, namespace: namespace ?? '' });
    if (found.metadata.labels?.[labels.policy] === object.metadata.uid) return;
    throw fail('CopyRefused', `AppSnapshot ${name} exists already, and this policy has not made it. Delete it, so that the copy of its time can be made under its name.`, { cause: error });
  }
}
