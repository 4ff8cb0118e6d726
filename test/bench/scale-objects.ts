import { apiGroup, apiVersion } from '../../src/api/common.js';
import { snapshotFinalizer } from '../../src/controllers/appsnapshot/decide.js';
import type { KubeObject, OwnerReference } from '../../src/runtime/object.js';

/** Objects of the size that clusters really have; unique where real ones are (names, uids, ids), equal where those are. */

const digest = (n: number, letter: string): string => letter + n.toString(16).padStart(63, '0');

/**
 * A pod as of a Deployment, with two containers, probes, configuration and a claim: 3.5 kB as the API stores it. No scheduler looks at it; its owner must exist, or
 * the garbage collector takes it.
 */
export function pod(namespace: string, n: number, owner: OwnerReference): KubeObject {
  const app = `app-${n % 40}`;
  const container = (name: string, port: number): unknown => ({
    name,
    image: `registry.example.com/shop/${app}-${name}:v1.${n % 7}.0`,
    ports: [{ name: 'http', containerPort: port }],
    env: [
      { name: 'DATABASE_HOST', value: `${app}-db.${namespace}.svc` },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'LOG_LEVEL', value: 'info' },
    ],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    livenessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 10, timeoutSeconds: 1 },
    readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 5, timeoutSeconds: 1 },
    volumeMounts: [{ name: 'data', mountPath: '/data' }, { name: 'config', mountPath: '/etc/app', readOnly: true }],
  });
  return {
    metadata: {
      name: `${app}-6c9d8b7f5d-${n.toString(36).padStart(5, '0')}`,
      namespace,
      labels: { 'app.kubernetes.io/name': app, 'app.kubernetes.io/instance': `${app}-prod`, 'app.kubernetes.io/version': `v1.${n % 7}.0`, 'app.kubernetes.io/part-of': 'shop', 'pod-template-hash': '6c9d8b7f5d' },
      annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '8080', 'checksum/config': digest(n % 40, 'c') },
      ownerReferences: [owner],
    },
    spec: {
      schedulerName: 'none',
      automountServiceAccountToken: false,
      containers: [container('web', 8080), container('metrics', 9090)],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: `data-${n}` } }, { name: 'config', configMap: { name: `${app}-config` } }],
    },
  };
}

/** What a kubelet would write. */
export function podStatus(created: KubeObject, n: number): KubeObject {
  const since = '2026-11-01T00:00:00Z';
  const status = (name: string, letter: string): unknown => ({
    name,
    image: `registry.example.com/shop/app-${n % 40}-${name}:v1.${n % 7}.0`,
    imageID: `registry.example.com/shop/app@sha256:${digest(n % 40, 'e')}`,
    containerID: `containerd://${digest(n, letter)}`,
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: since } },
  });
  const conditions = ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True', lastTransitionTime: since }));
  const podIP = `10.${64 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
  return { ...created, status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }], hostIP: '10.0.0.1', startTime: since, conditions, containerStatuses: [status('web', 'a'), status('metrics', 'b')] } };
}

/** A claim that names its volume, so that no controller looks for one. */
export function claim(namespace: string, n: number): KubeObject {
  return {
    metadata: {
      name: `data-${n}`,
      namespace,
      labels: { 'app.kubernetes.io/name': `app-${n % 40}`, 'app.kubernetes.io/instance': `app-${n % 40}-prod` },
      annotations: { 'volume.kubernetes.io/storage-provisioner': 'csi.example.com' },
      finalizers: ['kubernetes.io/pvc-protection'],
    },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none', volumeName: `pvc-${uid(n)}`, resources: { requests: { storage: '10Gi' } } },
  };
}

/** A copy on which nothing is to be done but to look at it. */
export function copy(namespace: string, n: number): KubeObject {
  return {
    apiVersion: `${apiGroup}/${apiVersion}`,
    kind: 'AppSnapshot',
    metadata: { name: `copy-${n}`, namespace, finalizers: [snapshotFinalizer] },
    spec: { serviceAccountName: 'stillpoint' },
  };
}

/** The status of a copy of three volumes, as the operator leaves it. */
export function copyStatus(created: KubeObject, n: number): KubeObject {
  const at = '2026-11-01T00:00:00.000Z';
  const members = [0, 1, 2].map((i) => ({ claim: `data-${i}`, uid: uid(n + i), driver: 'csi.example.com', volumeHandle: uid(n + i), pods: [`db-${i}`], application: 'db', snapshot: `sp-${uid(n)}-${i}`, restoreSize: '10Gi', ready: true }));
  const marks = { firstFrozen: 3.2, allFrozen: 9.6, cutSent: 9.9, cutAnswered: 15.2, contentSeen: 40.1, allCut: 136.3, releaseSent: 136.4, allReleased: 139.1 };
  const conditions = [{ type: 'Ready', status: 'True', reason: 'Ready', message: 'Copy of 3 volumes, proven to be Frozen; held for 139 ms.', lastTransitionTime: '2026-11-01T00:00:00Z', observedGeneration: 1 }];
  return {
    ...created,
    status: {
      observedGeneration: 1,
      phase: 'Ready',
      grade: 'Frozen',
      attempts: 1,
      setId: uid(n),
      window: { id: uid(n), attempt: 1, openedAt: at, heldFrom: at, heldUntil: at, heldMillis: 139, cutMillis: 126.4, skewMillis: 6.4, overheadMillis: 13, freezeMillis: 3.6, syncMillis: 3.7, unbroken: true, atomic: true, marks },
      applications: [{ name: 'db', kind: 'PostgreSQL', version: '17.4', vantage: 'Node', mechanism: 'Freezer', grade: 'Frozen', members: [{ pod: 'db-0', role: 'primary', container: 'postgres' }] }],
      holds: [{ id: `h-${uid(n)}`, vantage: 'Node', node: 'node-1', pod: 'stillpoint-agent-x', container: 'agent', podUid: uid(n), mechanism: 'Freezer', maxHoldMillis: 10000, heartbeatTimeoutMillis: 3000, targets: [{ pod: 'db-0', podUid: uid(n), container: 'postgres', containerId: digest(n, 'a') }], state: 'Released', endedBy: 'release', heldMillis: 138.2 }],
      members,
      membersReady: '3/3',
      size: '30Gi',
      completionTime: '2026-11-01T00:00:00Z',
      conditions,
    },
  };
}

function uid(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}
