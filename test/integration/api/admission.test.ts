import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { classPolicies, drillPolicies, inPlacePolicies, requiredPolicies } from '../../../src/controllers/policies.js';
import { applyRendered, crdsOf, operatorUser, release, removeAdded, render, type Rendered } from './chart.js';
import { kubectl, must, until, type Outcome } from './kubectl.js';

const namespace = `stillpoint-test-author-${process.pid}`;
const target = `${namespace}-target`;
const pod = `policy-probe-${process.pid}`;
/** May write our kinds and impersonate the account `allowed` in the namespace, and nothing else. */
const author = 'author@test.stillpoint.dev';
/** May write profiles and exec in the namespace, and nothing else. */
const profiler = 'profiler@test.stillpoint.dev';
/** Cluster admin by group: bound to nothing, allowed everything. */
const admin = ['--as=admin@test.stillpoint.dev', '--as-group=system:masters'];
/** That of the namespaces of drills is there while drills are off, too; the other two are tried by the suite `drill`. */
const marks = 'stillpoint-drill-namespace';
const classes = 'stillpoint-class';
const policies = [...requiredPolicies, ...classPolicies, ...drillPolicies.filter((p) => p.name === marks)].map((p) => p.name);
/** Tried in volumes.test.ts. */
const elsewhere: readonly string[] = inPlacePolicies.map((p) => p.name);
const policyKinds = ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'];
const installed = ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding', 'ServiceAccount', ...policyKinds];

let added: Rendered[] = [];
/** Every policy of the chart, and what it said when it refused. */
let charted: Rendered[] = [];
const refusals: { policy: string; text: string }[] = [];

function object(kind: string, spec: object, name = 'probe'): unknown {
  return { apiVersion: 'stillpoint.dev/v1alpha1', kind, metadata: { name, namespace }, spec: { suspend: true, ...spec } };
}
const snapshot = (account: string): unknown => object('AppSnapshot', { serviceAccountName: account });
const restore = (into: object | undefined, account = 'allowed'): unknown =>
  object('AppRestore', { serviceAccountName: account, from: { appSnapshotRef: { name: 'copy' } }, ...(into === undefined ? {} : { into }) });
const retainedUid = '0d4c0d4c-0000-4000-8000-000000000001';
const fromRetained = (uid = retainedUid): unknown => object('AppRestore', { serviceAccountName: 'allowed', from: { retained: uid } });
const profile = (hold = {}): unknown => ({ ...(object('QuiesceProfile', {}, 'cache') as object), spec: { hold: 'Freeze', recovery: 'Unknown', ...hold } });
const mark = 'stillpoint.dev/drill';
const drillName = `${namespace}-drill-0123456789`;
/** A namespace as the operator makes it for a drill, but for this. */
function drillSpace(metadata: { name?: string; labels?: Record<string, string>; annotations?: object }): unknown {
  const whole = { name: drillName, labels: { [mark]: '0badcafe-0000-4000-8000-000000000000', 'pod-security.kubernetes.io/enforce': 'baseline' }, annotations: { [`${mark}-of`]: 'shop/nightly' } };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { ...whole, ...metadata } };
}
const className = `${namespace}-nightly`;
/** A StorageClass as the operator makes it for a policy, but for this. */
function policyClass(metadata: { name?: string; labels?: object; annotations?: object } = {}): unknown {
  const whole = { name: className, labels: { 'stillpoint.dev/policy': '0badcafe-0000-4000-8000-000000000000' }, annotations: { 'stillpoint.dev/policy-of': `${namespace}/nightly` } };
  return { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { ...whole, ...metadata }, provisioner: 'none.stillpoint.dev' };
}
const createAs = (who: string[], what: unknown): Promise<Outcome> => kubectl(['create', '--dry-run=server', ...who, '-f', '-'], what);
const asAuthor = [`--as=${author}`];
const asOperator = [`--as=${operatorUser}`];

