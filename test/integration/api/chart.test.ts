import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { kindDefinitions } from '../../../src/api/crd/kinds.js';
import { classPolicies, drillPolicies, inPlacePolicies, requiredPolicies, weaknessOfBinding, weaknessOfPolicy } from '../../../src/controllers/policies.js';
import { applyRendered, crdsOf, helmTemplate, operatorUser, release, render, type Rendered } from './chart.js';
import { kubectl, must, run } from './kubectl.js';

const restricted = `stillpoint-test-psa-${process.pid}`;
let objects: Rendered[] = [];

interface Container {
  name: string;
  image: string;
  command?: string[];
  env?: { name: string; value?: string }[];
  ports?: unknown[];
  securityContext: Record<string, unknown>;
}
interface PodTemplate {
  metadata: { labels: Record<string, string> };
  spec: { containers: Container[]; [field: string]: unknown };
}

interface PolicySpec {
  matchConstraints: { resourceRules: { operations: string[]; resources: string[] }[] };
  matchConditions?: { name: string }[];
}

const one = (kind: string, name: string): Rendered => {
  const found = objects.filter((o) => o.kind === kind && o.metadata.name === name);
  expect(found).toHaveLength(1);
  return found[0]!;
};
const template = (o: Rendered): PodTemplate => (o['spec'] as { template: PodTemplate }).template;

beforeAll(async () => {
  objects = await render('namespaces=["shop"]', 'drills.enabled=true');
  await applyRendered(crdsOf(objects));
  for (const crd of crdsOf(objects)) await must(['wait', '--for=condition=Established', '--timeout=30s', `crd/${crd.metadata.name}`]);
  await must(['create', '-f', '-'], { apiVersion: 'v1', kind: 'Namespace', metadata: { name: restricted, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } });
}, 60_000);
afterAll(async () => {
  await must(['delete', 'namespace', restricted, '--wait=false']);
});

