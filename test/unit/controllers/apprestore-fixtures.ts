import type { AppRestoreSpec, AppRestoreStatus } from '../../../src/api/apprestore.js';
import type { AppSnapshotStatus } from '../../../src/api/appsnapshot.js';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import type { Copy } from '../../../src/controllers/apprestore/copy.js';
import { copyOfSnapshot } from '../../../src/controllers/apprestore/snapshot-source.js';
import type { Capture, CapturedObject } from '../../../src/manifests/captured.js';
import { restoreFinalizer } from '../../../src/controllers/apprestore/decide.js';
import type { ResourceType } from '../../../src/runtime/resource.js';

/** An AppRestore of namespace shop, as the API server stores it; the parts override. */
export function appRestore(spec: Partial<AppRestoreSpec> = {}, status: AppRestoreStatus = {}, metadata: Partial<AppRestore['metadata']> = {}): AppRestore {
  return {
    apiVersion: 'stillpoint.dev/v1alpha1',
    kind: 'AppRestore',
    metadata: {
      name: 'r',
      namespace: 'shop',
      uid: 'f00dfeed-0000-4000-8000-000000000000',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2026-01-01T00:00:00Z',
      finalizers: [restoreFinalizer],
      ...metadata,
    },
    spec: {
      serviceAccountName: 'stillpoint',
      from: { appSnapshotRef: { name: 's' } },
      what: 'All',
      existing: 'Fail',
      inPlace: false,
      previousVolumes: 'Keep',
      verify: { enabled: true, timeout: '15m' },
      dryRun: false,
      suspend: false,
      ...spec,
    },
    status,
  };
}

/** Its copy: PostgreSQL `pg-0` on two volumes. */
export function appSnapshot(status: Partial<AppSnapshotStatus> = {}): AppSnapshot {
  const member = (claim: string) => ({ claim, uid: `uid-${claim}`, driver: 'a.csi', pods: ['pg-0'], application: 'pg', snapshot: `snap-${claim}`, restoreSize: '2Gi', ready: true });
  return {
    apiVersion: 'stillpoint.dev/v1alpha1',
    kind: 'AppSnapshot',
    metadata: { name: 's', namespace: 'shop', uid: 'uid-s', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {} as AppSnapshot['spec'],
    status: {
      phase: 'Ready',
      setId: 'set-1',
      grade: 'Frozen',
      members: [member('data-pg-0'), member('wal-pg-0')],
      applications: [
        { name: 'pg', kind: 'PostgreSQL', members: [{ pod: 'pg-0', role: 'primary', container: 'postgres' }], facts: { major: '15', 'dataDirectory.pg-0': '/data/pg' }, positions: { timeline: '1', markerFrom: '0/1' } },
      ],
      ...status,
    },
  };
}

/** The same as a restore sees it. */
export function appCopy(status: Partial<AppSnapshotStatus> = {}): Copy {
  return copyOfSnapshot(appSnapshot(status));
}

const type = (group: string, plural: string, kind: string): ResourceType => ({ group, version: 'v1', plural, kind, namespaced: true });

const pgContainer = {
  name: 'postgres',
  image: 'postgresql:15',
  args: ['-c', 'shared_buffers=64MB'],
  env: [{ name: 'TZ', value: 'UTC' }],
  ports: [{ containerPort: 5432 }],
  readinessProbe: { exec: { command: ['pg_isready'] } },
  lifecycle: { preStop: { exec: { command: ['true'] } } },
  securityContext: { readOnlyRootFilesystem: true },
  volumeMounts: [
    { name: 'data', mountPath: '/data' },
    { name: 'wal', mountPath: '/wal' },
    { name: 'tmp', mountPath: '/tmp' },
  ],
};

const claim = (name: string): CapturedObject => ({
  type: type('', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
  object: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'shop' }, spec: { storageClassName: 'fast', volumeName: 'pv', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
});

/** Configuration of the copy: StatefulSet, its claims, a ConfigMap, a running CronJob and an autoscaler. */
export function capture(): Capture {
  const object = (t: ResourceType, name: string, spec: unknown): CapturedObject => ({ type: t, object: { apiVersion: t.group === '' ? 'v1' : `${t.group}/v1`, kind: t.kind, metadata: { name, namespace: 'shop' }, spec } });
  const template = {
    metadata: { labels: { app: 'pg' } },
    spec: {
      serviceAccountName: 'database',
      hostNetwork: true,
      securityContext: { runAsUser: 999 },
      initContainers: [{ name: 'init' }],
      containers: [pgContainer, { name: 'exporter', image: 'exporter' }],
      volumes: [{ name: 'tmp', emptyDir: {} }, { name: 'unused', emptyDir: {} }],
    },
  };
  const templates = ['data', 'wal'].map((name) => ({ metadata: { name }, spec: {} }));
  return {
    namespace: 'shop',
    missing: [],
    digest: 'sha256:0',
    objects: [
      object(type('', 'configmaps', 'ConfigMap'), 'conf', undefined),
      claim('data-pg-0'),
      claim('wal-pg-0'),
      object(type('apps', 'statefulsets', 'StatefulSet'), 'pg', { replicas: 1, template, volumeClaimTemplates: templates }),
      object(type('batch', 'cronjobs', 'CronJob'), 'tick', { schedule: '* * * * *', suspend: false }),
      object(type('autoscaling', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'), 'scale', {}),
    ],
  };
}