async function grantAuthor(): Promise<void> {
  const roles: [string, string, object[], string?][] = [
    [namespace, 'author', [{ apiGroups: ['stillpoint.dev'], resources: ['appsnapshots', 'apprestores', 'volumepolicies', 'backuptargets'], verbs: ['get', 'create', 'update', 'patch'] }, { apiGroups: ['stillpoint.dev'], resources: ['appsnapshots/status', 'apprestores/status'], verbs: ['get', 'update', 'patch'] }]],
    [namespace, 'impersonate', [{ apiGroups: [''], resources: ['serviceaccounts'], resourceNames: ['allowed'], verbs: ['impersonate'] }]],
    [target, 'impersonate', [{ apiGroups: [''], resources: ['serviceaccounts'], resourceNames: ['allowed-there'], verbs: ['impersonate'] }]],
    [namespace, 'profiles', [{ apiGroups: ['stillpoint.dev'], resources: ['quiesceprofiles'], verbs: ['get', 'create', 'update', 'patch'] }]],
    [namespace, 'profiler', [{ apiGroups: ['stillpoint.dev'], resources: ['quiesceprofiles'], verbs: ['get', 'create'] }, { apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] }], profiler],
  ];
  const made = roles.flatMap(([where, name, rules, who = author]) => [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace: where }, rules },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { name, namespace: where }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name }, subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: who }] },
  ]);
  await must(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items: made });
}

/** A pod that answers the holder's command line as an agent would. */
async function startAgentPod(): Promise<void> {
  const image = 'localhost/stillpoint-test/pause:1';
  const script = '#!/bin/sh\\necho "probe $*"\\n';
  const mount = { name: 'bin', mountPath: '/stillpoint' };
  await must(['apply', '-f', '-'], {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: pod, namespace: release.agentNamespace },
    spec: {
      terminationGracePeriodSeconds: 0,
      initContainers: [{ name: 'prepare', image, command: ['sh', '-c', `printf '${script}' > /stillpoint/holder && chmod 755 /stillpoint/holder`], volumeMounts: [mount] }],
      containers: ['agent', 'other'].map((name) => ({ name, image, command: ['sleep', '3600'], volumeMounts: [mount] })),
      volumes: [{ name: 'bin', emptyDir: {} }],
    },
  });
  await must(['wait', '-n', release.agentNamespace, `pod/${pod}`, '--for=condition=Ready', '--timeout=60s']);
}

const execAs = (who: string[], command: string[], container = 'agent', flags: string[] = []): Promise<Outcome> =>
  kubectl(['exec', '-n', release.agentNamespace, ...who, pod, '-c', container, ...flags, '--', ...command]);

beforeAll(async () => {
  const objects = await render();
  charted = objects.filter((o) => o.kind === 'ValidatingAdmissionPolicy' && !elsewhere.includes(o.metadata.name));
  await applyRendered(crdsOf(objects));
  // Both namespaces stay: a release that is installed meanwhile would lose its own.
  await kubectl(['create', 'namespace', release.namespace]);
  await applyRendered(objects.filter((o) => o.kind === 'Namespace'));
  for (const name of [namespace, target]) await must(['create', 'namespace', name]);
  added = await applyRendered(objects.filter((o) => installed.includes(o.kind)));
  await Promise.all([grantAuthor(), startAgentPod()]);
  // kubectl looks at the pod before it execs; the operator does not.
  await must(['create', 'role', '-n', release.agentNamespace, pod, '--verb=get', '--resource=pods']);
  await must(['create', 'rolebinding', '-n', release.agentNamespace, pod, `--role=${pod}`, `--serviceaccount=${release.namespace}:stillpoint`]);
  // Policies act some seconds after they are applied, each at its own time.
  await until('stillpoint-author acts', () => createAs(asAuthor, snapshot('forbidden')), (o) => o.stderr.includes('stillpoint-author'));
  await until('stillpoint-author-retained acts', () => createAs(asAuthor, fromRetained()), (o) => o.stderr.includes('stillpoint-author-retained'));
  await until('stillpoint-author-into acts', () => createAs(admin, restore({ namespace: target })), (o) => o.stderr.includes('stillpoint-author-into'));
  await must(['create', '-f', '-'], object('AppSnapshot', { serviceAccountName: 'allowed' }, 'there'));
  await until('stillpoint-status acts', () => patchStatus(admin), (o) => o.stderr.includes('stillpoint-status'));
  await until('stillpoint-profile acts', () => createAs(asAuthor, profile()), (o) => o.stderr.includes('stillpoint-profile'));
  await must(['create', '-f', '-'], profile());
  await until('stillpoint-agent-exec acts', () => execAs(admin, ['true']), (o) => o.stderr.includes('stillpoint-agent-exec'));
  // The policies are what is tried, not that the operator has no right to namespaces where drills are off, nor to change a class.
  await must(['create', 'clusterrole', namespace, '--verb=create,update,patch,delete,get', '--resource=namespaces,storageclasses.storage.k8s.io']);
  await must(['create', 'clusterrolebinding', namespace, `--clusterrole=${namespace}`, `--serviceaccount=${release.namespace}:stillpoint`]);
  await until(`${classes} acts`, () => createAs(asOperator, policyClass({ labels: {} })), (o) => o.stderr.includes(classes));
  await until(`${marks} acts`, () => createAs(admin, drillSpace({ labels: { [mark]: '' } })), (o) => o.stderr.includes(marks));
  await until('stillpoint-agent-closed acts', () => addEphemeral(admin), (o) => o.stderr.includes('stillpoint-agent-closed'));
}, 180_000);

