import { fail } from '../api/errors.js';
import { isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import type { KubeObject } from '../runtime/object.js';
import { validatingAdmissionPolicies, validatingAdmissionPolicyBindings } from '../runtime/resource.js';

/** A policy that the operator insists on, and what of it must be so. Its expressions are the chart's and are not compared. */
export interface RequiredPolicy {
  readonly name: string;
  /** What it must cover: operation and resource, with its subresource. */
  readonly covers: readonly string[];
  /** Where: in every namespace, or in the one of the agents. */
  readonly where: 'everywhere' | 'agents';
  /** Names of the match conditions that it may have: one more could except somebody. */
  readonly conditions: readonly string[];
}

/** Policies without which the operator begins nothing; the chart installs them, each with a binding of the same name. */
export const requiredPolicies: readonly RequiredPolicy[] = [
  { name: 'stillpoint-author', covers: each(['CREATE', 'UPDATE'], ['appsnapshots', 'apprestores', 'volumepolicies', 'backuptargets']), where: 'everywhere', conditions: ['spec-is-new'] },
  { name: 'stillpoint-author-into', covers: each(['CREATE', 'UPDATE'], ['apprestores']), where: 'everywhere', conditions: ['spec-is-new', 'has-target'] },
  { name: 'stillpoint-author-retained', covers: each(['CREATE', 'UPDATE'], ['apprestores']), where: 'everywhere', conditions: ['spec-is-new', 'is-retained'] },
  { name: 'stillpoint-profile', covers: each(['CREATE', 'UPDATE'], ['quiesceprofiles']), where: 'everywhere', conditions: ['spec-is-new'] },
  { name: 'stillpoint-status', covers: each(['UPDATE'], ['appsnapshots/status', 'apprestores/status', 'volumepolicies/status', 'backuptargets/status', 'storageclusters/status']), where: 'everywhere', conditions: [] },
  { name: 'stillpoint-agent-exec', covers: each(['CONNECT'], ['pods/exec']), where: 'agents', conditions: [] },
  {
    name: 'stillpoint-agent-closed',
    covers: [...each(['CONNECT'], ['pods/attach', 'pods/portforward', 'pods/proxy']), ...each(['UPDATE'], ['pods/ephemeralcontainers'])],
    where: 'agents',
    conditions: [],
  },
];

/** Policies without which no drill is begun, beside those above; the chart installs that of namespaces in any case, the others where drills are switched on. */
export const drillPolicies: readonly RequiredPolicy[] = [
  { name: 'stillpoint-drill-namespace', covers: each(['CREATE', 'UPDATE', 'DELETE'], ['namespaces', 'namespaces/status', 'namespaces/finalize']), where: 'everywhere', conditions: ['concerns-drills'] },
  { name: 'stillpoint-drill-binding', covers: each(['CREATE', 'UPDATE', 'DELETE'], ['rolebindings']), where: 'everywhere', conditions: ['by-the-operator'] },
  { name: 'stillpoint-drill-restore', covers: each(['CREATE', 'DELETE'], ['apprestores']), where: 'everywhere', conditions: ['by-the-operator'] },
];

/** Policies without which no volume is replaced in place, beside those above. */
export const inPlacePolicies: readonly RequiredPolicy[] = [{ name: 'stillpoint-volume', covers: each(['UPDATE'], ['persistentvolumes']), where: 'everywhere', conditions: ['by-the-operator'] }];

/** The policy without which no class is made or deleted, beside those above. */
export const classPolicies: readonly RequiredPolicy[] = [
  { name: 'stillpoint-class', covers: each(['CREATE', 'UPDATE', 'DELETE'], ['storageclasses', 'volumeattributesclasses']), where: 'everywhere', conditions: ['by-the-operator'] },
];

function each(operations: readonly string[], resources: readonly string[]): string[] {
  return operations.flatMap((operation) => resources.map((resource) => `${operation} ${resource}`));
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly unknown[];
}

interface MatchResources {
  readonly namespaceSelector?: Selector;
  readonly objectSelector?: Selector;
  readonly resourceRules?: readonly { readonly operations?: readonly string[]; readonly resources?: readonly string[]; readonly resourceNames?: readonly string[] }[];
  readonly excludeResourceRules?: readonly unknown[];
}

/** A ValidatingAdmissionPolicy, as far as it says whether it acts. */
export interface PolicyObject extends KubeObject {
  readonly spec?: {
    readonly failurePolicy?: string;
    readonly paramKind?: unknown;
    readonly matchConstraints?: MatchResources;
    readonly matchConditions?: readonly { readonly name: string }[];
    readonly validations?: readonly unknown[];
  };
}

/** A ValidatingAdmissionPolicyBinding, as far as it says whether the policy acts. */
export interface BindingObject extends KubeObject {
  readonly spec?: { readonly policyName?: string; readonly paramRef?: unknown; readonly matchResources?: MatchResources; readonly validationActions?: readonly string[] };
}

const namespaceLabel = 'kubernetes.io/metadata.name';

/** The field by which a policy acts less than it must, with what it should be; undefined when there is none. */
export function weaknessOfPolicy({ spec }: PolicyObject, required: RequiredPolicy, agentNamespace: string): string | undefined {
  const constraints = spec?.matchConstraints;
  const rules = (constraints?.resourceRules ?? []).filter((rule) => (rule.resourceNames ?? []).length === 0);
  const covered = new Set(rules.flatMap((rule) => each(rule.operations ?? [], rule.resources ?? [])));
  const uncovered = required.covers.filter((what) => !covered.has(what));
  const strange = (spec?.matchConditions ?? []).filter(({ name }) => !required.conditions.includes(name));
  const expected = required.where === 'agents' ? { [namespaceLabel]: agentNamespace } : {};
  if (spec?.failurePolicy !== 'Fail') return 'spec.failurePolicy must be Fail';
  if (spec.paramKind !== undefined) return 'spec.paramKind must be absent';
  if ((spec.validations ?? []).length === 0) return 'spec.validations must not be empty';
  if (uncovered.length > 0) return `spec.matchConstraints.resourceRules must cover ${uncovered.join(', ')}`;
  if (!selects(constraints?.namespaceSelector, expected)) return `spec.matchConstraints.namespaceSelector must select ${required.where === 'agents' ? `namespace ${agentNamespace}` : 'every namespace'}`;
  if (!selects(constraints?.objectSelector, {})) return 'spec.matchConstraints.objectSelector must be empty';
  if ((constraints?.excludeResourceRules ?? []).length > 0) return 'spec.matchConstraints.excludeResourceRules must be empty';
  if (strange.length > 0) return `spec.matchConditions must not have ${strange.map((c) => c.name).join(', ')}`;
  return undefined;
}

/** The field by which a binding makes its policy act less than it must; undefined when there is none. */
export function weaknessOfBinding({ spec }: BindingObject, { name }: RequiredPolicy): string | undefined {
  const narrowed = spec?.matchResources;
  if (spec?.policyName !== name) return `spec.policyName must be ${name}`;
  if (spec.validationActions?.includes('Deny') !== true) return 'spec.validationActions must have Deny';
  if (spec.paramRef !== undefined) return 'spec.paramRef must be absent';
  const whole = selects(narrowed?.namespaceSelector, {}) && selects(narrowed?.objectSelector, {}) && (narrowed?.resourceRules ?? []).length === 0 && (narrowed?.excludeResourceRules ?? []).length === 0;
  return whole ? undefined : 'spec.matchResources must be absent';
}

/** Whether a selector asks for exactly these labels. */
function selects(selector: Selector | undefined, labels: Readonly<Record<string, string>>): boolean {
  const asked = Object.entries(selector?.matchLabels ?? {});
  return (selector?.matchExpressions ?? []).length === 0 && asked.length === Object.keys(labels).length && asked.every(([key, value]) => labels[key] === value);
}

/**
 * Makes sure that the policies that fence the agents, the authors and the status are installed, bound, and deny. What their
 * expressions say is not compared: who may edit policies is trusted (SECURITY.md).
 * @throws AppError PoliciesMissing, with the object, the field and the way out.
 */
export async function requirePolicies(client: Client, agentNamespace: string, policies: readonly RequiredPolicy[] = requiredPolicies): Promise<void> {
  const found = await Promise.all(
    policies.flatMap((required) => [
      weakness(validatingAdmissionPolicies.kind, required, async ({ name }) => weaknessOfPolicy(await client.get<PolicyObject>(validatingAdmissionPolicies, { name }), required, agentNamespace)),
      weakness(validatingAdmissionPolicyBindings.kind, required, async ({ name }) => weaknessOfBinding(await client.get<BindingObject>(validatingAdmissionPolicyBindings, { name }), required)),
    ]),
  );
  const [first] = found.filter((text) => text !== undefined);
  if (first === undefined) return;
  throw fail('PoliciesMissing', `${first} The operator begins nothing and does not exec into agents while it is so.`, { afterSeconds: 30 });
}

async function weakness(kind: string, required: RequiredPolicy, look: (required: RequiredPolicy) => Promise<string | undefined>): Promise<string | undefined> {
  try {
    const weak = await look(required);
    return weak === undefined ? undefined : `${kind} ${required.name}: ${weak}. Delete it, then install it again with helm upgrade --install (admission.enabled=true).`;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return `${kind} ${required.name} is not installed. Install it with helm upgrade --install (admission.enabled=true).`;
  }
}
