import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, type CapturedObject } from '../../../src/manifests/captured.js';
import { hostPaths } from '../../../src/manifests/hosts.js';
import { imagePaths } from '../../../src/manifests/images.js';
import { editAt } from '../../../src/manifests/json.js';
import { dropAssigned, fillClaim, rewriteForRestore, rewriteReferences } from '../../../src/manifests/rewrite.js';
import { captured } from './objects.js';

const maps = { namespaces: { shop: 'drill' }, storageClasses: { fast: 'slow' } };

describe('references', () => {
  test.each<[string, CapturedObject, object]>([
    ['every object has a namespace', captured('', 'ConfigMap', {}), { metadata: { name: 'x', namespace: 'drill' } }],
    [
      'subjects of a binding',
      captured('rbac.authorization.k8s.io', 'RoleBinding', {
        subjects: [
          { kind: 'ServiceAccount', name: 'app', namespace: 'shop' },
          { kind: 'ServiceAccount', name: 'app', namespace: 'monitoring' },
          { kind: 'User', name: 'system:serviceaccount:shop:app' },
          { kind: 'Group', name: 'system:serviceaccounts:shop' },
          { kind: 'Group', name: 'system:serviceaccounts' },
          { kind: 'User', name: 'shop' },
        ],
      }),
      {
        metadata: { name: 'x', namespace: 'drill' },
        subjects: [
          { kind: 'ServiceAccount', name: 'app', namespace: 'drill' },
          { kind: 'ServiceAccount', name: 'app', namespace: 'monitoring' },
          { kind: 'User', name: 'system:serviceaccount:drill:app' },
          { kind: 'Group', name: 'system:serviceaccounts:drill' },
          { kind: 'Group', name: 'system:serviceaccounts' },
          { kind: 'User', name: 'shop' },
        ],
      },
    ],
    [
      'namespaces that a network policy lets in',
      captured('networking.k8s.io', 'NetworkPolicy', { spec: { ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop', team: 'shop' } } }] }] } }),
      {
        metadata: { name: 'x', namespace: 'drill' },
        spec: { ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'drill', team: 'shop' } } }] }] },
      },
    ],
    ['the class of a claim', captured('', 'PersistentVolumeClaim', { spec: { storageClassName: 'fast' } }), { metadata: { name: 'x', namespace: 'drill' }, spec: { storageClassName: 'slow' } }],
    [
      'claim templates and ephemeral volumes of a StatefulSet',
      captured('apps', 'StatefulSet', {
        spec: {
          volumeClaimTemplates: [{ spec: { storageClassName: 'fast' } }, { spec: { storageClassName: 'other' } }],
          template: { spec: { volumes: [{ ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'fast' } } } }, { emptyDir: {} }] } },
        },
      }),
      {
        metadata: { name: 'x', namespace: 'drill' },
        spec: {
          volumeClaimTemplates: [{ spec: { storageClassName: 'slow' } }, { spec: { storageClassName: 'other' } }],
          template: { spec: { volumes: [{ ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'slow' } } } }, { emptyDir: {} }] } },
        },
      },
    ],
    [
      'text that happens to contain the name stays',
      captured('', 'ConfigMap', { data: { host: 'db.shop.svc', namespace: 'shop', class: 'fast' } }),
      { metadata: { name: 'x', namespace: 'drill' }, data: { host: 'db.shop.svc', namespace: 'shop', class: 'fast' } },
    ],
  ])('%s', (_what, before, after) => {
    const result = rewriteReferences(before, maps);
    const { apiVersion, kind } = before.object;
    expect(result.object).toEqual({ apiVersion, kind, ...after });
  });

  test('without anything to replace the very same object comes back', () => {
    const before = captured('', 'ConfigMap', { data: { a: 'b' } });
    expect(rewriteReferences(before, { namespaces: { other: 'x' }, storageClasses: {} })).toBe(before);
  });
});

