import { appRestoreSpec } from '../../api/apprestore.js';
import { fail } from '../../api/errors.js';
import type { AppRestore } from '../../api/kinds.js';
import { isNotFound } from '../../runtime/api-error.js';
import { namespaces } from '../../runtime/resource.js';
import type { OperatorDeps } from '../deps.js';
import { inPlacePolicies, requiredPolicies, requirePolicies } from '../policies.js';
import { finalFailure, isElsewhere, isStaged, sourceNamespace, targetNamespace } from './steps.js';

/** What must hold before anything is read for a restore. Throws AppError. */
export async function requirePreconditions(object: AppRestore, deps: OperatorDeps): Promise<void> {
  checkSpec(object);
  if (isStaged(object) && !isElsewhere(object)) throw finalFailure('InvalidSpec', 'spec.from.staged: what is staged in this namespace goes into another one. Name that in spec.into, or leave staged out.');
  await requirePolicies(deps.client, deps.agentNamespace, object.spec.inPlace ? [...requiredPolicies, ...inPlacePolicies] : requiredPolicies);
  await requireNamespace(deps, targetNamespace(object));
}

/** Field that names the account of the target; undefined: the one that is the usual. Pure. */
export function accountField(object: AppRestore): string | undefined {
  return isElsewhere(object) ? 'spec.into.serviceAccountName' : undefined;
}

/** The API server has checked the schema; this catches what an older CRD may have let pass. */
function checkSpec(object: AppRestore): void {
  const parsed = appRestoreSpec.safeParse(object.spec);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw fail('InvalidSpec', `spec.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  if (object.spec.inPlace) requireOwnNamespace(object);
}

/** In place claims of this namespace are replaced, by what they were. */
function requireOwnNamespace(object: AppRestore): void {
  const { namespace } = object.metadata;
  if (isElsewhere(object)) throw fail('InvalidSpec', `spec.into.namespace: with inPlace: true only claims of this namespace (${namespace}) are replaced; leave spec.into out.`);
  const source = sourceNamespace(object);
  if (source !== namespace) throw fail('InvalidSpec', `spec.from.namespace: with inPlace: true only a copy of this namespace (${namespace}) can be restored, not of ${source}; restore that one into another namespace.`);
}

async function requireNamespace(deps: OperatorDeps, name: string): Promise<void> {
  try {
    const found = await deps.client.get(namespaces, { name });
    if (found.metadata.deletionTimestamp === undefined) return;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  throw fail('TargetNotFound', `spec.into.namespace: there is no namespace ${name}, or it is being deleted. Create it with the ServiceAccount that spec.into.serviceAccountName names.`, { afterSeconds: 30 });
}
