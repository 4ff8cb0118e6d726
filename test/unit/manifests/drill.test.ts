import { describe, expect, test } from '@jest/globals';
import { keptBy } from '../../../src/controllers/apprestore/kept-volumes.js';
import type { CapturedObject } from '../../../src/manifests/captured.js';
import { forDrill } from '../../../src/manifests/drill.js';

function captured(group: string, plural: string, kind: string, spec: object = {}, metadata: object = {}): CapturedObject {
  return { type: { group, version: 'v1', plural, kind, namespaced: true }, object: { apiVersion: group === '' ? 'v1' : `${group}/v1`, kind, metadata: { name: 'x', namespace: 'shop', ...metadata }, spec } };
}

const stateful = (pod: object): CapturedObject => captured('apps', 'statefulsets', 'StatefulSet', { template: { spec: pod } });
const one = (object: CapturedObject, holdsData = true) => forDrill([object], () => holdsData);

describe('what is made in a drill', () => {
  test.each([
    ['networking.k8s.io', 'networkpolicies', 'NetworkPolicy', 'every other would open it'],
    ['rbac.authorization.k8s.io', 'rolebindings', 'RoleBinding', 'nobody gets rights'],
    ['networking.k8s.io', 'ingresses', 'Ingress', 'nothing outside reaches'],
    ['', 'endpoints', 'Endpoints', 'reaches nothing outside'],
    ['batch', 'cronjobs', 'CronJob', 'act by itself'],
    ['apps', 'daemonsets', 'DaemonSet', 'on every node'],
    ['policy', 'poddisruptionbudgets', 'PodDisruptionBudget', 'no drain of a node'],
    ['gateway.networking.k8s.io', 'httproutes', 'HTTPRoute', 'a controller that knows of no drill'],
    ['cert-manager.io', 'certificates', 'Certificate', 'a controller that knows of no drill'],
  ])('%s/%s is left out', (group, plural, kind, why) => {
    const { kept, left } = one(captured(group, plural, kind));
    expect(kept).toEqual([]);
    expect(left).toEqual([expect.stringMatching(new RegExp(`^${plural}${group === '' ? '' : `\\.${group}`}/x: not in a drill: .*${why}`))]);
  });

  test('a Service leads in from nowhere', () => {
    const spec = { type: 'LoadBalancer', clusterIP: '10.0.0.1', externalIPs: ['1.2.3.4'], loadBalancerIP: '1.2.3.5', externalTrafficPolicy: 'Local', loadBalancerClass: 'l', selector: { app: 'pg' }, ports: [{ port: 5432 }] };
    const [service] = one(captured('', 'services', 'Service', spec, { annotations: { 'external-dns.alpha.kubernetes.io/hostname': 'shop.example' } })).kept;
    expect(service?.object['spec']).toEqual({ type: 'ClusterIP', clusterIP: '10.0.0.1', selector: { app: 'pg' }, ports: [{ port: 5432 }] });
    expect(service?.object.metadata['annotations']).toEqual({});
    expect(one(captured('', 'services', 'Service', { type: 'ExternalName', externalName: 'db.example' })).left[0]).toContain('reaches nothing outside');
  });

  test.each([
    ['the network of its node', { hostNetwork: true }, 'hostNetwork'],
    ['the processes of its node', { hostPID: true }, 'hostPID'],
    ['files of its node', { volumes: [{ name: 'data', hostPath: { path: '/data' } }] }, 'data, which its original mounts as well'],
    ['a share of the original', { volumes: [{ name: 'share', nfs: { server: 's', path: '/' } }] }, 'share, which its original mounts as well'],
  ])('a workload in %s is left out', (_, pod, why) => {
    expect(one(stateful(pod)).left[0]).toContain(why);
  });

  test('what runs has no token, no port of its node and displaces nobody', () => {
    const pod = { priorityClassName: 'high', containers: [{ name: 'pg', ports: [{ containerPort: 5432, hostPort: 5432 }] }], volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'd' } }, { name: 't', emptyDir: {} }] };
    const [workload] = one(stateful(pod)).kept;
    expect((workload?.object['spec'] as { template: { spec: object } }).template.spec).toEqual({ automountServiceAccountToken: false, containers: [{ name: 'pg', ports: [{ containerPort: 5432 }] }], volumes: pod.volumes });
  });

  const podOf = (captured: CapturedObject | undefined): Record<string, unknown> => (captured?.object['spec'] as { template: { spec: Record<string, unknown> } }).template.spec;

  test.each([
    [undefined, undefined],
    [10, 10],
    [86_400, 60],
  ])('a pod that may take %p s to end gets %p', (asked, given) => {
    const probe = { exec: { command: ['true'] }, ...(asked === undefined ? {} : { terminationGracePeriodSeconds: asked }) };
    const [workload] = one(stateful({ ...(asked === undefined ? {} : { terminationGracePeriodSeconds: asked }), containers: [{ name: 'pg', livenessProbe: probe }] })).kept;
    const pod = podOf(workload) as { terminationGracePeriodSeconds?: number; containers: { livenessProbe: { terminationGracePeriodSeconds?: number } }[] };
    expect([pod.terminationGracePeriodSeconds, pod.containers[0]?.livenessProbe.terminationGracePeriodSeconds]).toEqual([given, given]);
  });

  test('nothing that it makes waits for somebody else to let it go', () => {
    const finalizers = ['example.com/hold'];
    const spec = { template: { metadata: { finalizers, labels: { app: 'pg' } }, spec: { volumes: [{ name: 'e', ephemeral: { volumeClaimTemplate: { metadata: { finalizers }, spec: {} } } }] } }, volumeClaimTemplates: [{ metadata: { name: 'd', finalizers }, spec: {} }] };
    const [workload] = one(captured('apps', 'statefulsets', 'StatefulSet', spec)).kept;
    expect(JSON.stringify(workload?.object)).not.toContain('hold');
    expect(workload?.object['spec']).toMatchObject({ template: { metadata: { labels: { app: 'pg' } } }, volumeClaimTemplates: [{ metadata: { name: 'd' } }] });
  });

  test('of projected volumes stays what says nothing of who the pod is, and trusts nobody', () => {
    const identity = [{ serviceAccountToken: { path: 't' } }, { clusterTrustBundle: { path: 'b', name: 'b' } }, { podCertificate: { signerName: 's/s', keyType: 'ED25519' } }];
    const volumes = [{ name: 'mixed', projected: { sources: [...identity, { configMap: { name: 'c' } }] } }, { name: 'token', projected: { sources: identity } }, { name: 'plain', projected: { sources: [{ secret: { name: 's' } }] } }];
    const [workload] = one(stateful({ volumes })).kept;
    expect(podOf(workload)['volumes']).toEqual([{ name: 'mixed', projected: { sources: [{ configMap: { name: 'c' } }] } }, { name: 'token', emptyDir: {} }, volumes[2]]);
  });

  test('a pod gets no other network, and the plan says so', () => {
    const annotations = { 'k8s.v1.cni.cncf.io/networks': 'lan', 'v1.multus-cni.io/default-network': 'x', 'other.cni.cncf.io/a': 'b', 'prometheus.io/scrape': 'true' };
    const { kept, left, unproven } = one(captured('apps', 'statefulsets', 'StatefulSet', { template: { metadata: { annotations }, spec: {} } }));
    expect((kept[0]?.object['spec'] as { template: { metadata: object } }).template.metadata).toEqual({ annotations: { 'prometheus.io/scrape': 'true' } });
    expect(left).toEqual(['statefulsets.apps/x: made without annotation k8s.v1.cni.cncf.io/networks, v1.multus-cni.io/default-network, other.cni.cncf.io/a of its pods: a drill has no other network']);
    expect(unproven).toEqual([]);
  });

  test('what has data in the copy and is left out is not proven', () => {
    expect(one(stateful({ hostNetwork: true })).unproven).toEqual([expect.stringMatching(/^statefulsets\.apps\/x: not in a drill: .*hostNetwork/)]);
    expect(one(captured('apps', 'daemonsets', 'DaemonSet')).unproven).toHaveLength(1);
    expect(one(captured('apps', 'daemonsets', 'DaemonSet'), false).unproven).toEqual([]);
    expect(one(captured('', 'endpoints', 'Endpoints')).unproven).toEqual([]);
  });

  test('what runs is what has data in the copy', () => {
    for (const workload of [captured('', 'pods', 'Pod', { containers: [] }), stateful({ containers: [] })]) {
      expect(one(workload, false).left[0]).toContain('has no data in the copy');
      expect(one(workload).kept).toHaveLength(1);
    }
    expect(one(captured('', 'configmaps', 'ConfigMap'), false).kept).toHaveLength(1);
  });

  test('annotations speak to controllers; that of a claim to the storage', () => {
    const [claim] = one(captured('', 'persistentvolumeclaims', 'PersistentVolumeClaim', {}, { annotations: { 'volume.beta.kubernetes.io/storage-class': 'fast', 'a/b': 'c' } })).kept;
    expect(claim?.object.metadata['annotations']).toEqual({ 'volume.beta.kubernetes.io/storage-class': 'fast' });
  });
});

describe('volumes that would stay', () => {
  const classes = [
    { metadata: { name: 'kept', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }, reclaimPolicy: 'Retain' },
    { metadata: { name: 'gone' }, reclaimPolicy: 'Delete' },
  ];
  const claim = (spec: object) => captured('', 'persistentvolumeclaims', 'PersistentVolumeClaim', spec);

  test('are found by class, default class, templates and ephemeral volumes', () => {
    const ephemeral = { volumes: [{ name: 'e', ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'kept' } } } }] };
    const templates = captured('apps', 'statefulsets', 'StatefulSet', { volumeClaimTemplates: [{ spec: { storageClassName: 'kept' } }] });
    const refused = keptBy([claim({ storageClassName: 'kept' }), claim({}), templates, stateful(ephemeral), claim({ storageClassName: 'gone' })], classes);
    expect(refused.map((text) => text.split(':')[0])).toEqual(['persistentvolumeclaims/x', 'persistentvolumeclaims/x', 'statefulsets.apps/x', 'statefulsets.apps/x']);
    expect(refused[0]).toContain('spec.protection.verify.storageClasses');
  });
});
