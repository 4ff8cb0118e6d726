// The objects of a PostgreSQL with its data and its WAL on two volumes, and of its standbys.
// Run as a program it prints them for `kubectl apply -n NAMESPACE -f -`; the password comes from POSTGRES_PASSWORD.
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';

/** What can be chosen about the test database. */
export interface PostgresqlOptions {
  /** Name of the StatefulSet, the Service and the Secret; the claims are `data-<name>-0` and `wal-<name>-0`. */
  readonly name: string;
  /** For instance `localhost/stillpoint-test/postgresql:15`, see `test/apps/build`. */
  readonly image: string;
  /** Password of the role `postgres` over TCP; used by the first start only. */
  readonly password: string;
  /** Size of each claim as a Kubernetes quantity. */
  readonly size: string;
  /** Class of both claims; without it the default class of the cluster. */
  readonly storageClassName?: string;
  /** Further `name=value` settings of the server. */
  readonly settings?: readonly string[];
  /** A third claim `fast-<name>-N` at /fast, for tablespaces. */
  readonly tablespaces?: boolean;
  /** Pods after the first, which follow it by streaming, each through a slot, by the whole DNS name of its pod. */
  readonly standbys?: number;
}

const restricted = {
  pod: { runAsNonRoot: true, runAsUser: 999, runAsGroup: 999, seccompProfile: { type: 'RuntimeDefault' } },
  container: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
};

const claim = (name: string, options: PostgresqlOptions): object => ({
  metadata: { name },
  spec: {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: options.size } },
    ...(options.storageClassName === undefined ? {} : { storageClassName: options.storageClassName }),
  },
});

const container = (options: PostgresqlOptions): object => ({
  name: 'postgres',
  image: options.image,
  imagePullPolicy: 'IfNotPresent',
  args: ['shared_buffers=64MB', 'max_wal_size=128MB', ...(options.settings ?? [])].flatMap((setting) => ['-c', setting]),
  env: [{ name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: options.name, key: 'password' } } }, ...(options.standbys === undefined ? [] : replication(options))],
  ports: [{ name: 'postgresql', containerPort: 5432 }],
  // Over TCP, as clients connect.
  readinessProbe: { exec: { command: ['pg_isready', '-q', '-h', '127.0.0.1'] }, periodSeconds: 1, timeoutSeconds: 5 },
  resources: { requests: { cpu: '50m', memory: '128Mi' } },
  securityContext: restricted.container,
  volumeMounts: [
    { name: 'data', mountPath: '/data' },
    { name: 'wal', mountPath: '/wal' },
    ...(options.tablespaces === true ? [{ name: 'fast', mountPath: '/fast' }] : []),
    { name: 'run', mountPath: '/var/run/postgresql' },
    { name: 'tmp', mountPath: '/tmp' },
  ],
});

/** The name has the namespace in it: a standby that was restored elsewhere with the name that it had would find the original. */
const replication = ({ name }: PostgresqlOptions): object[] => [
  { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  { name: 'NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
  { name: 'PRIMARY', value: `${name}-0.${name}.$(NAMESPACE).svc.cluster.local` },
];

function claimNames(options: PostgresqlOptions): string[] {
  return ['data', 'wal', ...(options.tablespaces === true ? ['fast'] : [])];
}

/** Secret, headless Service and StatefulSet, without a namespace. */
export function postgresqlObjects(options: PostgresqlOptions): object[] {
  const labels = { 'app.kubernetes.io/name': 'postgresql', 'app.kubernetes.io/instance': options.name };
  const metadata = { name: options.name, labels };
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { password: options.password } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { clusterIP: 'None', selector: labels, ports: [{ name: 'postgresql', port: 5432 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        serviceName: options.name,
        replicas: 1 + (options.standbys ?? 0),
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 30,
            securityContext: restricted.pod,
            containers: [container(options)],
            volumes: ['run', 'tmp'].map((name) => ({ name, emptyDir: {} })),
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
      name: { type: 'string', default: 'pg' },
      image: { type: 'string', default: 'localhost/stillpoint-test/postgresql:15' },
      size: { type: 'string', default: '1Gi' },
      'storage-class': { type: 'string' },
      set: { type: 'string', multiple: true, default: [] },
    },
  });
  const password = process.env['POSTGRES_PASSWORD'];
  if (!password) throw new Error('POSTGRES_PASSWORD is not set');
  const storage = values['storage-class'] === undefined ? {} : { storageClassName: values['storage-class'] };
  const items = postgresqlObjects({ name: values.name, image: values.image, size: values.size, password, settings: values.set, ...storage });
  console.log(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}
