import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { objectId, type CapturedObject } from '../../../src/manifests/captured.js';
import { orderForRestore, rank } from '../../../src/manifests/order.js';
import { captured } from './objects.js';

const workload = (kind: string, spec: object, name = 'x'): CapturedObject => captured('apps', kind, { spec }, { name });

describe('order of a restore', () => {
  test('what others need comes first, custom resources last', () => {
    const kinds: [string, string][] = [['example.com', 'Cluster'], ['', 'Pod'], ['networking.k8s.io', 'Ingress'], ['apps', 'Deployment'], ['', 'Service'], ['', 'PersistentVolumeClaim'], ['', 'Secret'], ['rbac.authorization.k8s.io', 'RoleBinding'], ['rbac.authorization.k8s.io', 'Role'], ['', 'ServiceAccount']];
    const { first } = orderForRestore(kinds.map(([group, kind]) => captured(group, kind, { spec: {} })));
    expect(first.map((o) => o.type.kind)).toEqual(['ServiceAccount', 'Role', 'RoleBinding', 'Secret', 'PersistentVolumeClaim', 'Service', 'Deployment', 'Ingress', 'Cluster']);
  });

  test('workloads are at rest, their replicas remembered', () => {
    const { first, scaled } = orderForRestore([workload('Deployment', { replicas: 3, paused: true }, 'a'), workload('StatefulSet', {}, 'b'), workload('ReplicaSet', { replicas: 0 }, 'c')]);
    expect(first.map((o) => [o.type.kind, o.object['spec']])).toEqual([
      ['StatefulSet', { replicas: 0 }],
      ['Deployment', { replicas: 0, paused: true }],
      ['ReplicaSet', { replicas: 0 }],
    ]);
    expect(scaled).toEqual([
      { resource: 'statefulsets.apps', name: 'b', replicas: 1 },
      { resource: 'deployments.apps', name: 'a', replicas: 3 },
    ]);
  });

  test('what runs by itself waits for the gate', () => {
    const { first, gate } = orderForRestore([
      captured('batch', 'CronJob', { spec: { schedule: 'x' } }),
      captured('batch', 'Job', { spec: {} }),
      captured('batch', 'Job', { spec: { suspend: true } }, { name: 'asleep' }),
      captured('', 'Pod', { spec: {} }),
      captured('apps', 'DaemonSet', { spec: {} }),
      captured('autoscaling', 'HorizontalPodAutoscaler', { spec: {} }),
    ]);
    expect(first.map((o) => [objectId(o), (o.object['spec'] as { suspend?: boolean }).suspend])).toEqual([
      ['cronjobs.batch/x', true],
      ['jobs.batch/x', true],
      ['jobs.batch/asleep', true],
    ]);
    expect(gate.map((o) => [o.type.kind, (o.object['spec'] as { suspend?: boolean }).suspend])).toEqual([
      ['DaemonSet', undefined],
      ['CronJob', false],
      ['Job', false],
      ['Pod', undefined],
      ['HorizontalPodAutoscaler', undefined],
    ]);
  });

  test('objects of Stillpoint are never restored', () => {
    const { first, gate, never } = orderForRestore([captured('stillpoint.dev', 'AppSnapshot', { spec: {} })]);
    expect([first, gate, never.length]).toEqual([[], [], 1]);
  });

  test('a QuiesceProfile is configuration, and made as such', () => {
    const { first, never } = orderForRestore([captured('stillpoint.dev', 'QuiesceProfile', { spec: {} })]);
    expect([first.length, never]).toEqual([1, []]);
  });

  test('nothing is lost: each object is made first, at the gate, or named as left out', () => {
    const kinds = fc.constantFrom<[string, string]>(['', 'ConfigMap'], ['apps', 'StatefulSet'], ['batch', 'CronJob'], ['', 'Pod'], ['example.com', 'Thing'], ['stillpoint.dev', 'AppSnapshot']);
    fc.assert(
      fc.property(fc.array(fc.tuple(kinds, fc.nat())), (list) => {
        const objects = list.map(([[group, kind], n]) => captured(group, kind, { spec: {} }, { name: `n${n}` }));
        const { first, gate, never } = orderForRestore(objects);
        const seen = new Set([...first, ...gate].map(objectId).concat(never.map((n) => n.split(':')[0]!)));
        for (const object of objects) expect(seen).toContain(objectId(object));
        expect(first.map(rank)).toEqual(first.map(rank).sort((a, b) => a - b));
      }),
    );
  });
});
