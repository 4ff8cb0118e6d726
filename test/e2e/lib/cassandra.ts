import { CassandraClient } from '../../apps/cassandra/client.js';
import { cassandraObjects } from '../../apps/cassandra/manifests.js';
import type { Row } from '../../apps/postgresql/history.js';
import { imageOf } from './image.js';
import { apply, kubectl } from './kubectl.js';
import type { Variant } from '../../proof/token-store.js';
import type { RowClient } from '../profile/writers.js';

/** Nodes of the test cluster, and copies of each row. */
export const nodes = 2;

/** So seldom does the server itself sync its commit log (10 s by default): what a copy has, the hold has brought there. */
const commitLog = 'commitlog_sync: periodic\ncommitlog_sync_period: 300000ms';

/** Starts a Cassandra in a namespace that exists, with its table; resolves when every node takes clients. */
export async function startRing(namespace: string, variant: Variant): Promise<void> {
  await apply(cassandraObjects({ name: 'cassandra', image: imageOf('cassandra:5', variant), size: '2Gi', nodes, commitLog }), namespace);
  await kubectl(['-n', namespace, 'rollout', 'status', 'statefulset/cassandra', '--timeout=900s']);
  const client = await CassandraClient.open({ hosts: await addressesOf(namespace) });
  await client.createTable(nodes).finally(() => client.close());
}

interface Pods {
  readonly items: readonly { readonly status: { readonly podIP: string } }[];
}

async function podsOf(namespace: string): Promise<Pods['items']> {
  return (JSON.parse(await kubectl(['-n', namespace, 'get', 'pods', '-l', 'app.kubernetes.io/name=cassandra', '-o', 'json'])) as Pods).items;
}

/** Addresses of the pods. */
export async function addressesOf(namespace: string): Promise<string[]> {
  return (await podsOf(namespace)).map((pod) => pod.status.podIP).sort();
}

/** Addresses of the nodes that the cluster itself names to its clients. */
export async function knownTo(namespace: string): Promise<string[]> {
  const client = await CassandraClient.open({ hosts: await addressesOf(namespace) });
  try {
    return client.addresses().sort();
  } finally {
    await client.close();
  }
}

/** Whether the node in a pod sees another one down; `address` is that of the other. */
export async function seesDown(namespace: string, pod: string, address: string): Promise<boolean> {
  const seen = await kubectl(['-n', namespace, 'exec', pod, '-c', 'cassandra', '--', 'nodetool', 'status']);
  return seen.split('\n').some((line) => line.startsWith('DN ') && line.split(/\s+/)[1] === address);
}

/** Connections for writers, who share one client: each row is acknowledged by every replica. */
export async function writingClient(namespace: string): Promise<{ connect: () => Promise<RowClient>; close(): Promise<void> }> {
  const client = await CassandraClient.open({ hosts: await addressesOf(namespace) });
  const row: RowClient = { insert: (writer, n) => client.insert({ writer, n }, 'ALL'), close: () => undefined };
  return { connect: () => Promise.resolve(row), close: () => client.close() };
}

/** The rows that any replica has, and those of each node alone. */
export async function readAll(namespace: string): Promise<{ rows: Row[]; each: Row[][] }> {
  const each: Row[][] = [];
  for (const host of await addressesOf(namespace)) {
    const client = await CassandraClient.open({ hosts: [host], only: true });
    each.push(await client.rows('ONE').finally(() => client.close()));
  }
  return { rows: [...new Map(each.flat().map((row) => [`${row.writer}/${row.n}`, row])).values()], each };
}