afterAll(async () => {
  await removeAdded(added);
  await must(['delete', 'clusterrole,clusterrolebinding', namespace, '--ignore-not-found']);
  await must(['delete', 'storageclass', className, `${className}-of-nobody`, '--ignore-not-found']);
  await must(['delete', 'namespace', drillName, '--ignore-not-found', '--wait=false']);
  await must(['delete', 'role,rolebinding', '-n', release.agentNamespace, pod, '--ignore-not-found']);
  await must(['delete', 'role,rolebinding', '-n', release.namespace, namespace, '--ignore-not-found']);
  await must(['delete', 'pod', '-n', release.agentNamespace, pod, '--ignore-not-found', '--wait=false']);
  for (const name of [namespace, target]) await must(['delete', 'namespace', name, '--wait=false']);
}, 120_000);

/** Applied, as the operator does it: it has no right to read a status by itself. */
const patchStatus = (who: string[]): Promise<Outcome> =>
  kubectl(['apply', '--server-side', '--force-conflicts', '--subresource=status', '--dry-run=server', ...who, '-f', '-'], { ...(snapshot('allowed') as object), metadata: { name: 'there', namespace }, spec: undefined, status: { grade: 'Frozen' } });
const patchMeta = (who: string[], patch: object): Promise<Outcome> => kubectl(['patch', '-n', namespace, ...who, 'asnap', 'there', '--dry-run=server', '--type=merge', '-p', JSON.stringify(patch)]);

function addEphemeral(who: string[]): Promise<Outcome> {
  const patch = { spec: { ephemeralContainers: [{ name: 'intruder', image: 'localhost/stillpoint-test/pause:1', targetContainerName: 'agent' }] } };
  return kubectl(['patch', 'pod', '-n', release.agentNamespace, ...who, pod, '--subresource=ephemeralcontainers', '--dry-run=server', '--type=strategic', '-p', JSON.stringify(patch)]);
}

function refusedBy(outcome: Outcome, policy: string, says: RegExp): void {
  expect(outcome.code).not.toBe(0);
  expect(outcome.stderr).toContain(`'${policy}'`);
  expect(outcome.stderr).toMatch(says);
  refusals.push({ policy, text: outcome.stderr });
}

describe('the policies themselves', () => {
  test.each(policies)('%s: fails closed, denies', async (name) => {
    const policy = JSON.parse(await must(['get', 'validatingadmissionpolicy', name, '-o', 'json'])) as { spec: { failurePolicy: string } };
    const binding = JSON.parse(await must(['get', 'validatingadmissionpolicybinding', name, '-o', 'json'])) as { spec: { policyName: string; validationActions: string[] } };
    expect(policy.spec.failurePolicy).toBe('Fail');
    expect(binding.spec).toMatchObject({ policyName: name, validationActions: ['Deny'] });
  });

  test.each(policies)('%s: its expressions fit the types', async (name) => {
    interface Policy {
      metadata: { generation: number };
      status?: { observedGeneration?: number; typeChecking?: { expressionWarnings?: unknown[] } };
    }
    const read = async (): Promise<Policy> => JSON.parse(await must(['get', 'validatingadmissionpolicy', name, '-o', 'json'])) as Policy;
    const policy = await until('checked', read, (p) => p.status?.observedGeneration === p.metadata.generation);
    expect(policy.status?.typeChecking?.expressionWarnings ?? []).toEqual([]);
  });
});

