import pg from 'pg';
import { postgresqlObjects, type PostgresqlOptions } from '../../apps/postgresql/manifests.js';
import { READ_ROWS, type Row } from '../../apps/postgresql/history.js';
import { apply, kubectl, waitFor } from './kubectl.js';

/** A test database in a namespace: StatefulSet `pg`, pod `pg-0`, claims `data-pg-0` and `wal-pg-0`. */
export interface Database {
  readonly namespace: string;
  readonly password: string;
  /** The server that is asked: `pg-0`, or one of its standbys. */
  readonly pod?: string;
}

export const images = {
  '15': 'localhost/stillpoint-test/postgresql:15',
  '15-init': 'localhost/stillpoint-test/postgresql:15-init',
  '17': 'localhost/stillpoint-test/postgresql:17',
} as const;
export type Variant = keyof typeof images;

/** Options of a test database; the password is not one of a person. */
export function databaseOptions(variant: Variant, options: Partial<PostgresqlOptions> = {}): PostgresqlOptions {
  return { name: 'pg', image: images[variant], password: 'only-for-tests', size: '1Gi', ...options };
}

/** Starts PostgreSQL in a namespace that exists and waits until it takes connections. */
export async function startDatabase(namespace: string, variant: Variant, options: Partial<PostgresqlOptions> = {}): Promise<Database> {
  const all = databaseOptions(variant, options);
  await apply(postgresqlObjects(all), namespace);
  await databaseReady(namespace);
  return { namespace, password: all.password };
}

/** Makes the claims of a database one after the other: the skewed class cuts the one that was made last first. */
export async function claimsInOrder(namespace: string, names: readonly string[]): Promise<void> {
  for (const name of names.map((n) => `${n}-pg-0`)) {
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
    await apply([{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec }], namespace);
    await waitFor('jsonpath={.status.phase}=Bound', `pvc/${name}`, namespace, 30);
  }
}

/** Waits until every pod of the database is ready. */
export async function databaseReady(namespace: string): Promise<void> {
  await kubectl(['-n', namespace, 'rollout', 'status', 'statefulset/pg', '--timeout=120s']);
}

export async function podIp(namespace: string, pod = 'pg-0'): Promise<string> {
  return kubectl(['-n', namespace, 'get', 'pod', pod, '-o', 'jsonpath={.status.podIP}']);
}

/** Id of the server's container as the runtime has it. */
export async function containerId(namespace: string): Promise<string> {
  const id = await kubectl(['-n', namespace, 'get', 'pod', 'pg-0', '-o', 'jsonpath={.status.containerStatuses[0].containerID}']);
  return id.replace(/^containerd:\/\//, '');
}

/** Runs statements in turn over one connection from outside the cluster, as clients do; returns the rows of the last one. */
export async function query<R extends object>(database: Database, ...statements: readonly string[]): Promise<R[]> {
  const client = new pg.Client({ host: await podIp(database.namespace, database.pod), user: 'postgres', database: 'postgres', password: database.password, connectionTimeoutMillis: 20_000 });
  await client.connect();
  try {
    let rows: R[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows as R[];
    return rows;
  } finally {
    await client.end();
  }
}

/** Everything that a writer wrote, as the database has it now. */
export function readRows(database: Database): Promise<Row[]> {
  return query<Row>(database, READ_ROWS);
}
