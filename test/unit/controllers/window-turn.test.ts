import { expect, test } from '@jest/globals';
import { appSnapshotSpec } from '../../../src/api/appsnapshot.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { windowRequest } from '../../../src/controllers/appsnapshot/turn.js';
import type { Caches } from '../../../src/controllers/caches.js';
import { container, pod } from '../hold/namespace.js';

/** Two databases on two nodes and two drivers, one pod that has ended, and a volume of ours. */
const claim = (name: string, volumeName: string, labels: Record<string, string> = {}) => ({ metadata: { name, namespace: 'shop', labels }, volumeName });
const caches = {
  pods: {
    list: () => [
      pod('orders-0', 'n1', [container('server', ['orders'])]),
      pod('stock-0', 'n2', [container('server', ['stock'])]),
      { ...pod('old', 'n3', [container('server', ['orders'])]), phase: 'Succeeded' },
      pod('web', 'n4', [container('server', [])]),
    ],
  },
  backupTargets: { list: () => [{ spec: { persistentVolumeClaim: { claimName: 'nas' } } }, { spec: { s3: {} } }] },
  claims: { list: () => [claim('nas', 'v3'), claim('orders', 'v1', { app: 'orders' }), claim('stock', 'v2'), claim('ours', 'v3', { 'stillpoint.dev/internal': 'x' })] },
  volumes: { get: (name: string) => ({ metadata: { name }, driver: { v1: 'a.csi', v2: 'b.csi', v3: 'c.csi' }[name], volumeHandle: name }) },
} as unknown as Caches;

const snapshot = (spec: object = {}): AppSnapshot => ({
  apiVersion: 'stillpoint.dev/v1alpha1',
  kind: 'AppSnapshot',
  metadata: { name: 'copy', namespace: 'shop', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2026-11-29T10:00:00Z' },
  spec: appSnapshotSpec.parse({ serviceAccountName: 'stillpoint', ...spec }),
});

test('a window needs a share of the drivers of its claims and of the nodes of the pods that write to them', () => {
  expect(windowRequest(snapshot(), caches)).toEqual({ key: 'shop/copy', since: Date.parse('2026-11-29T10:00:00Z'), namespace: 'shop', drivers: ['a.csi', 'b.csi'], nodes: ['n1', 'n2'] });
  expect(windowRequest(snapshot({ selector: { matchLabels: { app: 'orders' } } }), caches)).toMatchObject({ drivers: ['a.csi'], nodes: ['n1'] });
  expect(windowRequest(snapshot({ selector: { matchLabels: { app: 'nobody' } } }), caches)).toMatchObject({ drivers: [], nodes: [] });
});
