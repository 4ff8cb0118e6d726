import { setTimeout as pause } from 'node:timers/promises';
import { KafkaClient } from '../../apps/kafka/client.js';
import { kafkaObjects, type KafkaOptions } from '../../apps/kafka/manifests.js';
import type { Row } from '../../apps/postgresql/history.js';
import type { Variant } from '../../proof/token-store.js';
import type { RowClient } from '../profile/writers.js';
import { imageOf } from './image.js';
import { apply, kubectl } from './kubectl.js';

/** Topic of the rows, and its partitions. */
const topic = 'rows';
export const partitions = 3;

/** Starts a cluster `kafka` in a namespace that exists, and waits until every broker takes clients. */
export async function startKafka(namespace: string, variant: Variant, options: Pick<KafkaOptions, 'programs'> = {}): Promise<void> {
  await apply(kafkaObjects({ name: 'kafka', image: imageOf('kafka:4', variant), replicas: 3, size: '1Gi', ...options }), namespace);
  await kubectl(['-n', namespace, 'rollout', 'status', 'statefulset/kafka', '--timeout=600s']);
}

/** Clients of the cluster in a namespace. */
export async function openKafka(namespace: string): Promise<KafkaClient> {
  const range = '{range .items[*]}{.metadata.name} {.status.podIP}{"\\n"}{end}';
  const pods = await kubectl(['-n', namespace, 'get', 'pods', '-l', 'app.kubernetes.io/instance=kafka,role!=controller', '-o', `jsonpath=${range}`]);
  return KafkaClient.open(new Map(pods.trim().split('\n').map((line) => line.split(' ') as [string, string])));
}

/** Uses clients of the cluster in a namespace and closes them. */
export async function withKafka<T>(namespace: string, use: (client: KafkaClient) => Promise<T>): Promise<T> {
  const client = await openKafka(namespace);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** Makes the topic of the rows. */
export async function makeRows(namespace: string): Promise<void> {
  await withKafka(namespace, (client) => client.createTopic(topic, partitions));
}

/** How many replicas of each partition of the rows are in sync. */
export async function inSync(namespace: string): Promise<number[]> {
  return withKafka(namespace, (client) => client.inSync(topic));
}

/** Appends rows as records, each writer to one partition; `pace` is how long it waits before each, ms. */
export async function rowClient(namespace: string, pace: () => number = () => 0): Promise<RowClient> {
  const client = await openKafka(namespace);
  return {
    insert: async (writer, n) => {
      await pause(pace());
      await client.append(topic, writer % partitions, `${writer} ${n}`);
    },
    close: () => void client.close().catch(() => undefined),
  };
}

/** A group that commits what it has read of each partition, as consumers do. */
export async function commitRows(namespace: string, group: string): Promise<void> {
  await withKafka(namespace, async (client) => {
    for (const { partition, end } of await client.positions(group, topic)) await client.commit(group, topic, partition, end);
  });
}

/** What a group has committed, and where the partitions end. */
export async function committedRows(namespace: string, group: string): Promise<{ partition: number; end: number; committed: number }[]> {
  return withKafka(namespace, (client) => client.positions(group, topic));
}

/** Every row of the topic. */
export async function kafkaRows(namespace: string): Promise<Row[]> {
  return withKafka(namespace, async (client) => {
    const records = await client.read(topic);
    return records.map(({ value }) => ({ writer: Number(value.split(' ')[0]), n: Number(value.split(' ')[1]) }));
  });
}
