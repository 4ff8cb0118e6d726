import { describe, expect, test } from '@jest/globals';
import { planFixups, restoredApplications } from '../../../src/controllers/apprestore/fixup-plan.js';
import { placementOf, podSource } from '../../../src/controllers/apprestore/pod-source.js';
import { fixupState, podTrouble, type RawPod } from '../../../src/controllers/apprestore/pod-state.js';
import { restoreSet } from '../../../src/controllers/apprestore/restore-set.js';
import { unready } from '../../../src/controllers/apprestore/started-pods.js';
import { podsByCopyName } from '../../../src/controllers/apprestore/restore-context.js';
import { createAdapters } from '../../../src/hooks/adapters.js';
import type { CapturedObject } from '../../../src/manifests/captured.js';
import { container, pod } from '../hooks/namespaces.js';
import { appCopy, appRestore, capture } from './apprestore-fixtures.js';

const restore = appRestore({ into: { namespace: 'copy', serviceAccountName: 'tenant' } });
const copy = appCopy();
const set = restoreSet(restore, copy, capture());
const plan = planFixups({ restore, copy, set, adapters: createAdapters(), isolated: true });

describe('pods of fix-up steps', () => {
  const made = plan.fixups[0]?.pod;
  const spec = made?.['spec'] as Record<string, unknown>;

  test('one for each member, named the same every time, labelled as ours', () => {
    expect(plan.missing).toEqual([]);
    expect(plan.fixups.map((f) => f.pod.metadata)).toEqual([
      { name: 'stillpoint-f00dfeed-fixup-0', namespace: 'copy', labels: { 'stillpoint.dev/internal': 'fixup', 'stillpoint.dev/apprestore': restore.metadata.uid } },
    ]);
  });

  test("the database's own container with its user and volumes, and nothing that would start or probe it", () => {
    expect(spec).toMatchObject({ restartPolicy: 'Never', automountServiceAccountToken: false, serviceAccountName: 'database', securityContext: { runAsUser: 999 } });
    expect(spec['activeDeadlineSeconds']).toBeGreaterThan(0);
    expect(spec['hostNetwork']).toBeUndefined();
    expect(spec['initContainers']).toBeUndefined();
    expect(spec['volumes']).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'data-pg-0' } },
      { name: 'wal', persistentVolumeClaim: { claimName: 'wal-pg-0' } },
      { name: 'tmp', emptyDir: {} },
    ]);
    const [only, ...others] = spec['containers'] as Record<string, unknown>[];
    expect(others).toEqual([]);
    expect(Object.keys(only ?? {}).sort()).toEqual(['command', 'env', 'image', 'name', 'securityContext', 'volumeMounts']);
    // As the kubelet reads it.
    expect((only?.['command'] as string[]).map((word) => word.replaceAll('$$', '$'))).toEqual(plan.fixups[0]?.step.command);
  });

  test('a claim that the copy does not have is made empty by its StatefulSet, and is empty for the step', () => {
    const part = { ...set, claims: set.claims.filter((c) => c.volume.claim !== 'wal-pg-0') };
    const [first] = planFixups({ restore, copy, set: part, adapters: createAdapters(), isolated: true }).fixups;
    expect((first?.pod['spec'] as Record<string, unknown>)['volumes']).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'data-pg-0' } },
      { name: 'wal', emptyDir: {} },
      { name: 'tmp', emptyDir: {} },
    ]);
  });

  test('a member that no workload of the copy makes is refused, not left unprepared', () => {
    const without = { ...set, configuration: set.configuration.filter((o) => o.type.kind !== 'StatefulSet') };
    expect(planFixups({ restore, copy, set: without, adapters: createAdapters(), isolated: true }).missing[0]).toMatch(/^pods\/pg-0: /);
  });

  test('only applications all of whose volumes this restore made are touched', () => {
    const volume = (claim: string) => ({ claim, snapshot: 'x', phase: 'Bound' as const });
    const names = (claims: string[]): string[] => restoredApplications(appRestore({}, { volumes: claims.map(volume) }), copy).map((a) => a.name);
    expect([names(['data-pg-0', 'wal-pg-0']), names(['data-pg-0']), names([])]).toEqual([['pg'], [], []]);
  });
});