describe('authors', () => {
  test('AppSnapshot: an account that the author may impersonate is accepted', async () => {
    expect(await createAs(asAuthor, snapshot('allowed'))).toMatchObject({ code: 0 });
  });
  test('AppSnapshot: another account is refused, with the way out', async () => {
    refusedBy(await createAs(asAuthor, snapshot('forbidden')), 'stillpoint-author', new RegExp(`${author} may not impersonate service account forbidden of namespace ${namespace}\\..*kubectl -n ${namespace} create role`));
  });
  test('AppRestore: the same for the account that reads', async () => {
    expect(await createAs(asAuthor, restore(undefined))).toMatchObject({ code: 0 });
    refusedBy(await createAs(asAuthor, restore(undefined, 'forbidden')), 'stillpoint-author', /may not impersonate service account forbidden/);
  });
  test('AppRestore into another namespace: an account there is required, and the author must be allowed to impersonate it', async () => {
    expect(await createAs(asAuthor, restore({ namespace: target, serviceAccountName: 'allowed-there' }))).toMatchObject({ code: 0 });
    refusedBy(await createAs(asAuthor, restore({ namespace: target, serviceAccountName: 'forbidden' })), 'stillpoint-author-into', /may not impersonate service account forbidden of namespace/);
    refusedBy(await createAs(asAuthor, restore({ namespace: target })), 'stillpoint-author-into', /spec\.into\.serviceAccountName is required/);
  });
  test('AppRestore into its own namespace: no second account is needed', async () => {
    expect(await createAs(asAuthor, restore({ namespace }))).toMatchObject({ code: 0 });
  });
  test('the right for one namespace is none for another', async () => {
    refusedBy(await createAs(asAuthor, restore({ namespace: target, serviceAccountName: 'allowed' })), 'stillpoint-author-into', /may not impersonate/);
  });
  test('a change of the spec is asked again, a change of metadata is not', async () => {
    expect(await patchMeta(asAuthor, { spec: { suspend: false } })).toMatchObject({ code: 0 });
    refusedBy(await patchMeta(asOperator, { spec: { suspend: false } }), 'stillpoint-author', /may not impersonate/);
    expect(await patchMeta(asOperator, { metadata: { finalizers: ['stillpoint.dev/copy'] } })).toMatchObject({ code: 0 });
  });
});

describe('authors of restores of what was retained', () => {
  const refusal = new RegExp(`spec\\.from\\.retained: ${author} may not get Secret stillpoint-retained-${retainedUid} of namespace ${release.namespace}\\. .*ask an admin of the cluster`);
  test('whoever may not get its Secret in the namespace of the operator is refused, also where nothing of that uid is', async () => {
    refusedBy(await createAs(asAuthor, fromRetained()), 'stillpoint-author-retained', refusal);
  });
  test('whoever may get that Secret is accepted, for that one only', async () => {
    await must(['create', 'role', '-n', release.namespace, namespace, '--verb=get', '--resource=secrets', `--resource-name=stillpoint-retained-${retainedUid}`]);
    await must(['create', 'rolebinding', '-n', release.namespace, namespace, `--role=${namespace}`, `--user=${author}`]);
    await until('the author may get the Secret', () => createAs(asAuthor, fromRetained()), (o) => o.code === 0);
    refusedBy(await createAs(asAuthor, fromRetained('0d4c0d4c-0000-4000-8000-000000000002')), 'stillpoint-author-retained', /may not get Secret stillpoint-retained-0d4c0d4c-0000-4000-8000-000000000002/);
    expect(await createAs(admin, fromRetained())).toMatchObject({ code: 0 });
  });
});

