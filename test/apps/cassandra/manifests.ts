// The objects of a Cassandra cluster with one claim for each node, or two.
// Run as a program it prints them for `kubectl apply -n NAMESPACE -f -`.
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';

/** What can be chosen about the test cluster. */
export interface CassandraOptions {
  /** Name of the StatefulSet, the Service and the cluster; the claims are `data-<name>-N`. */
  readonly name: string;
  /** For instance `localhost/stillpoint-test/cassandra:5`, see `test/apps/build`. */
  readonly image: string;
  /** Nodes. They join one after the other; default 2. */
  readonly nodes?: number;
  /** Size of each claim as a Kubernetes quantity. */
  readonly size: string;
  /** Class of the claims; without it the default class of the cluster. */
  readonly storageClassName?: string;
  /** Further claims `commitlog-<name>-N` for the commit log. */
  readonly separateCommitLog?: boolean;
  /** Lines of cassandra.yaml about the commit log, in place of `commitlog_sync: periodic` with 10 s. */
  readonly commitLog?: string;
  /** Heap of each node; default 384m. */
  readonly heap?: string;
}

const data = '/var/lib/cassandra';

const restricted = {
  pod: { runAsNonRoot: true, runAsUser: 999, runAsGroup: 999, fsGroup: 999, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' } },
  container: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
};

const claim = (name: string, options: CassandraOptions): object => ({
  metadata: { name },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: options.size } },
    ...(options.storageClassName === undefined ? {} : { storageClassName: options.storageClassName }),
  },
});

const claimNames = (options: CassandraOptions): string[] => ['data', ...(options.separateCommitLog === true ? ['commitlog'] : [])];

const own = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } });

const container = (options: CassandraOptions): object => ({
  name: 'cassandra',
  image: options.image,
  imagePullPolicy: 'IfNotPresent',
  env: [
    own('POD_NAME', 'metadata.name'),
    own('POD_NAMESPACE', 'metadata.namespace'),
    own('POD_IP', 'status.podIP'),
    { name: 'SERVICE', value: options.name },
    { name: 'CASSANDRA_CLUSTER_NAME', value: options.name },
    { name: 'MAX_HEAP_SIZE', value: options.heap ?? '384m' },
    ...(options.separateCommitLog === true ? [{ name: 'COMMITLOG_DIRECTORY', value: '/commitlog/log' }] : []),
    ...(options.commitLog === undefined ? [] : [{ name: 'COMMITLOG', value: options.commitLog }]),
  ],
  ports: [
    { name: 'cql', containerPort: 9042 },
    { name: 'intra-node', containerPort: 7000 },
    { name: 'jmx', containerPort: 7199 },
  ],
  // The native port is open when the node has joined.
  readinessProbe: { tcpSocket: { port: 'cql' }, periodSeconds: 1, timeoutSeconds: 5 },
  resources: { requests: { cpu: '100m', memory: '700Mi' } },
  securityContext: restricted.container,
  volumeMounts: [
    { name: 'data', mountPath: data },
    ...(options.separateCommitLog === true ? [{ name: 'commitlog', mountPath: '/commitlog' }] : []),
    { name: 'conf', mountPath: '/etc/cassandra' },
    { name: 'tmp', mountPath: '/tmp' },
  ],
});

/** Headless Service and StatefulSet, without a namespace. */
export function cassandraObjects(options: CassandraOptions): object[] {
  const labels = { 'app.kubernetes.io/name': 'cassandra', 'app.kubernetes.io/instance': options.name };
  const metadata = { name: options.name, labels };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      // A node looks for its seed before either is ready.
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: labels, ports: [{ name: 'cql', port: 9042 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        serviceName: options.name,
        replicas: options.nodes ?? 2,
        podManagementPolicy: 'OrderedReady',
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 30,
            securityContext: restricted.pod,
            containers: [container(options)],
            volumes: ['conf', 'tmp'].map((name) => ({ name, emptyDir: {} })),
          },
        },
        volumeClaimTemplates: claimNames(options).map((name) => claim(name, options)),
      },
    },
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      name: { type: 'string', default: 'cassandra' },
      image: { type: 'string', default: 'localhost/stillpoint-test/cassandra:5' },
      nodes: { type: 'string', default: '2' },
      size: { type: 'string', default: '2Gi' },
      'storage-class': { type: 'string' },
    },
  });
  const storage = values['storage-class'] === undefined ? {} : { storageClassName: values['storage-class'] };
  const items = cassandraObjects({ name: values.name, image: values.image, nodes: Number(values.nodes), size: values.size, ...storage });
  console.log(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}