describe('what makes a pod', () => {
  const workload = (kind: string, group: string, name: string): CapturedObject => ({
    type: { group, version: 'v1', plural: `${kind.toLowerCase()}s`, kind, namespaced: true },
    object: { kind, metadata: { name }, spec: { template: { spec: {} } } },
  });
  const found = (name: string, ...objects: CapturedObject[]): string | undefined => podSource(name, objects)?.workload.object.metadata.name;

  test.each([
    ['StatefulSet', 'apps', 'pg', 'pg-12', true],
    ['StatefulSet', 'apps', 'pg', 'pg-ha-0', false],
    ['Deployment', 'apps', 'web', 'web-6c9f7d5b8-x2x4z', true],
    ['Deployment', 'apps', 'web', 'web-0', false],
    ['ReplicaSet', 'apps', 'web', 'web-x2x4z', true],
    ['Pod', '', 'one', 'one', true],
    ['Pod', '', 'one', 'one-0', false],
  ])('%s %s/%s and pod %s: %s', (kind, group, name, podName, expected) => {
    expect(found(podName, workload(kind, group, name))).toBe(expected ? name : undefined);
  });

  test('the longest name wins', () => {
    expect(found('pg-1-0', workload('StatefulSet', 'apps', 'pg'), workload('StatefulSet', 'apps', 'pg-1'))).toBe('pg-1');
  });

  test('where a pod may run: nodes, and no other pods; of the first that something in the copy makes', () => {
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } };
    const tolerations = [{ key: 'db', operator: 'Exists' }];
    const pg: CapturedObject = { ...workload('StatefulSet', 'apps', 'pg') };
    const placed = { ...pg, object: { ...pg.object, spec: { template: { spec: { nodeSelector: { disk: 'ssd' }, affinity: { nodeAffinity, podAntiAffinity: {} }, tolerations, containers: [] } } } } };
    expect(placementOf(['gone-0', 'pg-0'], [placed])).toEqual({ nodeSelector: { disk: 'ssd' }, affinity: { nodeAffinity }, tolerations });
    expect([placementOf(['pg-0'], [pg]), placementOf([], [placed])]).toEqual([{}, {}]);
  });
});

describe('how a pod is doing', () => {
  const raw = (status: RawPod['status']): RawPod => ({ metadata: { name: 'p' }, ...(status === undefined ? {} : { status }) });
  const ended = (exitCode: number) => [{ name: 'postgres', state: { terminated: { exitCode, reason: 'Error' } } }];

  test('a program that refuses is told from a pod that was lost', () => {
    expect(fixupState(raw({ phase: 'Succeeded' })).kind).toBe('succeeded');
    expect(fixupState(raw({ phase: 'Failed', containerStatuses: ended(1) }))).toEqual({ kind: 'refused', exitCode: 1 });
    expect(fixupState(raw({ phase: 'Failed', containerStatuses: ended(137) })).kind).toBe('lost');
    expect(fixupState(raw({ phase: 'Failed', reason: 'Evicted', containerStatuses: ended(1) }))).toEqual({ kind: 'lost', why: 'Evicted' });
    expect(fixupState(raw({ phase: 'Failed' })).kind).toBe('lost');
    expect(fixupState(raw({ phase: 'Pending' })).kind).toBe('running');
  });

  test('trouble names the container, its state and how it last ended', () => {
    const crash = raw({ phase: 'Running', containerStatuses: [{ name: 'postgres', ready: false, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1, reason: 'Error', message: 'PANIC' } } }] });
    expect(podTrouble(crash)).toBe('postgres CrashLoopBackOff, last ended with 1 (Error): PANIC');
    expect(podTrouble(raw({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: 'no node fits' }] }))).toBe('cannot be scheduled: no node fits');
    expect(podTrouble(raw({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ name: 'postgres', ready: true, state: { running: {} } }] }))).toBeUndefined();
  });
});

describe('started pods', () => {
  const owner = { kind: 'StatefulSet', name: 'pg' };
  const ready = pod('pg-0', { owner, containers: [container('postgres', 'i')] });
  const starting = pod('pg-1', { owner, containers: [container('postgres', 'i', { ready: false })] });
  const scaled = (replicas: number) => [{ resource: 'statefulsets.apps', name: 'pg', replicas }];

  test('every replica has to be ready; pods of others do not count', () => {
    const foreign = pod('pg-9', { owner: { kind: 'StatefulSet', name: 'other' }, containers: [container('postgres', 'i')] });
    expect(unready(scaled(1), [ready, starting])).toEqual([]);
    expect(unready(scaled(2), [ready, starting, foreign])).toEqual(scaled(2));
  });

  test('checks find a StatefulSet pod by its name, and never take another one for it', () => {
    const application = { name: 'pg', kind: 'PostgreSQL' as const, members: [{ pod: 'pg-0', role: 'primary', container: 'postgres' }, { pod: 'pg-1', role: 'standby', container: 'postgres' }] };
    expect([...podsByCopyName(application, set.configuration, [ready, starting]).keys()]).toEqual(['pg-0']);
  });

  test('pods of a Deployment are found under their new names, one for each', () => {
    const template = { type: { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true }, object: { kind: 'Deployment', metadata: { name: 'web' }, spec: {} } };
    const made = (name: string) => pod(name, { labels: { 'pod-template-hash': 'abc' }, owner: { kind: 'ReplicaSet', name: 'web-abc' }, containers: [container('c', 'i')] });
    const members = ['web-6c9f7d5b8-aaaaa', 'web-6c9f7d5b8-bbbbb'].map((name) => ({ pod: name, role: 'member', container: 'c' }));
    const found = podsByCopyName({ name: 'web', kind: 'Generic', members }, [template], [made('web-abc-11111'), made('web-abc-22222')]);
    expect([...found].map(([copy, live]) => [copy, live.metadata.name])).toEqual([
      ['web-6c9f7d5b8-aaaaa', 'web-abc-11111'],
      ['web-6c9f7d5b8-bbbbb', 'web-abc-22222'],
    ]);
  });
});