describe('authors of policies', () => {
  const policyOf = (account: string): unknown => ({ ...(object('VolumePolicy', {}) as object), spec: { serviceAccountName: account, protection: { schedule: { cron: '0 0 1 1 *', suspend: true }, retention: { last: 1 } } } });
  test('VolumePolicy: as for copies', async () => {
    expect(await createAs(asAuthor, policyOf('allowed'))).toMatchObject({ code: 0 });
    refusedBy(await createAs(asAuthor, policyOf('forbidden')), 'stillpoint-author', /may not impersonate service account forbidden/);
  });
  test('BackupTarget: as for copies', async () => {
    const targetOf = (account: string): unknown => object('BackupTarget', { serviceAccountName: account, persistentVolumeClaim: { claimName: 'nas' } });
    expect(await createAs(asAuthor, targetOf('allowed'))).toMatchObject({ code: 0 });
    refusedBy(await createAs(asAuthor, targetOf('forbidden')), 'stillpoint-author', /may not impersonate service account forbidden/);
  });
  test('an account makes a copy in its own name, and in no other', async () => {
    const copier = [`--as=system:serviceaccount:${namespace}:copier`];
    await must(['create', 'role', '-n', namespace, 'copier', '--verb=create', '--resource=appsnapshots.stillpoint.dev']);
    await must(['create', 'rolebinding', '-n', namespace, 'copier', '--role=copier', `--serviceaccount=${namespace}:copier`]);
    await until('the account may create', () => createAs(copier, snapshot('copier')), (o) => o.code === 0);
    refusedBy(await createAs(copier, snapshot('allowed')), 'stillpoint-author', /may not impersonate service account allowed/);
  });
});

describe('authors of profiles', () => {
  const patchProfile = (patch: object): Promise<Outcome> => kubectl(['patch', '-n', namespace, ...asAuthor, 'qprof', 'cache', '--dry-run=server', '--type=merge', '-p', JSON.stringify(patch)]);
  const refusal = new RegExp(`spec: ${author} may not create pods/exec in namespace ${namespace}, where the commands of the profile would be run`);
  test('whoever may exec in the namespace may write one', async () => {
    expect(await createAs([`--as=${profiler}`], { ...(profile() as object), metadata: { name: 'another', namespace } })).toMatchObject({ code: 0 });
  });
  test('whoever may not is refused, also a change of what is there', async () => {
    refusedBy(await createAs(asAuthor, { ...(profile() as object), metadata: { name: 'another', namespace } }), 'stillpoint-profile', refusal);
    refusedBy(await patchProfile({ spec: { recovery: 'Durable' } }), 'stillpoint-profile', refusal);
    expect(await patchProfile({ metadata: { labels: { team: 'shop' } } })).toMatchObject({ code: 0 });
  });
});

describe('status', () => {
  test('the operator writes it', async () => {
    expect(await patchStatus(asOperator)).toMatchObject({ code: 0 });
  });
  test.each([['an author with the right', asAuthor], ['a cluster admin', admin]])('%s does not', async (_, who) => {
    refusedBy(await patchStatus(who), 'stillpoint-status', /status is evidence and is written by system:serviceaccount:\S+ only/);
  });
});

describe('exec into agents', () => {
  test.each(['p-1 hold', 'p-1 status', 'p-1 mounts', 'usage usage', 'p-1 end takeover', 'p-1 end sweep', 'p-1 end abort'])('the operator runs the holder: %s', async (args) => {
    expect(await execAs(asOperator, ['/stillpoint/holder', ...args.split(' ')])).toMatchObject({ code: 0, stdout: `probe ${args}\n` });
  });
  test.each([
    ['a shell', ['sh', '-c', 'id']],
    ['the agent', ['/stillpoint/holder', 'agent']],
    ['the guard', ['/stillpoint/holder', 'guard', 'p-1']],
    ['another state directory', ['/stillpoint/holder', '--state-dir', '/proc', 'p-1', 'hold']],
    ['another program', ['/bin/stillpoint/holder', 'p-1', 'hold']],
    ['an id that is a path', ['/stillpoint/holder', '../p-1', 'hold']],
    ['an end of its own', ['/stillpoint/holder', 'p-1', 'end', 'release']],
    ['words behind', ['/stillpoint/holder', 'p-1', 'hold', 'now']],
    ['words behind a look', ['/stillpoint/holder', 'p-1', 'mounts', '/etc']],
  ])('the operator does not run %s', async (_, command) => {
    refusedBy(await execAs(asOperator, command), 'stillpoint-agent-exec', /Only \/stillpoint\/holder <id> hold, status, mounts, usage or end/);
  });
  test('nor anything in another container', async () => {
    refusedBy(await execAs(asOperator, ['/stillpoint/holder', 'p-1', 'hold'], 'other'), 'stillpoint-agent-exec', /for the container agent/);
  });
  test('a cluster admin does not run the holder', async () => {
    refusedBy(await execAs(admin, ['/stillpoint/holder', 'p-1', 'status']), 'stillpoint-agent-exec', /Exec into the agents of Stillpoint is for system:serviceaccount:\S+ only.*kubectl logs/);
  });
  test('a cluster admin execs elsewhere as before', async () => {
    const elsewhere = await kubectl(['exec', '-n', namespace, ...admin, 'no-such-pod', '--', 'true']);
    expect(elsewhere.stderr).toContain('pods "no-such-pod" not found');
  });
});

