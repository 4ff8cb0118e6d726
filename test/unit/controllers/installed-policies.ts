import { classPolicies, drillPolicies, inPlacePolicies, requiredPolicies } from '../../../src/controllers/policies.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import type { ResourceType } from '../../../src/runtime/resource.js';

/** An admission policy of the chart, or its binding, as the API server answers it; undefined for every other object. */
export function installedPolicy(type: ResourceType, name: string): KubeObject | undefined {
  const policy = [...requiredPolicies, ...classPolicies, ...drillPolicies, ...inPlacePolicies].find((p) => p.name === name);
  if (policy === undefined || !type.kind.startsWith('ValidatingAdmissionPolicy')) return undefined;
  return type.kind.endsWith('Binding') ? { metadata: { name }, spec: { policyName: name, validationActions: ['Deny'] } } : policyObject(policy);
}

function policyObject({ name, covers, where, conditions }: (typeof requiredPolicies)[number]): KubeObject {
  const namespaceSelector = where === 'agents' ? { matchLabels: { 'kubernetes.io/metadata.name': 'stillpoint-agent' } } : {};
  const resourceRules = covers.map((what) => ({ operations: [what.split(' ')[0]], resources: [what.split(' ')[1]] }));
  return { metadata: { name }, spec: { failurePolicy: 'Fail', validations: [{}], matchConditions: conditions.map((c) => ({ name: c })), matchConstraints: { namespaceSelector, resourceRules } } };
}
