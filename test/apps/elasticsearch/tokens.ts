import { addressesOf, openSearch, startElasticsearch as start, startOpenSearch as startOther } from '../../e2e/lib/elasticsearch.js';
import type { TokenStore, Variant } from '../../proof/token-store.js';
import { ElasticsearchClient } from './client.js';

const index = 'tokens';
/** All tokens are of one writer. */
const writer = 0;

/** Starts the Elasticsearch of the proof, with an index that has a shard for each node and every shard a replica on another. */
export async function startElasticsearch(namespace: string, variant: Variant = 'plain', options: Parameters<typeof start>[2] = {}): Promise<void> {
  await start(namespace, variant, options);
  await makeIndex(await addressesOf(namespace));
}

/** The same of OpenSearch, always as process 1. */
export async function startOpenSearch(namespace: string): Promise<void> {
  await startOther(namespace);
  await makeIndex(await addressesOf(namespace, openSearch));
}

async function makeIndex(addresses: readonly string[]): Promise<void> {
  await new ElasticsearchClient(addresses).createIndex(index, { shards: addresses.length, replicas: Math.min(1, addresses.length - 1) });
}

/** Tokens as documents: one for member k goes to shard k. */
export async function openElasticsearch(namespace: string): Promise<TokenStore> {
  return open(await addressesOf(namespace));
}

/** The same of OpenSearch. */
export async function openOpenSearch(namespace: string): Promise<TokenStore> {
  return open(await addressesOf(namespace, openSearch));
}

async function open(addresses: readonly string[]): Promise<TokenStore> {
  const documents = await new ElasticsearchClient(addresses).openIndex(index, addresses.length);
  return {
    members: documents.shards,
    put: (token, member) => documents.put({ writer, n: token }, member),
    tokens: async () => (await documents.documents()).map(({ n }) => n),
    // Requests share the connections of the process.
    close: () => Promise.resolve(),
  };
}