describe('properties', () => {
  const name = fc.constantFrom('shop', 'drill', 'monitoring', 'a', 'b');
  const storageClass = fc.constantFrom('fast', 'slow', 'bed', 'a');
  const any = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue(), { maxKeys: 4 });
  const objects = fc.oneof(
    fc.record({ name, free: any }).map(({ name: namespace, free }) => captured('', 'ConfigMap', { data: free }, { namespace })),
    fc.record({ cls: storageClass, free: any }).map(({ cls, free }) => captured('', 'PersistentVolumeClaim', { spec: { ...free, storageClassName: cls } })),
    fc.array(fc.record({ kind: fc.constantFrom('ServiceAccount', 'User', 'Group'), name: fc.oneof(name, name.map((n) => `system:serviceaccount:${n}:x`)), namespace: name }), { maxLength: 4 })
      .map((subjects) => captured('rbac.authorization.k8s.io', 'RoleBinding', { subjects })),
    fc.array(storageClass, { maxLength: 3 }).map((classes) => captured('apps', 'StatefulSet', { spec: { volumeClaimTemplates: classes.map((c) => ({ spec: { storageClassName: c } })) } })),
    fc.record({ group: fc.constantFrom('example.com', ''), free: any }).map(({ group, free }) => captured(group, 'Thing', { spec: free })),
  );
  /** Injective on every name that may occur: a permutation. */
  const permutation = (names: string[]): fc.Arbitrary<Record<string, string>> => fc.shuffledSubarray(names, { minLength: names.length }).map((to) => Object.fromEntries(names.map((n, i) => [n, to[i]!])));
  const bothMaps = fc.record({ namespaces: permutation(['shop', 'drill', 'monitoring', 'a', 'b']), storageClasses: permutation(['fast', 'slow', 'bed', 'a']) });
  const inverse = (map: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(map).map(([a, b]) => [b, a]));

  test('there and back is the identity for injective maps', () => {
    fc.assert(
      fc.property(objects, bothMaps, (object, there) => {
        const back = { namespaces: inverse(there.namespaces), storageClasses: inverse(there.storageClasses) };
        expect(canonicalJson(rewriteReferences(rewriteReferences(object, there), back))).toBe(canonicalJson(object));
      }),
      { numRuns: 500 },
    );
  });

  test('the original is never changed, and identity maps change nothing', () => {
    fc.assert(
      fc.property(objects, bothMaps, (object, there) => {
        const text = canonicalJson(object);
        rewriteForRestore([object], there, { moved: true, claims: new Map() });
        expect(canonicalJson(object)).toBe(text);
        const same = Object.fromEntries(Object.keys(there.namespaces).map((n) => [n, n]));
        expect(rewriteReferences(object, { namespaces: same, storageClasses: {} })).toBe(object);
      }),
    );
  });
});

