import { openKafka as clientsOf, startKafka as start } from '../../e2e/lib/kafka.js';
import type { TokenStore, Variant } from '../../proof/token-store.js';

const topic = 'tokens';
const members = 3;

/** Starts the Kafka of the proof: three combined nodes. */
export async function startKafka(namespace: string, variant: Variant = 'plain'): Promise<void> {
  await start(namespace, variant);
}

/** Tokens as records, a partition for each member: with three replicas on three nodes each node leads one. */
export async function openKafka(namespace: string): Promise<TokenStore> {
  const client = await clientsOf(namespace);
  await client.createTopic(topic, members);
  return {
    members,
    put: (token, member) => client.append(topic, member, String(token)),
    tokens: async () => (await client.read(topic)).map((record) => Number(record.value)),
    close: () => client.close(),
  };
}
