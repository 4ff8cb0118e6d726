import { describe, expect, test } from '@jest/globals';
import { requiredPolicies, weaknessOfBinding, weaknessOfPolicy, type BindingObject, type PolicyObject } from '../../../src/controllers/policies.js';

const exec = requiredPolicies.find((p) => p.name === 'stillpoint-agent-exec')!;
const author = requiredPolicies.find((p) => p.name === 'stillpoint-author')!;
const metadata = { name: 'any' };
const rule = { operations: ['CONNECT'], resources: ['pods/exec'] };
const inAgents = { matchLabels: { 'kubernetes.io/metadata.name': 'stillpoint-agent' } };

const execPolicy = (change: object = {}): PolicyObject => ({ metadata, spec: { failurePolicy: 'Fail', matchConstraints: { namespaceSelector: inAgents, objectSelector: {}, resourceRules: [rule] }, validations: [{}], ...change } });
const constraints = (change: object): object => ({ matchConstraints: { namespaceSelector: inAgents, resourceRules: [rule], ...change } });
const binding = (change: object = {}): BindingObject => ({ metadata, spec: { policyName: exec.name, validationActions: ['Deny'], ...change } });

describe('a policy', () => {
  test('as the chart makes it acts', () => {
    expect(weaknessOfPolicy(execPolicy(), exec, 'stillpoint-agent')).toBeUndefined();
  });

  test.each([
    ['lets pass what it cannot judge', { failurePolicy: 'Ignore' }, /spec\.failurePolicy must be Fail/],
    ['says nothing of failures', { failurePolicy: undefined }, /spec\.failurePolicy/],
    ['depends on parameters', { paramKind: { kind: 'ConfigMap' } }, /spec\.paramKind/],
    ['has no validation', { validations: [] }, /spec\.validations/],
    ['does not cover exec', constraints({ resourceRules: [{ operations: ['CONNECT'], resources: ['pods/attach'] }] }), /resourceRules must cover CONNECT pods\/exec/],
    ['covers another operation', constraints({ resourceRules: [{ operations: ['CREATE'], resources: ['pods/exec'] }] }), /resourceRules must cover CONNECT pods\/exec/],
    ['covers some pods only', constraints({ resourceRules: [{ ...rule, resourceNames: ['a'] }] }), /resourceRules must cover/],
    ['acts in another namespace', constraints({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'other' } } }), /namespaceSelector must select namespace stillpoint-agent/],
    ['acts in labelled namespaces', constraints({ namespaceSelector: { matchLabels: { ...inAgents.matchLabels, fenced: 'yes' } } }), /namespaceSelector/],
    ['excepts namespaces', constraints({ namespaceSelector: { ...inAgents, matchExpressions: [{ key: 'a', operator: 'Exists' }] } }), /namespaceSelector/],
    ['acts on labelled objects', constraints({ objectSelector: { matchLabels: { a: 'b' } } }), /objectSelector/],
    ['excepts resources', constraints({ excludeResourceRules: [rule] }), /excludeResourceRules/],
    ['excepts somebody', { matchConditions: [{ name: 'not-me' }] }, /matchConditions must not have not-me/],
  ])('that %s is weak', (_, change, says) => {
    expect(weaknessOfPolicy(execPolicy(change), exec, 'stillpoint-agent')).toMatch(says);
  });

  test('for our kinds acts in every namespace', () => {
    const spec = { failurePolicy: 'Fail', validations: [{}], matchConditions: [{ name: 'spec-is-new' }], matchConstraints: { resourceRules: [{ operations: ['CREATE', 'UPDATE'], resources: ['appsnapshots', 'apprestores', 'volumepolicies', 'backuptargets'] }] } };
    expect(weaknessOfPolicy({ metadata, spec }, author, 'stillpoint-agent')).toBeUndefined();
    expect(weaknessOfPolicy({ metadata, spec: { ...spec, matchConstraints: { ...spec.matchConstraints, namespaceSelector: inAgents } } }, author, 'stillpoint-agent')).toMatch(/every namespace/);
  });
});

describe('a binding', () => {
  test.each([['as the chart makes it', {}], ['that also warns', { validationActions: ['Deny', 'Audit'] }], ['with an empty narrowing', { matchResources: { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} } }]])('%s acts', (_, change) => {
    expect(weaknessOfBinding(binding(change), exec)).toBeUndefined();
  });

  test.each([
    ['only warns', { validationActions: ['Warn', 'Audit'] }, /spec\.validationActions must have Deny/],
    ['is of another policy', { policyName: 'other' }, /spec\.policyName must be stillpoint-agent-exec/],
    ['has parameters', { paramRef: { name: 'a' } }, /spec\.paramRef/],
    ['is narrowed to namespaces', { matchResources: { namespaceSelector: { matchLabels: { a: 'b' } } } }, /spec\.matchResources must be absent/],
    ['excepts namespaces', { matchResources: { namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] } } }, /spec\.matchResources/],
    ['is narrowed to objects', { matchResources: { objectSelector: { matchLabels: { a: 'b' } } } }, /spec\.matchResources/],
    ['is narrowed to resources', { matchResources: { resourceRules: [rule] } }, /spec\.matchResources/],
    ['excepts resources', { matchResources: { excludeResourceRules: [rule] } }, /spec\.matchResources/],
  ])('that %s is weak', (_, change, says) => {
    expect(weaknessOfBinding(binding(change), exec)).toMatch(says);
  });
});
