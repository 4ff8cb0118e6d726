import { addressesOf, startElasticsearch as start } from '../../e2e/lib/elasticsearch.js';
import type { TokenStore, Variant } from '../../proof/token-store.js';
import { ElasticsearchClient } from './client.js';

const index = 'tokens';
/** All tokens are of one writer. */
const writer = 0;

/** Starts the Elasticsearch of the proof, with an index that has a shard for each node and every shard a replica on another. */
export async function startElasticsearch(namespace: string, variant: Variant = 'plain'): Promise<void> {
  await start(namespace, variant);
  const addresses = await addressesOf(namespace);
  await new ElasticsearchClient(addresses).createIndex(index, { shards: addresses.length, replicas: Math.min(1, addresses.length - 1) });
}

/** Tokens as documents: one for member k goes to shard k. */
export async function openElasticsearch(namespace: string): Promise<TokenStore> {
  const addresses = await addressesOf(namespace);
  const documents = await new ElasticsearchClient(addresses).openIndex(index, addresses.length);
  return {
    members: documents.shards,
    put: (token, member) => documents.put({ writer, n: token }, member),
    tokens: async () => (await documents.documents()).map(({ n }) => n),
    // Requests share the connections of the process.
    close: () => Promise.resolve(),
  };
}
