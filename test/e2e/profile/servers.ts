import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { MariadbClient } from '../../apps/mariadb/client.js';
import type { Row } from '../../apps/postgresql/history.js';
import { RedisClient } from '../../apps/redis/client.js';
import { apply, kubectl } from '../lib/kubectl.js';
import type { RowClient } from './writers.js';

/** A server of these tests: StatefulSet of one pod `<name>-0`, with the samples that users get for it. */
export interface TestServer {
  readonly name: 'redis' | 'mariadb';
  readonly container: Readonly<Record<string, unknown>>;
  readonly claims: readonly string[];
  readonly secret: Readonly<Record<string, string>>;
  connect(namespace: string): Promise<RowClient>;
  rows(namespace: string): Promise<Row[]>;
}

const password = 'only-for-tests';
const podIp = (namespace: string, name: string): Promise<string> => kubectl(['-n', namespace, 'get', 'pod', `${name}-0`, '-o', 'jsonpath={.status.podIP}']);

export const redis: TestServer = {
  name: 'redis',
  container: {
    image: 'localhost/stillpoint-test/redis:7',
    args: ['--dir', '/data', '--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--protected-mode', 'no'],
    readinessProbe: { exec: { command: ['redis-cli', 'PING'] }, periodSeconds: 1, timeoutSeconds: 5 },
  },
  claims: ['data'],
  secret: {},
  connect: async (namespace) => {
    const client = new RedisClient(await podIp(namespace, 'redis'));
    return {
      insert: async (writer, n) => {
        await client.command('RPUSH', `rows:${writer}`, String(n));
      },
      close: () => client.close(),
    };
  },
  rows: async (namespace) => {
    const client = new RedisClient(await podIp(namespace, 'redis'));
    try {
      const keys = (await client.command('KEYS', 'rows:*')) as string[];
      const lists = await Promise.all(keys.map(async (key) => ((await client.command('LRANGE', key, '0', '-1')) as string[]).map((n) => ({ writer: Number(key.slice(5)), n: Number(n) }))));
      return lists.flat();
    } finally {
      client.close();
    }
  },
};

export const mariadb: TestServer = {
  name: 'mariadb',
  container: {
    image: 'localhost/stillpoint-test/mariadb:10',
    env: ['APP_PASSWORD', 'CHECKER_PASSWORD'].map((name) => ({ name, valueFrom: { secretKeyRef: { name: 'mariadb', key: 'password' } } })),
    readinessProbe: { exec: { command: ['mariadb', '--no-defaults', '--socket=/run/mysqld/mysqld.sock', '-e', 'SELECT 1 FROM shop.stillpoint_rows LIMIT 1'] }, periodSeconds: 1, timeoutSeconds: 5 },
  },
  claims: ['data', 'binlog'],
  secret: { password, 'checker.cnf': `[client]\nuser=checker\npassword=${password}\n` },
  connect: async (namespace) => {
    const client = await openMariadb(namespace);
    return {
      insert: async (writer, n) => {
        await client.query(`INSERT INTO stillpoint_rows VALUES (${writer}, ${n})`);
      },
      close: () => client.close(),
    };
  },
  rows: async (namespace) => {
    const client = await openMariadb(namespace);
    try {
      return (await client.query('SELECT writer, n FROM stillpoint_rows')).map(([writer, n]) => ({ writer: Number(writer), n: Number(n) }));
    } finally {
      client.close();
    }
  },
};

async function openMariadb(namespace: string): Promise<MariadbClient> {
  return MariadbClient.open({ host: await podIp(namespace, 'mariadb'), user: 'app', password, database: 'shop' });
}

/** Starts the server in a namespace that exists, and applies its profile. */
export async function startServer(server: TestServer, namespace: string): Promise<void> {
  const { name, claims, secret } = server;
  const labels = { 'app.kubernetes.io/name': name };
  const volumes = ['run', 'tmp'];
  const mounts = [...claims.map((claim) => ({ name: claim, mountPath: `/${claim}` })), { name: 'run', mountPath: '/run/mysqld' }, { name: 'tmp', mountPath: '/tmp' }];
  const container = { name, resources: { requests: { cpu: '50m', memory: '128Mi' } }, volumeMounts: mounts, ...server.container };
  const pod = { automountServiceAccountToken: false, terminationGracePeriodSeconds: 5, securityContext: { fsGroup: 999 }, containers: [container], volumes: volumes.map((volume) => ({ name: volume, emptyDir: {} })) };
  const claim = (claimName: string): object => ({ metadata: { name: claimName, labels }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
  await apply(
    [
      { apiVersion: 'v1', kind: 'Secret', metadata: { name, labels }, stringData: secret },
      { apiVersion: 'v1', kind: 'Service', metadata: { name, labels }, spec: { clusterIP: 'None', selector: labels, ports: [{ port: name === 'redis' ? 6379 : 3306 }] } },
      { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name, labels }, spec: { serviceName: name, replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod }, volumeClaimTemplates: claims.map(claim) } },
      sampleOf(server, 'QuiesceProfile', namespace),
    ],
    namespace,
  );
  await kubectl(['-n', namespace, 'rollout', 'status', `statefulset/${name}`, '--timeout=240s']);
}

interface Sample {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What config/samples has for the server, in another namespace. */
export function sampleOf({ name }: TestServer, kind: 'QuiesceProfile' | 'AppSnapshot', namespace: string): Sample {
  const objects = loadAll(readFileSync(`config/samples/quiesceprofile-${name}.yaml`, 'utf8')) as Sample[];
  const sample = objects.find((o) => o.kind === kind);
  if (sample === undefined) throw new Error(`no sample of ${kind} for ${name}`);
  return { ...sample, metadata: { ...sample.metadata, namespace } };
}