describe('every other way into agents is closed', () => {
  const closed = /Nobody attaches to, forwards ports of, proxies to or adds containers to the agents/;
  const raw = (who: string[], path: string): Promise<Outcome> => kubectl(['get', ...who, '--raw', `/api/v1/namespaces/${release.agentNamespace}/pods/${pod}/${path}`]);
  test.each([['a cluster admin', admin]])('%s: attach, port-forward, proxy, ephemeral containers', async (_, who) => {
    refusedBy(await kubectl(['attach', '-n', release.agentNamespace, ...who, pod, '-c', 'agent']), 'stillpoint-agent-closed', closed);
    refusedBy(await kubectl(['port-forward', '-n', release.agentNamespace, ...who, `pod/${pod}`, '18080:8080']), 'stillpoint-agent-closed', closed);
    refusedBy(await raw(who, 'proxy/'), 'stillpoint-agent-closed', closed);
    refusedBy(await addEphemeral(who), 'stillpoint-agent-closed', closed);
  });
  test('the operator has no right to any of them in the first place', async () => {
    for (const sub of ['attach', 'portforward', 'proxy', 'ephemeralcontainers']) {
      for (const verb of ['get', 'create', 'update', 'patch']) {
        expect((await kubectl(['auth', 'can-i', verb, 'pods', `--subresource=${sub}`, '-n', release.agentNamespace, ...asOperator])).stdout.trim()).toBe('no');
      }
    }
  });
});

describe('namespaces of drills', () => {
  const uid = '0badcafe-0000-4000-8000-000000000000';
  const security = { 'pod-security.kubernetes.io/enforce': 'baseline' };
  const change = (what: string, ...words: string[]): Promise<Outcome> => kubectl([what, ...admin, '--dry-run=server', '--overwrite', 'namespace', ...words]);

  beforeAll(async () => {
    await must(['create', ...asOperator, '-f', '-'], drillSpace({}));
  });

  test.each([
    ['a plain one', { labels: security }, /makes and deletes namespaces of drills only/],
    ['one with an empty mark', { labels: { ...security, [mark]: '' } }, /by the uid of a VolumePolicy/],
    ['one with a mark that is no uid', { labels: { ...security, [mark]: 'x' } }, /by the uid of a VolumePolicy/],
    ['one of another name', { name: `${namespace}-other` }, /metadata\.name: the namespace of a drill is named after its source, -drill- and ten hexadecimal digits/],
    ['one of no policy', { name: `${namespace}-drill-0123456780`, annotations: {} }, /metadata\.annotations: stillpoint\.dev\/drill-of names the VolumePolicy of a drill as namespace\/name/],
    ['one with a label of its choice', { name: `${namespace}-drill-0123456780`, labels: { ...security, [mark]: uid, team: 'admins' } }, /metadata\.labels: the namespace of a drill has its mark, Pod Security/],
    ['a privileged one', { name: `${namespace}-drill-0123456780`, labels: { [mark]: uid, 'pod-security.kubernetes.io/enforce': 'privileged' } }, /enforces Pod Security baseline or restricted/],
  ])('the operator does not make %s', async (_, metadata, says) => {
    refusedBy(await createAs(asOperator, drillSpace(metadata)), marks, says);
  });

  test.each(['', uid])('nobody else gives the mark %p', async (value) => {
    refusedBy(await createAs(admin, drillSpace({ name: `${namespace}-drill-0123456780`, labels: { ...security, [mark]: value } })), marks, /is given by it only/);
    refusedBy(await change('label', namespace, `${mark}=${value}`), marks, /neither given nor changed nor taken away/);
    if (value === '') refusedBy(await change('label', drillName, `${mark}=`), marks, /neither given nor changed nor taken away/);
  });

  test('nor takes it or what it is of; everything else of the namespace is whose it was', async () => {
    refusedBy(await change('label', drillName, `${mark}-`), marks, /neither given nor changed nor taken away/);
    refusedBy(await change('annotate', drillName, `${mark}-of-`), marks, /drill-of names the VolumePolicy of a drill\. It is neither changed nor taken away/);
    expect(await change('label', drillName, 'team=shop')).toMatchObject({ code: 0 });
  });

  test('the operator deletes none of others, and that of a drill', async () => {
    refusedBy(await kubectl(['delete', ...asOperator, '--dry-run=server', 'namespace', namespace]), marks, /makes and deletes namespaces of drills only/);
    expect(await kubectl(['delete', ...asOperator, '--dry-run=server', 'namespace', drillName])).toMatchObject({ code: 0 });
  });
});