describe('values', () => {
  test('helm lint', async () => {
    expect(await run('helm', ['lint', '--strict', '--kube-version', '1.34.0', 'charts/stillpoint'])).toMatchObject({ code: 0 });
  });

  test.each([
    ['a value that does not exist', 'operators={}', /additional properties 'operators' not allowed|Additional property operators is not allowed/],
    ['a nested value that does not exist', 'image.version="1"', /version/],
    ['a wrong type', 'operator.replicas="2"', /replicas/],
    ['a memory limit that no heap can be computed from', 'operator.resources.limits.memory="512M"', /memory/],
    ['no memory limit', 'operator.resources.limits={"memory":null}', /memory/],
    ['a hold above 10s', 'maxHold="11s"', /maxHold is 11s; it must be from 100ms to 10s/],
    ['no window at all', 'windows.global=0', /global/],
    ['a number of retained copies that is none', 'retained.perNamespace=-1', /perNamespace/],
    ['an alert by its name', 'alerts.noGoodCopy=true', /noGoodCopy/],
    ['a hold below 100ms', 'maxHold="99ms"', /maxHold is 99ms; it must be from 100ms to 10s/],
    ['a lease too short for the hold', 'leaderElection.leaseDuration="14s"', /leaseDuration - maxHold - 1s must be at least 1\.2 \* retryPeriod \+ 1s/],
    ['a retry period too long for the lease', 'leaderElection.retryPeriod="3s"', /leaseDuration - maxHold - 1s must be at least 1\.2 \* retryPeriod \+ 1s/],
    ['a renew deadline as long as the lease', 'leaderElection.renewDeadline="15s"', /must be longer than renewDeadline/],
    ['agents in the namespace of the release', `agent.namespace="${release.namespace}"`, /agents are privileged and get a namespace of their own/],
    ['drills without the policies that fence them', 'drills.enabled=true,admission.enabled=false', /drills\.enabled needs admission\.enabled/],
    ['drills of more than a day', 'drills.longest="1441m"', /drills\.longest is 1441m; it must be from 1m to 1440m/],
    ['a label of a drill that is not to be copied', 'drills.labels=["pod-security.kubernetes.io/enforce"]', /is set by Stillpoint or by the cluster/],
    ['a grace period shorter than the hold', 'operator.terminationGracePeriodSeconds=10', /must be longer than maxHold/],
  ])('refuses %s', async (_, set, says) => {
    const { code, stderr } = await helmTemplate(set);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(says);
  });

  test.each([
    ['the edge of the lease', 'leaderElection.leaseDuration="14400ms"'],
    ['a shorter hold for a shorter lease', 'leaderElection.leaseDuration="13s"', 'maxHold="8s"'],
    ['no agents', 'agent.enabled=false'],
  ])('accepts %s', async (_, ...sets) => {
    expect(await helmTemplate(...sets)).toMatchObject({ code: 0 });
  });

  test('switches', async () => {
    const off = await render('agent.enabled=false', 'admission.enabled=false', 'crds.enabled=false', 'rbac.aggregate=false', 'networkPolicy.enabled=false', 'metrics.service=false', 'operator.replicas=1');
    expect(new Set(off.map((o) => o.kind))).toEqual(new Set(['ServiceAccount', 'Deployment', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']));
    const kept = (await render()).filter((o) => o.kind === 'CustomResourceDefinition');
    expect(kept.map((o) => o.metadata.annotations?.['helm.sh/resource-policy'])).toEqual(kindDefinitions.map(() => 'keep'));
    const loose = (await render('crds.keep=false')).filter((o) => o.kind === 'CustomResourceDefinition');
    expect(loose.map((o) => o.metadata.annotations)).toEqual(kindDefinitions.map(() => undefined));
  });
});

describe('alerts', () => {
  test('are not installed unless asked for; then as the file has them, with the labels that a Prometheus selects by', async () => {
    expect(objects.filter((o) => o.kind === 'PrometheusRule')).toEqual([]);
    const [rule, ...others] = (await render('alerts.enabled=true', 'alerts.labels={"release":"prometheus"}')).filter((o) => o.kind === 'PrometheusRule');
    expect(others).toEqual([]);
    expect(rule?.metadata).toMatchObject({ name: 'stillpoint', namespace: release.namespace, labels: { release: 'prometheus', 'app.kubernetes.io/part-of': 'stillpoint' } });
    expect(rule?.['spec']).toEqual(load(await readFile('charts/stillpoint/alerts.yaml', 'utf8')));
  });
});

describe('operator', () => {
  test('its pod passes Pod Security restricted on the real server', async () => {
    const { metadata, spec } = template(one('Deployment', 'stillpoint'));
    const pod = (extra: object): unknown => ({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'probe', namespace: restricted }, spec: { ...spec, serviceAccountName: 'default', priorityClassName: undefined, ...extra } });
    expect(await kubectl(['create', '--dry-run=server', '-f', '-'], pod({}))).toMatchObject({ code: 0 });
    expect((await kubectl(['create', '--dry-run=server', '-f', '-'], pod({ hostPID: true }))).stderr).toContain('violates PodSecurity "restricted');
  });

  test('environment: every setting of main, and the heap as 75 % of the limit', () => {
    const [container] = template(one('Deployment', 'stillpoint')).spec.containers;
    const env = Object.fromEntries(container!.env!.map((e) => [e.name, e.value]));
    expect(env).toEqual({
      POD_NAME: undefined,
      POD_NAMESPACE: undefined,
      SERVICE_ACCOUNT_NAME: undefined,
      AGENT_NAMESPACE: 'stillpoint-agent',
      LEASE_DURATION_MILLIS: '15000',
      RENEW_DEADLINE_MILLIS: '10000',
      RETRY_PERIOD_MILLIS: '2000',
      MAX_HOLD_MILLIS: '10000',
      WINDOWS_GLOBAL: '16',
      WINDOWS_PER_DRIVER: '8',
      WINDOWS_PER_NODE: '4',
      MOVER_IMAGE: 'localhost/stillpoint/operator:0.1.0',
      MOVER_PULL_POLICY: 'IfNotPresent',
      MOVER_RESOURCES: '{"limits":{"memory":"1Gi"},"requests":{"cpu":"50m","memory":"128Mi"}}',
      DRILLS_ENABLED: 'true',
      DRILLS_AT_ONCE: '2',
      DRILLS_LONGEST_MILLIS: '7200000',
      DRILLS_REQUIRE_ISOLATION: 'true',
      DRILLS_DNS_NAMESPACE: 'kube-system',
      DRILLS_LABELS: '',
      RETAINED_PER_NAMESPACE: '20',
      LOG_LEVEL: 'info',
      METRICS_PORT: '8080',
      PROBE_PORT: '8081',
      NODE_OPTIONS: '--max-old-space-size=384',
    });
  });

  test('the heap follows the limit', async () => {
    const deployment = (await render('operator.resources.limits.memory="1Gi"')).find((o) => o.kind === 'Deployment')!;
    expect(template(deployment).spec.containers[0]!.env).toContainEqual({ name: 'NODE_OPTIONS', value: '--max-old-space-size=768' });
  });
});

test('agent: privileged, without token, network and ports, in a namespace of its own', () => {
  const daemonSet = one('DaemonSet', 'stillpoint-agent');
  expect(daemonSet.metadata.namespace).toBe('stillpoint-agent');
  expect(one('Namespace', 'stillpoint-agent').metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'privileged' });
  const { metadata, spec } = template(daemonSet);
  expect(metadata.labels['app.kubernetes.io/name']).toBe('stillpoint-agent');
  expect(spec).toMatchObject({ hostPID: true, hostNetwork: false, dnsPolicy: 'Default', automountServiceAccountToken: false, tolerations: [{ operator: 'Exists' }] });
  const [container] = spec.containers;
  expect(container).toMatchObject({ name: 'agent', command: ['/stillpoint/holder', 'agent'], securityContext: { privileged: true, readOnlyRootFilesystem: true } });
  expect(container!.ports).toBeUndefined();
  expect(one('NetworkPolicy', 'stillpoint-agent-deny-all')['spec']).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
});

describe('rights', () => {
  const withRules = (): Rendered[] => objects.filter((o) => (o.kind === 'ClusterRole' || o.kind === 'Role') && o.rules !== undefined);

  test('no wildcard anywhere', () => {
    const words = withRules().flatMap((o) => o.rules!.flatMap((r) => [...r.apiGroups, ...r.resources, ...r.verbs]));
    expect(words.length).toBeGreaterThan(50);
    expect(words.filter((w) => w.includes('*'))).toEqual([]);
  });

  test('impersonation is bound by RoleBindings of served namespaces only', () => {
    const bindings = objects.filter((o) => (o['roleRef'] as { name: string } | undefined)?.name === 'stillpoint-serve');
    expect(bindings.map((o) => [o.kind, o.metadata.namespace])).toEqual([['RoleBinding', 'shop']]);
    const others = withRules().filter((o) => o.metadata.name !== 'stillpoint-serve' && o.rules!.some((r) => r.verbs.includes('impersonate')));
    // Which nobody but the operator binds, in namespaces of drills.
    expect(others.map((o) => o.metadata.name)).toEqual(['stillpoint-drill']);
    expect(objects.filter((o) => (o['roleRef'] as { name: string } | undefined)?.name === 'stillpoint-drill')).toEqual([]);
  });

  test('without drills nothing may make a namespace, and of their policies there is the one that keeps the mark from everybody', async () => {
    const off = await render();
    const makers = off.filter((o) => o.rules?.some((r) => r.resources.includes('namespaces') && r.verbs.includes('create')) === true);
    expect(makers).toEqual([]);
    const ofDrills = (objects: readonly Rendered[]): string[] => objects.filter((o) => o.metadata.name.startsWith('stillpoint-drill')).map((o) => `${o.kind} ${o.metadata.name}`);
    expect(ofDrills(off)).toEqual(['ValidatingAdmissionPolicy stillpoint-drill-namespace', 'ValidatingAdmissionPolicyBinding stillpoint-drill-namespace']);
    expect(ofDrills(await render('admission.enabled=false'))).toEqual([]);
  });

  test('drills may bind one role, by its name', () => {
    const binds = one('ClusterRole', 'stillpoint-drills').rules!.filter((r) => r.verbs.includes('bind')) as unknown as { resourceNames?: string[] }[];
    expect(binds.map((r) => r.resourceNames)).toEqual([['stillpoint-drill']]);
  });

  test('docs/rbac.md has every rule with its reason, and no other', async () => {
    const documented = tables(await readFile('docs/rbac.md', 'utf8'));
    const rendered = withRules().flatMap((o) => o.rules!.map((r) => [`${o.kind} ${o.metadata.name}`, r.apiGroups.map((g) => g || '(core)').join(', '), r.resources.join(', '), r.verbs.join(', ')].join(' | ')));
    expect([...documented].sort()).toEqual([...rendered].sort());
  });

  test('the policies that the operator insists on are the ones of the chart', () => {
    const names = objects.filter((o) => o.kind === 'ValidatingAdmissionPolicy').map((o) => o.metadata.name);
    const bound = objects.filter((o) => o.kind === 'ValidatingAdmissionPolicyBinding').map((o) => o.metadata.name);
    expect(bound.sort()).toEqual(names.sort());
    const all = [...requiredPolicies, ...classPolicies, ...drillPolicies, ...inPlacePolicies];
    expect(all.map((p) => p.name).sort()).toEqual(names);
    for (const required of all) {
      const policy = one('ValidatingAdmissionPolicy', required.name);
      expect(weaknessOfPolicy(policy, required, release.agentNamespace)).toBeUndefined();
      expect(weaknessOfBinding(one('ValidatingAdmissionPolicyBinding', required.name), required)).toBeUndefined();
      // Neither more nor less: what the chart adds to a policy, the operator must insist on.
      const { matchConstraints, matchConditions = [] } = policy['spec'] as PolicySpec;
      expect(matchConstraints.resourceRules.flatMap((r) => r.operations.flatMap((o) => r.resources.map((resource) => `${o} ${resource}`))).sort()).toEqual([...required.covers].sort());
      expect(matchConditions.map((c) => c.name)).toEqual(required.conditions);
    }
  });

  test('the account that the policies admit is the one that the pod runs under', () => {
    const { namespace } = one('Deployment', 'stillpoint').metadata;
    const { serviceAccountName } = template(one('Deployment', 'stillpoint')).spec;
    expect(`system:serviceaccount:${namespace}:${String(serviceAccountName)}`).toBe(operatorUser);
    for (const name of ['stillpoint-status', 'stillpoint-agent-exec']) expect(JSON.stringify(one('ValidatingAdmissionPolicy', name))).toContain(`== '${operatorUser}'`);
  });
});

/** Rows of the tables under headings that name a role, as `Kind name | groups | resources | verbs`. */
function tables(page: string): string[] {
  const rows: string[] = [];
  let role: string | undefined;
  for (const line of page.split('\n')) {
    if (line.startsWith('#')) role = /^## ((?:Cluster)?Role) `([^`]+)`/.exec(line)?.slice(1).join(' ');
    const cells = line.split('|').map((c) => c.trim());
    if (role === undefined || cells.length !== 6 || cells[1] === 'API group' || cells[1]!.startsWith('---')) continue;
    expect(cells[4]!.length).toBeGreaterThan(10);
    rows.push([role, cells[1], cells[2], cells[3]].join(' | '));
  }
  return rows;
}

describe('samples', () => {
  test.each(['appsnapshot', 'appsnapshot-postgresql', 'apprestore', 'volumepolicy', 'volumepolicy-volumes', 'storagecluster', 'backuptarget'])('config/samples/%s.yaml is accepted by the server', async (name) => {
    const text = (await readFile(`config/samples/${name}.yaml`, 'utf8')).replaceAll('namespace: shop\n', `namespace: ${restricted}\n`);
    const { code, stderr } = await run('kubectl', ['create', '--dry-run=server', '-f', '-'], text);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  });
});
