import { describe, expect, test } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import { cleaned } from '../../../src/manifests/clean.js';
import { whyLeftOut, isTypeLeftOut, type CaptureContext } from '../../../src/manifests/left-out.js';
import { captured } from './objects.js';

const context: CaptureContext = { uids: new Set(['listed']), memberClaims: new Set(['data']), servicesWithSelector: new Set(['web']) };
const clean = (group: string, kind: string, body: object, metadata: object = {}): Record<string, unknown> => {
  const { type, object } = captured(group, kind, body, metadata);
  return cleaned(type, object);
};
const why = (group: string, kind: string, body: object = {}, metadata: object = {}): string | undefined => {
  const { type, object } = captured(group, kind, body, metadata);
  return whyLeftOut(type, object, context);
};

describe('cleaning', () => {
  test('runtime fields go, everything else stays as it is', () => {
    const object = clean(
      'example.com',
      'Thing',
      { spec: { odd: [null, { a: 1.5 }], empty: {} }, status: { ready: true }, extra: 'top' },
      {
        uid: 'u', resourceVersion: '1', generation: 4, creationTimestamp: 't', managedFields: [], ownerReferences: [], finalizers: ['f'],
        labels: { app: 'x', [labels.set]: 's', [labels.restore]: 'r' },
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      },
    );
    expect(object).toEqual({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'x', namespace: 'shop', labels: { app: 'x' } }, spec: { odd: [null, { a: 1.5 }], empty: {} }, extra: 'top' });
  });

  test('a Job gets selector and labels from the server again, unless its author chose them', () => {
    const spec = { selector: { matchLabels: {} }, template: { metadata: { labels: { 'controller-uid': 'u', 'batch.kubernetes.io/job-name': 'x', app: 'x' } } } };
    expect(clean('batch', 'Job', { spec })['spec']).toEqual({ template: { metadata: { labels: { app: 'x' } } } });
    expect(clean('batch', 'Job', { spec: { ...spec, manualSelector: true } })['spec']).toEqual({ ...spec, manualSelector: true });
  });

  test('a Pod loses its node and its token volume', () => {
    const token = { name: 'kube-api-access-abc' };
    const spec = { nodeName: 'n', volumes: [token, { name: 'data' }], containers: [{ name: 'c', volumeMounts: [token, { name: 'data' }] }] };
    expect(clean('', 'Pod', { spec })['spec']).toEqual({ volumes: [{ name: 'data' }], containers: [{ name: 'c', volumeMounts: [{ name: 'data' }] }] });
  });

  test('a claim loses its volume, and the attributes that a policy has given it; those of others stay', () => {
    const marks = { 'stillpoint.dev/attributes-class': 'shop-db-1', 'stillpoint.dev/grown-at': '2026-11-29T10:00:00Z' };
    const claim = (volumeAttributesClassName: string, annotations: object = marks) => clean('', 'PersistentVolumeClaim', { spec: { volumeName: 'pv', storageClassName: 'shop-db', volumeAttributesClassName } }, { annotations });
    expect(claim('shop-db-1')).toEqual({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'x', namespace: 'shop' }, spec: { storageClassName: 'shop-db' } });
    for (const kept of [claim('gold'), claim('gold', {})]) expect(kept['spec']).toEqual({ storageClassName: 'shop-db', volumeAttributesClassName: 'gold' });
  });

  test('an account keeps its pull secrets, not its tokens', () => {
    expect(clean('', 'ServiceAccount', { secrets: [{ name: 'x-token-abcde' }], imagePullSecrets: [{ name: 'pull' }] })).toMatchObject({ imagePullSecrets: [{ name: 'pull' }] });
    expect(clean('', 'ServiceAccount', { secrets: [{ name: 'x-token-abcde' }] })['secrets']).toBeUndefined();
    expect(clean('', 'ServiceAccount', { secrets: [{ name: 'mine' }] })['secrets']).toEqual([{ name: 'mine' }]);
  });
});

describe('left out', () => {
  const owned = (apiVersion: string, uid: string): object => ({ ownerReferences: [{ apiVersion, kind: 'Owner', name: 'o', uid, controller: true }] });
  test.each<[string | undefined, string | undefined]>([
    ['being deleted', why('', 'ConfigMap', {}, { deletionTimestamp: 't' })],
    ['made by Stillpoint', why('', 'Secret', {}, { labels: { [labels.capture]: 'abc' } })],
    ['made by Stillpoint', why('', 'ConfigMap', {}, owned('stillpoint.dev/v1alpha1', 'any'))],
    ['its data is not in the copy', why('', 'PersistentVolumeClaim', {}, { name: 'cache' })],
    [undefined, why('', 'PersistentVolumeClaim', {}, { name: 'data', ...owned('apps/v1', 'listed') })],
    ['made by Owner o', why('', 'ConfigMap', {}, owned('example.com/v1', 'listed'))],
    [undefined, why('', 'ConfigMap', {}, owned('example.com/v1', 'elsewhere'))],
    ['made by Owner o', why('', 'Pod', {}, owned('apps/v1', 'elsewhere'))],
    ['finished', why('batch', 'Job', { status: { conditions: [{ type: 'Complete', status: 'True' }] } })],
    [undefined, why('batch', 'Job', { status: { conditions: [{ type: 'Complete', status: 'False' }] } })],
    ['token of a service account', why('', 'Secret', { type: 'kubernetes.io/service-account-token' })],
    [undefined, why('', 'Secret', { type: 'Opaque' })],
    ['made by the cluster', why('', 'Endpoints', {}, { name: 'web' })],
    [undefined, why('', 'Endpoints', {}, { name: 'outside' })],
    ['made by the cluster', why('', 'ServiceAccount', {}, { name: 'default' })],
  ])('%s', (expected, actual) => {
    expect(actual).toBe(expected);
  });

  test('kinds that are never configuration', () => {
    const out = (group: string, kind: string): boolean => isTypeLeftOut(captured(group, kind, {}).type);
    expect([out('stillpoint.dev', 'AppSnapshot'), out('snapshot.storage.k8s.io', 'VolumeSnapshot'), out('', 'Event'), out('events.k8s.io', 'Event'), out('coordination.k8s.io', 'Lease')]).toEqual([true, true, true, true, true]);
    expect([out('', 'ConfigMap'), out('example.com', 'Lease'), out('example.com', 'Event')]).toEqual([false, false, false]);
  });
});
