import { ElasticsearchClient, type NumberedIndex } from '../../apps/elasticsearch/client.js';
import { elasticsearchObjects, type ElasticsearchOptions } from '../../apps/elasticsearch/manifests.js';
import { imageOf } from './image.js';
import { apply, kubectl } from './kubectl.js';
import type { Variant } from '../../proof/token-store.js';
import type { RowClient } from '../profile/writers.js';

export const namespace = 'e2e-es';
/** Of the StatefulSet and of the application as it is detected. */
export const name = 'es';
/** The same of an OpenSearch. */
export const openSearch = 'os';
export const nodes = 3;
export const shards = 3;
export const index = 'ledger';
/** Of the claim that every node has at /repository, when there is one. */
export const ofRepository = { 'app.kubernetes.io/component': 'snapshot-repository' } as const;

/** Starts a cluster in a namespace that exists and waits until it is green. */
export async function startElasticsearch(where: string, variant: Variant, options: Pick<ElasticsearchOptions, 'repository'> = {}): Promise<void> {
  await start(where, name, { image: imageOf('elasticsearch:8', variant), ...options });
}

/** The same of OpenSearch. */
export async function startOpenSearch(where: string): Promise<void> {
  await start(where, openSearch, { product: 'opensearch', image: imageOf('opensearch:2', 'plain') });
}

async function start(where: string, cluster: string, options: Pick<ElasticsearchOptions, 'product' | 'image' | 'repository'>): Promise<void> {
  await apply(elasticsearchObjects({ name: cluster, nodes, size: '1Gi', ...options }), where);
  await kubectl(['-n', where, 'rollout', 'status', `statefulset/${cluster}`, '--timeout=800s']);
  await (await clientOf(where, cluster)).untilGreen(60);
}

/** Addresses of the pods in a namespace. */
export async function addressesOf(where: string, cluster = name): Promise<string[]> {
  const ips = await kubectl(['-n', where, 'get', 'pods', '-l', `app.kubernetes.io/instance=${cluster}`, '-o', 'jsonpath={.items[*].status.podIP}']);
  return ips.split(' ');
}

/** A client of the cluster in a namespace. */
export async function clientOf(where: string, cluster = name): Promise<ElasticsearchClient> {
  return new ElasticsearchClient(await addressesOf(where, cluster));
}

/** A client that writes rows, each to one shard after the other. */
export function rowClient(documents: NumberedIndex): RowClient {
  return { insert: (writer, n) => documents.put({ writer, n }, n % documents.shards), close: () => undefined };
}
