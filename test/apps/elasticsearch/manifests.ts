// The objects of an Elasticsearch or OpenSearch of several nodes, each with its own volume.
// Run as a program it prints them for `kubectl apply -n NAMESPACE -f -`.
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';

/** Names the container, the label and the paths. */
export type Product = 'elasticsearch' | 'opensearch';

/** What can be chosen about the test cluster. */
export interface ElasticsearchOptions {
  /** Default: `elasticsearch`. */
  readonly product?: Product;
  /** Name of the StatefulSet, the Service and the cluster; the claims are `data-<name>-N`. */
  readonly name: string;
  /** For instance `localhost/stillpoint-test/elasticsearch:8`, see `test/apps/build`. */
  readonly image: string;
  /** Number of nodes; the default is 3. */
  readonly nodes?: number;
  /** Size of each claim as a Kubernetes quantity. */
  readonly size: string;
  /** Class of all claims; without it the default class of the cluster. */
  readonly storageClassName?: string;
  /** Further `name=value` settings of every node. */
  readonly settings?: readonly string[];
  /** A claim `<name>-repository` that every node has at /repository, for snapshots of its own. All nodes of a test cluster run on one machine. */
  readonly repository?: boolean;
}

const user = 1000;
const restricted = {
  pod: { runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user, fsGroupChangePolicy: 'OnRootMismatch', seccompProfile: { type: 'RuntimeDefault' } },
  container: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
};

const fromField = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } });

/** Small, and quick to look again for a name that DNS did not know yet. */
const javaOptions = '-Xms512m -Xmx512m -XX:TieredStopAtLevel=1 -XX:-AlwaysPreTouch -XX:-HeapDumpOnOutOfMemoryError -Des.networkaddress.cache.negative.ttl=1';

const container = (options: ElasticsearchOptions, product: Product, nodes: number): object => ({
  name: product,
  image: options.image,
  imagePullPolicy: 'IfNotPresent',
  args: options.settings ?? [],
  env: [
    fromField('POD_NAME', 'metadata.name'),
    fromField('POD_NAMESPACE', 'metadata.namespace'),
    fromField('POD_IP', 'status.podIP'),
    { name: 'REPLICAS', value: String(nodes) },
    { name: product === 'elasticsearch' ? 'ES_JAVA_OPTS' : 'OPENSEARCH_JAVA_OPTS', value: javaOptions },
    ...(options.repository === true ? [{ name: 'REPOSITORY', value: '/repository' }] : []),
  ],
  ports: [
    { name: 'http', containerPort: 9200 },
    { name: 'transport', containerPort: 9300 },
  ],
  // A node that has joined answers 200 whatever the colour.
  readinessProbe: { httpGet: { path: '/_cluster/health?timeout=1s', port: 'http' }, periodSeconds: 2, timeoutSeconds: 10, failureThreshold: 6 },
  // On a busy machine a JVM takes minutes to come up.
  startupProbe: { tcpSocket: { port: 'transport' }, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 240 },
  livenessProbe: { tcpSocket: { port: 'transport' }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  resources: { requests: { cpu: '50m', memory: '800Mi' } },
  securityContext: restricted.container,
  volumeMounts: [
    { name: 'data', mountPath: `/usr/share/${product}/data` },
    { name: 'logs', mountPath: `/usr/share/${product}/logs` },
    { name: 'tmp', mountPath: '/tmp' },
    { name: 'run', mountPath: `/run/${product}` },
    ...(options.repository === true ? [{ name: 'repository', mountPath: '/repository' }] : []),
  ],
});

const claimSpec = (options: ElasticsearchOptions): object => ({
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: options.size } },
  ...(options.storageClassName === undefined ? {} : { storageClassName: options.storageClassName }),
});

/** Headless Service and StatefulSet of a cluster, and the claim of its repository when it has one, without a namespace. */
export function elasticsearchObjects(options: ElasticsearchOptions): object[] {
  const { product = 'elasticsearch', nodes = 3 } = options;
  const labels = { 'app.kubernetes.io/name': product, 'app.kubernetes.io/instance': options.name };
  const metadata = { name: options.name, labels };
  const repository = { name: `${options.name}-repository`, labels: { ...labels, 'app.kubernetes.io/component': 'snapshot-repository' } };
  return [
    ...(options.repository === true ? [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: repository, spec: claimSpec(options) }] : []),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      // Nodes find each other before they are ready.
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: labels, ports: [9200, 9300].map((port) => ({ name: port === 9200 ? 'http' : 'transport', port })) },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        serviceName: options.name,
        replicas: nodes,
        podManagementPolicy: 'Parallel',
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 30,
            securityContext: restricted.pod,
            containers: [container(options, product, nodes)],
            volumes: [
              ...['logs', 'tmp', 'run'].map((name) => ({ name, emptyDir: {} })),
              ...(options.repository === true ? [{ name: 'repository', persistentVolumeClaim: { claimName: repository.name } }] : []),
            ],
          },
        },
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec(options) }],
      },
    },
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      name: { type: 'string', default: 'es' },
      image: { type: 'string', default: 'localhost/stillpoint-test/elasticsearch:8' },
      nodes: { type: 'string', default: '3' },
      size: { type: 'string', default: '1Gi' },
      'storage-class': { type: 'string' },
      repository: { type: 'boolean', default: false },
      set: { type: 'string', multiple: true, default: [] },
    },
  });
  const { name, image, size, repository, set: settings } = values;
  const storage = values['storage-class'] === undefined ? {} : { storageClassName: values['storage-class'] };
  const items = elasticsearchObjects({ name, image, size, repository, settings, nodes: Number(values.nodes), ...storage });
  console.log(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}
