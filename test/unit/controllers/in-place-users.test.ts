import { describe, expect, test } from '@jest/globals';
import { rivals } from '../../../src/controllers/apprestore/in-place/rivals.js';
import { planStop, usesClaim, type Affected, type Running, type StopPlan } from '../../../src/controllers/apprestore/in-place/users.js';
import { projectPod } from '../../../src/controllers/views.js';
import type { PodView } from '../../../src/hooks/view.js';
import type { CapturedObject } from '../../../src/manifests/captured.js';
import { appRestore, appSnapshot } from './apprestore-fixtures.js';

const mounts = (...claims: string[]): object => ({ volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) });

/** An object of a kind that makes pods; `spec` is that of the object, with the pod's as its template. */
function workload(group: string, kind: string, name: string, pod: object, spec: object = {}, metadata: object = {}): CapturedObject {
  const type = { group, version: 'v1', plural: `${kind.toLowerCase()}s`, kind, namespaced: true };
  return { type, object: { metadata: { name, namespace: 'shop', ...metadata }, spec: { template: { spec: pod }, ...spec } } };
}

function pod(name: string, claim: string, owner?: { kind: string; name: string }, more: { metadata?: object; phase?: string } = {}): PodView {
  const ownerReferences = owner === undefined ? [] : [{ apiVersion: 'v1', ...owner, uid: 'u', controller: true }];
  return projectPod({ metadata: { name, namespace: 'shop', ownerReferences, ...more.metadata }, spec: { containers: [{ name: 'c' }], ...mounts(claim) }, status: { phase: more.phase ?? 'Running' } });
}

const database = workload('apps', 'StatefulSet', 'pg', {}, { replicas: 2, volumeClaimTemplates: [{ metadata: { name: 'data' } }] });
const affected: Affected = { namespace: 'shop', claims: new Set(['data-pg-0', 'data-pg-1']), copied: new Set(['statefulsets.apps/pg', 'deployments.apps/web', 'cronjobs.batch/tick']), all: true };
const plan = (running: Partial<Running>, more: Partial<Affected> = {}): StopPlan => planStop({ workloads: [], pods: [], autoscalers: [], ...running }, { ...affected, ...more });

describe('who uses a claim', () => {
  test('by name, by the template of a StatefulSet, and nobody else', () => {
    expect(usesClaim(workload('apps', 'Deployment', 'web', mounts('a')), 'a')).toBe(true);
    expect(usesClaim(workload('apps', 'Deployment', 'web', mounts('b')), 'a')).toBe(false);
    expect(['data-pg-0', 'data-pg-12', 'data-pg-x', 'data-pg-', 'data-pg2-0', 'data-pg-0-1'].map((claim) => usesClaim(database, claim))).toEqual([true, true, false, false, false, false]);
    expect(usesClaim(workload('batch', 'CronJob', 'tick', {}, { jobTemplate: { spec: { template: { spec: mounts('a') } } } }), 'a')).toBe(true);
    expect(usesClaim(workload('', 'ConfigMap', 'c', mounts('a')), 'a')).toBe(false);
  });
});

describe('what is stopped', () => {
  const web = workload('apps', 'Deployment', 'web', {}, { replicas: 3 });
  const tick = workload('batch', 'CronJob', 'tick', {}, { jobTemplate: {} });
  const other = workload('apps', 'Deployment', 'other', {});

  test('every workload of the copy, with the replicas that it has; CronJobs are noted', () => {
    expect(plan({ workloads: [database, web, tick, other], pods: [pod('pg-0', 'data-pg-0', { kind: 'StatefulSet', name: 'pg' })] })).toMatchObject({
      stopped: [{ resource: 'statefulsets.apps', name: 'pg', replicas: 2 }, { resource: 'deployments.apps', name: 'web', replicas: 3 }, { resource: 'cronjobs.batch', name: 'tick' }],
      refuse: [],
    });
  });

  test('where the configuration stays, only those that use the claims', () => {
    expect(plan({ workloads: [database, web, tick] }, { all: false }).stopped).toEqual([{ resource: 'statefulsets.apps', name: 'pg', replicas: 2 }]);
  });

  test('none that has no pods', () => {
    expect(plan({ workloads: [workload('apps', 'StatefulSet', 'pg', {}, { replicas: 0, volumeClaimTemplates: [{ metadata: { name: 'data' } }] })] })).toMatchObject({ stopped: [], refuse: [] });
  });
});