describe('classes of policies', () => {
  const ofNobody = { name: `${className}-of-nobody`, labels: {}, annotations: {} };

  beforeAll(async () => {
    // An operator that is installed sweeps classes that nothing uses.
    await must(['create', '-f', '-'], { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'keeps-the-class', namespace }, spec: { storageClassName: className, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } });
    await must(['create', ...asOperator, '-f', '-'], policyClass());
    await must(['create', '-f', '-'], policyClass(ofNobody));
  });

  test.each([
    ['one without the mark', { labels: {} }, /makes and deletes classes with the mark stillpoint\.dev\/policy only/],
    ['one whose mark is no uid', { labels: { 'stillpoint.dev/policy': 'x' } }, /the uid of a VolumePolicy/],
    ['one of no policy', { annotations: {} }, /metadata\.annotations: stillpoint\.dev\/policy-of names the VolumePolicy of a class as namespace\/name/],
    ['one that is named after another namespace', { name: 'kube-system-fast' }, /metadata\.name: a class of a VolumePolicy begins with the namespace of the policy/],
    ['the default', { annotations: { 'stillpoint.dev/policy-of': `${namespace}/nightly`, 'storageclass.kubernetes.io/is-default-class': 'true' } }, /makes no class the default of the cluster/],
  ])('the operator does not make %s', async (_, metadata, says) => {
    refusedBy(await createAs(asOperator, policyClass({ name: `${className}-another`, ...metadata })), classes, says);
  });

  test('it changes none, and deletes none but those of policies', async () => {
    refusedBy(await kubectl(['label', ...asOperator, '--dry-run=server', 'storageclass', className, 'team=shop']), classes, /changes no class/);
    refusedBy(await kubectl(['delete', ...asOperator, '--dry-run=server', 'storageclass', ofNobody.name]), classes, /makes and deletes classes with the mark/);
    expect(await kubectl(['delete', ...asOperator, '--dry-run=server', 'storageclass', className])).toMatchObject({ code: 0 });
  });

  test('classes are whose they were: an admin does as before', async () => {
    expect(await kubectl(['label', ...admin, '--dry-run=server', 'storageclass', className, 'team=shop'])).toMatchObject({ code: 0 });
    expect(await kubectl(['delete', ...admin, '--dry-run=server', 'storageclass', ofNobody.name])).toMatchObject({ code: 0 });
  });
});

test('every validation of every policy of the chart was broken once above', () => {
  const missing = charted.flatMap(({ metadata: { name }, spec }) =>
    (spec as { validations: { message: string; messageExpression?: string }[] }).validations
      // A message that is computed begins with the field, as the fixed one does.
      .map(({ message, messageExpression }) => (messageExpression === undefined ? [message] : [`${message.split(':')[0] ?? ''}: `, 'may not']))
      .filter((words) => !refusals.some(({ policy, text }) => policy === name && words.every((word) => text.includes(word))))
      .map((words) => `${name}: ${words.join(' … ')}`),
  );
  expect(charted.map((o) => o.metadata.name).sort()).toEqual([...policies].sort());
  expect(missing).toEqual([]);
});