describe('properties of images and hosts', () => {
  /** None is the beginning of another. */
  const registries = ['a.example', 'b.example:5000/team', 'c.example/x', 'web'];
  const names = ['shop.example', 'drill.example', '*.shop.example', 'a'];
  const rest = fc.constantFrom('', '/web', '/web:1', ':2', `@sha256:${'0'.repeat(64)}`, '-more', '.org/x');
  const image = fc.oneof(fc.tuple(fc.constantFrom(...registries), rest).map((parts) => parts.join('')), fc.string({ maxLength: 8 }));
  const host = fc.oneof(fc.constantFrom(...names), fc.array(fc.constantFrom(...names, 'www.shop.example'), { maxLength: 3 }).map((list) => list.join(', ')), fc.string({ maxLength: 8 }));
  const any = fc.dictionary(fc.string({ maxLength: 5 }), fc.oneof(fc.constantFrom(...registries, ...names), fc.jsonValue()), { maxKeys: 4 });
  const pod = fc.record({ containers: fc.array(fc.record({ image, env: any }), { maxLength: 3 }), volumes: fc.array(fc.oneof(fc.record({ image: fc.record({ reference: image }) }), any), { maxLength: 2 }), free: any });
  const objects = fc.oneof(
    pod.map((spec) => captured('apps', 'Deployment', { spec: { template: { spec } } })),
    pod.map((spec) => captured('batch', 'CronJob', { spec: { jobTemplate: { spec: { template: { spec } } } } })),
    pod.map((spec) => captured('example.com', 'Deployment', { spec: { template: { spec } } })),
    fc.record({ host, tls: fc.array(host, { maxLength: 2 }), free: any }).map(({ host: rule, tls, free }) => captured('networking.k8s.io', 'Ingress', { spec: { ...free, rules: [{ host: rule }], tls: [{ hosts: tls }] } })),
    fc.record({ host, free: any }).map((v) => captured('', 'Service', { spec: v.free }, { annotations: { 'external-dns.alpha.kubernetes.io/hostname': v.host, other: v.host } })),
    fc.record({ host, free: any }).map((v) => captured('', 'ConfigMap', { data: { ...v.free, host: v.host } })),
  );
  const permutation = (all: string[]): fc.Arbitrary<Record<string, string>> => fc.shuffledSubarray(all, { minLength: all.length }).map((to) => Object.fromEntries(all.map((name, i) => [name, to[i]!])));
  const inverse = (map: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(map).map(([a, b]) => [b, a]));
  const mapsOf = fc.record({ images: permutation(registries), hosts: permutation(names) }).map((maps) => ({ namespaces: {}, storageClasses: {}, ...maps }));
  /** The object without what may change. */
  const others = ({ type, object }: CapturedObject): string => canonicalJson([...imagePaths(type), ...hostPaths(type)].reduce((o, path) => editAt(o, path, () => 0), object));

  test('there and back is the identity for injective maps, and nothing outside of the fields changes', () => {
    fc.assert(
      fc.property(objects, mapsOf, (object, there) => {
        const mapped = rewriteReferences(object, there);
        expect(others(mapped)).toBe(others(object));
        const back = { ...there, images: inverse(there.images), hosts: inverse(there.hosts) };
        expect(canonicalJson(rewriteReferences(mapped, back))).toBe(canonicalJson(object));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what the cluster assigned', () => {
  test('addresses and node ports of a Service go', () => {
    const before = captured('', 'Service', { spec: { type: 'NodePort', clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], healthCheckNodePort: 1, ports: [{ port: 80, nodePort: 30000 }], selector: { a: 'b' } } });
    expect(dropAssigned(before, { moved: false }).object['spec']).toEqual({ type: 'NodePort', ports: [{ port: 80 }], selector: { a: 'b' } });
  });
  test('headless stays headless', () => {
    const before = captured('', 'Service', { spec: { clusterIP: 'None', clusterIPs: ['None'], ports: [{ port: 80 }] } });
    expect(dropAssigned(before, { moved: true })).toBe(before);
  });
  test('the marks of Argo CD go only into another namespace', () => {
    const before = captured('', 'ConfigMap', {}, { labels: { 'argocd.argoproj.io/instance': 'shop', app: 'x' } });
    expect(dropAssigned(before, { moved: true }).object.metadata.labels).toEqual({ app: 'x' });
    expect(dropAssigned(before, { moved: false })).toBe(before);
  });
});

describe('claims', () => {
  const dataSource = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' };
  const claim = (size: string): CapturedObject =>
    captured('', 'PersistentVolumeClaim', { spec: { volumeName: 'pv', dataSource: { name: 'old' }, dataSourceRef: { name: 'old' }, resources: { requests: { storage: size } } } });
  test.each([
    ['1Gi', '2Gi', '2Gi'],
    ['1Ti', '2Gi', '1Ti'],
    ['1Gi', '1073741824', '1Gi'],
    ['1Gi', undefined, '1Gi'],
  ])('asked for %s, snapshot needs %s: %s', (asked, restoreSize, result) => {
    const { spec } = fillClaim(dropAssigned(claim(asked), { moved: false }), { dataSource, restoreSize }).object;
    expect(spec).toEqual({ dataSource, resources: { requests: { storage: result } } });
  });
  test('only claims that are filled get a source', () => {
    const [filled, other] = rewriteForRestore([claim('1Gi'), captured('', 'ConfigMap', { spec: {} })], maps, { moved: true, claims: new Map([['x', { dataSource, restoreSize: '1Gi' }]]) });
    expect(filled?.object['spec']).toMatchObject({ dataSource });
    expect(other?.object['spec']).toEqual({});
  });
});