describe('what is refused', () => {
  const using = mounts('data-pg-0');
  const owned = { ownerReferences: [{ apiVersion: 'x/v1', kind: 'Elasticsearch', name: 'search', uid: 'u', controller: true }] };

  test.each<[string, Partial<Running>, RegExp]>([
    ['a workload that the copy does not have', { workloads: [workload('apps', 'Deployment', 'backup', using)] }, /^deployments\.apps\/backup: .*does not have this workload; scale it to zero first: kubectl -n shop scale deployment\/backup --replicas=0$/],
    ['a workload of an operator', { workloads: [{ ...database, object: { ...database.object, metadata: { ...database.object.metadata, ...owned } } }] }, /^statefulsets\.apps\/pg: .*belongs to Elasticsearch search, whose controller would scale it up again/],
    ['a DaemonSet', { workloads: [workload('apps', 'DaemonSet', 'agent', using)] }, /^daemonsets\.apps\/agent: .*cannot be scaled to zero; delete it first$/],
    ['a CronJob that may begin', { workloads: [workload('batch', 'CronJob', 'tick', {}, { jobTemplate: { spec: { template: { spec: using } } } })] }, /^cronjobs\.batch\/tick: .*suspend it first: kubectl -n shop patch cronjob tick/],
    ['a Job that runs', { workloads: [workload('batch', 'Job', 'load', using)] }, /^jobs\.batch\/load: .*wait until it has ended/],
    ['a pod without a workload', { pods: [pod('shell', 'data-pg-0')] }, /^pods\/shell: uses claim data-pg-0 and belongs to no workload that can be scaled to zero; delete it first$/],
    ['a pod of a custom resource', { pods: [pod('pg-1', 'data-pg-1', { kind: 'Cluster', name: 'pg' })] }, /^pods\/pg-1: .*belongs to Cluster pg, which cannot be scaled to zero/],
    ['a pod that has ended', { pods: [pod('load-x', 'data-pg-0', { kind: 'Job', name: 'load' }, { phase: 'Succeeded' })] }, /^pods\/load-x: has ended and still has claim data-pg-0; delete it first$/],
    ['a pod that goes', { pods: [pod('shell', 'data-pg-0', undefined, { metadata: { deletionTimestamp: 'now' } })] }, /^pods\/shell: .*is being deleted; wait until it is gone$/],
    ['KEDA', { workloads: [database], autoscalers: [{ metadata: { name: 'keda-hpa-pg', namespace: 'shop', ownerReferences: [{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'pg', uid: 'u', controller: true }] }, spec: { scaleTargetRef: { kind: 'StatefulSet', name: 'pg' } } }] }, /^horizontalpodautoscalers\.autoscaling\/keda-hpa-pg: KEDA .*pause it first: kubectl -n shop annotate scaledobject pg autoscaling\.keda\.sh\/paused=true$/],
    ['an autoscaler that starts from zero', { workloads: [database], autoscalers: [{ metadata: { name: 'pg', namespace: 'shop' }, spec: { minReplicas: 0, scaleTargetRef: { kind: 'StatefulSet', name: 'pg' } } }] }, /^horizontalpodautoscalers\.autoscaling\/pg: .*because its minReplicas is 0/],
  ])('%s', (_, running, says) => {
    const { refuse } = plan(running);
    expect(refuse).toHaveLength(1);
    expect(refuse[0]).toMatch(says);
  });

  test('once, not for each of its pods', () => {
    const backup = workload('apps', 'ReplicaSet', 'backup', using);
    expect(plan({ workloads: [backup], pods: [pod('backup-1', 'data-pg-0', { kind: 'ReplicaSet', name: 'backup' })] }).refuse).toHaveLength(1);
  });

  test('nothing of what is suspended, over, at zero, or scaled by a plain autoscaler', () => {
    const done = { status: { conditions: [{ type: 'Complete', status: 'True' }] } };
    const job = workload('batch', 'Job', 'load', using);
    const workloads = [
      database,
      workload('apps', 'Deployment', 'backup', using, { replicas: 0 }),
      workload('batch', 'CronJob', 'night', {}, { suspend: true, jobTemplate: { spec: { template: { spec: using } } } }),
      { ...job, object: { ...job.object, ...done } },
      workload('apps', 'ReplicaSet', 'web-1', using, {}, { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u', controller: true }] }),
    ];
    expect(plan({ workloads, autoscalers: [{ metadata: { name: 'pg' }, spec: { minReplicas: 1, scaleTargetRef: { kind: 'StatefulSet', name: 'pg' } } }] }).refuse).toEqual([]);
  });
});

describe('who is at work on the same claims', () => {
  const claims = new Set(['data-pg-0']);
  const volumes = [{ claim: 'data-pg-0', phase: 'Pending' as const }];
  const named = (name: string, created = '2026-01-01T00:00:00Z') => ({ name, uid: name, creationTimestamp: created });
  const own = appRestore({ inPlace: true }, { phase: 'Planned' }, named('own'));
  const beside = (restores: ReturnType<typeof appRestore>[], snapshots: ReturnType<typeof appSnapshot>[] = [], object = own): string[] => rivals(object, claims, { restores: [object, ...restores], snapshots });

  test('another one in place is in the way of everybody, also when it has left them half done', () => {
    const other = appRestore({ inPlace: true }, { phase: 'Swapping', volumes }, named('other'));
    const half = appRestore({ inPlace: true }, { phase: 'Failed', volumes, previousVolumes: [{ claim: 'data-pg-0', claimUid: 'a', volume: 'v', volumeUid: 'b', reclaimPolicy: 'Delete', state: 'Kept' }] }, named('half'));
    expect(beside([other])).toEqual([expect.stringMatching(/^apprestores\.stillpoint\.dev\/other: replaces the same claims; wait/)]);
    expect(beside([half])).toHaveLength(1);
    expect(beside([other], [], appRestore({}, {}, named('plain')))).toHaveLength(1);
  });

  test('of two that begin at the same time the older does', () => {
    const older = appRestore({ inPlace: true }, { phase: 'Planned' }, named('z', '2025-12-31T00:00:00Z'));
    expect(beside([older])).toHaveLength(1);
    expect(rivals(older, claims, { restores: [own, older], snapshots: [] })).toEqual([]);
  });

  test('one that fills such claims, or a copy that is being made, is in the way of one in place only', () => {
    const filling = appRestore({}, { phase: 'RestoringVolumes', volumes }, named('filling'));
    const copying = appSnapshot({ phase: 'Intended' });
    expect(beside([filling], [copying])).toEqual([expect.stringContaining('apprestores.stillpoint.dev/filling: restores the same claims'), expect.stringContaining('appsnapshots.stillpoint.dev/s: is being made of the same claims')]);
    expect(beside([filling], [copying], appRestore({}, {}, named('plain')))).toEqual([]);
  });

  test('nobody else', () => {
    const done = appRestore({ inPlace: true }, { phase: 'Ready', volumes: [{ claim: 'data-pg-0', phase: 'Bound' }] }, named('done'));
    const elsewhere = appRestore({ inPlace: true }, { phase: 'Swapping', volumes }, { ...named('elsewhere'), namespace: 'other' });
    const others = appRestore({ inPlace: true }, { phase: 'Swapping', volumes: [{ claim: 'else', phase: 'Pending' }] }, named('others'));
    expect(beside([done, elsewhere, others], [appSnapshot({ phase: 'Ready' }), appSnapshot({ phase: 'Pending' })])).toEqual([]);
  });
});
