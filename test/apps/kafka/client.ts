import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel, type Producer } from 'kafkajs';

/** Longest wait for one answer, ms: a hold and more. */
const requestTimeout = 30_000;

/** A record as it was read back. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

/** Clients of a Kafka cluster from outside of Kubernetes. */
export class KafkaClient {
  readonly #kafka: Kafka;
  /** Nothing is tried again: a record that failed is one whose fate is not known. */
  readonly #producer: Producer;

  private constructor(addresses: ReadonlyMap<string, string>) {
    const kafka = (retries: number): Kafka =>
      new Kafka({
        clientId: 'stillpoint-test',
        brokers: [...addresses.keys()].map((pod) => `${pod}:9092`),
        logLevel: logLevel.NOTHING,
        requestTimeout,
        connectionTimeout: 10_000,
        retry: { retries, initialRetryTime: 100, maxRetryTime: 1000 },
        // Brokers name themselves by their pods' names in the cluster's DNS, which nobody outside can resolve.
        socketFactory: ({ host, port, onConnect }) => connect({ host: addresses.get(host.split('.')[0] ?? '') ?? host, port, noDelay: true }, onConnect),
      });
    this.#kafka = kafka(60);
    this.#producer = kafka(0).producer({ allowAutoTopicCreation: false });
  }

  /** @param addresses of the brokers' pods, by the pods' names */
  static async open(addresses: ReadonlyMap<string, string>): Promise<KafkaClient> {
    const client = new KafkaClient(addresses);
    await client.#producer.connect();
    return client;
  }

  /** Makes a topic of which every partition is on three brokers, and waits until each has a leader. One that exists stays. */
  async createTopic(topic: string, partitions: number): Promise<void> {
    await this.#admin(async (admin) => {
      await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions, replicationFactor: 3 }] });
    });
  }

  /** Appends a record to a partition; resolves when every replica in sync has acknowledged it. */
  async append(topic: string, partition: number, value: string): Promise<void> {
    const end = performance.now() + requestTimeout;
    for (;;) {
      try {
        await this.#producer.send({ topic, acks: -1, timeout: requestTimeout, messages: [{ partition, value }] });
        return;
      } catch (error) {
        // A broker that has not heard of a new topic yet: nothing was appended.
        if (!(error instanceof Error && 'type' in error && error.type === 'UNKNOWN_TOPIC_OR_PARTITION') || performance.now() > end) throw error;
        await pause(50);
      }
    }
  }

  /** Every record of a topic up to its present end, in the order of each partition. Rejects when they do not come in time. */
  async read(topic: string, seconds = 60): Promise<ReadRecord[]> {
    const ends = await this.#admin((admin) => admin.fetchTopicOffsets(topic));
    const missing = new Map(ends.filter((end) => Number(end.high) > Number(end.low)).map((end) => [end.partition, Number(end.high)]));
    if (missing.size === 0) return [];
    const groupId = `stillpoint-read-${process.pid}-${Date.now()}`;
    const consumer = this.#kafka.consumer({ groupId });
    const records: ReadRecord[] = [];
    let timer: NodeJS.Timeout | undefined;
    try {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`partitions ${[...missing.keys()].join(', ')} of ${topic} were not read to their end`)), seconds * 1000);
        const eachBatch = ({ batch }: { batch: { partition: number; messages: { offset: string; value: Buffer | null }[]; lastOffset(): string } }): Promise<void> => {
          const end = missing.get(batch.partition) ?? 0;
          for (const { offset, value } of batch.messages) if (Number(offset) < end) records.push({ partition: batch.partition, offset: Number(offset), value: value?.toString() ?? '' });
          if (Number(batch.lastOffset()) >= end - 1) missing.delete(batch.partition);
          if (missing.size === 0) resolve();
          return Promise.resolve();
        };
        consumer.run({ autoCommit: false, eachBatch }).catch(reject);
      });
    } finally {
      clearTimeout(timer);
      await consumer.disconnect();
    }
    await this.#admin((admin) => admin.deleteGroups([groupId]));
    return records;
  }

  /** Commits for a group that it has read a partition up to an offset. */
  async commit(groupId: string, topic: string, partition: number, offset: number): Promise<void> {
    await this.#admin((admin) => admin.setOffsets({ groupId, topic, partitions: [{ partition, offset: String(offset) }] }));
  }

  /** Where the log of each partition ends, and what a group has committed of it (-1: nothing). */
  async positions(groupId: string, topic: string): Promise<{ partition: number; end: number; committed: number }[]> {
    return this.#admin(async (admin) => {
      const ends = await admin.fetchTopicOffsets(topic);
      const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return ends.map(({ partition, high }) => ({ partition, end: Number(high), committed: Number(committed?.partitions.find((p) => p.partition === partition)?.offset ?? -1) }));
    });
  }

  /** How many replicas of each partition are in sync. */
  async inSync(topic: string): Promise<number[]> {
    const { topics } = await this.#admin((admin) => admin.fetchTopicMetadata({ topics: [topic] }));
    return topics.flatMap((t) => t.partitions).map((partition) => partition.isr.length);
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
  }

  /** Asks again while a coordinator is on its way to another broker, which kafkajs leaves to its callers. */
  async #admin<T>(use: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin();
    const end = performance.now() + requestTimeout;
    await admin.connect();
    try {
      for (;;) {
        try {
          return await use(admin);
        } catch (error) {
          if (!(error instanceof Error && 'retriable' in error && error.retriable === true) || performance.now() > end) throw error;
          await pause(100);
        }
      }
    } finally {
      await admin.disconnect();
    }
  }
}
