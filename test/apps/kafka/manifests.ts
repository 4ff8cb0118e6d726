// The objects of a Kafka cluster (KRaft), each node with one volume: combined nodes, or brokers and controllers apart.
// Run as a program it prints them for `kubectl apply -n NAMESPACE -f -`.
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';

/** What can be chosen about the test cluster. */
export interface KafkaOptions {
  /** Name of the StatefulSet and the Service; the pods are `<name>-N`, the claims `data-<name>-N`. */
  readonly name: string;
  /** For instance `localhost/stillpoint-test/kafka:4`, see `test/apps/build`. */
  readonly image: string;
  /** Brokers, each a controller too unless these are apart. */
  readonly replicas: number;
  /** Controllers in pods of their own, `<name>-controller-N`. */
  readonly controllers?: number;
  /** Size of each claim as a Kubernetes quantity. */
  readonly size: string;
  /** Class of the claims; without it the default class of the cluster. */
  readonly storageClassName?: string;
  /** Further `name=value` settings of the servers. */
  readonly settings?: readonly string[];
  /** Scripts by the names of programs of the image, which they stand for. */
  readonly programs?: Readonly<Record<string, string>>;
}

const restricted = {
  pod: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  container: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
};

/** The id that the first start gives the cluster: 16 bytes as Kafka writes them. A restore keeps the one on the volumes. */
function clusterId(name: string): string {
  return createHash('sha256').update(name).digest().subarray(0, 16).toString('base64url');
}

/** Pods of one StatefulSet: what they do, and how they are known to each other. */
interface NodeSet {
  readonly name: string;
  readonly replicas: number;
  /** Label `role` and the variables that differ; none for combined nodes. */
  readonly role?: 'broker' | 'controller';
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

/** Node ids of controllers in pods of their own begin here. */
const firstController = 100;

function nodeSets(options: KafkaOptions): NodeSet[] {
  const { name, replicas, controllers } = options;
  if (controllers === undefined) return [{ name, replicas, env: [] }];
  const controllerSet = `${name}-controller`;
  const voters = Array.from({ length: controllers }, (_, i) => `${firstController + i}@${controllerSet}-${i}.${name}:9093`).join(',');
  const roleEnv = (role: string): NodeSet['env'] => [{ name: 'ROLES', value: role }, { name: 'VOTERS', value: voters }];
  return [
    { name: controllerSet, replicas: controllers, role: 'controller', env: [...roleEnv('controller'), { name: 'FIRST_ID', value: String(firstController) }] },
    { name, replicas, role: 'broker', env: roleEnv('broker') },
  ];
}

const container = (options: KafkaOptions, set: NodeSet): object => {
  // A broker listens to its clients as soon as the controllers have let it in.
  const probe = { tcpSocket: { port: set.role === 'controller' ? 9093 : 9092 } };
  return {
    name: 'kafka',
    image: options.image,
    imagePullPolicy: 'IfNotPresent',
    // Its default alone is half of the heap.
    args: ['log.cleaner.dedupe.buffer.size=4194304', ...(options.settings ?? [])],
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'SERVICE', value: options.name },
      { name: 'REPLICAS', value: String(options.replicas) },
      { name: 'CLUSTER_ID', value: clusterId(options.name) },
      { name: 'KAFKA_HEAP_OPTS', value: '-Xms256m -Xmx256m' },
      ...set.env,
    ],
    ports: [
      ...(set.role === 'controller' ? [] : [{ name: 'kafka', containerPort: 9092 }]),
      ...(set.role === 'broker' ? [] : [{ name: 'controller', containerPort: 9093 }]),
    ],
    startupProbe: { ...probe, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 900 },
    readinessProbe: { ...probe, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 4 },
    livenessProbe: { ...probe, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 4 },
    resources: { requests: { cpu: '100m', memory: '384Mi' } },
    securityContext: restricted.container,
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'tmp', mountPath: '/tmp' },
      // First in the PATH of the image.
      ...Object.keys(options.programs ?? {}).map((program) => ({ name: 'programs', mountPath: `/usr/local/bin/${program}`, subPath: program, readOnly: true })),
    ],
  };
};

const claim = (options: KafkaOptions): object => ({
  metadata: { name: 'data' },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: options.size } },
    ...(options.storageClassName === undefined ? {} : { storageClassName: options.storageClassName }),
  },
});

const programsOf = ({ name }: KafkaOptions): string => `${name}-programs`;

const statefulSet = (options: KafkaOptions, set: NodeSet, cluster: Readonly<Record<string, string>>): object => {
  const labels = { ...cluster, ...(set.role === undefined ? {} : { role: set.role }) };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: set.name, labels },
    spec: {
      serviceName: options.name,
      replicas: set.replicas,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 30,
          securityContext: restricted.pod,
          containers: [container(options, set)],
          volumes: [{ name: 'tmp', emptyDir: {} }, ...(options.programs === undefined ? [] : [{ name: 'programs', configMap: { name: programsOf(options), defaultMode: 0o555 } }])],
        },
      },
      volumeClaimTemplates: [claim(options)],
    },
  };
};

/** Headless Service and StatefulSets of one cluster, on demand a ConfigMap of programs, without a namespace. */
export function kafkaObjects(options: KafkaOptions): object[] {
  const labels = { 'app.kubernetes.io/name': 'kafka', 'app.kubernetes.io/instance': options.name };
  return [
    ...(options.programs === undefined ? [] : [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: programsOf(options), labels }, data: options.programs }]),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: options.name, labels },
      // The nodes find each other before any of them can be ready.
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: labels, ports: [{ name: 'kafka', port: 9092 }, { name: 'controller', port: 9093 }] },
    },
    ...nodeSets(options).map((set) => statefulSet(options, set, labels)),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      name: { type: 'string', default: 'kafka' },
      image: { type: 'string', default: 'localhost/stillpoint-test/kafka:4' },
      replicas: { type: 'string', default: '3' },
      size: { type: 'string', default: '1Gi' },
      'storage-class': { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
    },
  });
  const storage = values['storage-class'] === undefined ? {} : { storageClassName: values['storage-class'] };
  const items = kafkaObjects({ name: values.name, image: values.image, replicas: Number(values.replicas), size: values.size, settings: values.set, ...storage });
  console.log(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}
