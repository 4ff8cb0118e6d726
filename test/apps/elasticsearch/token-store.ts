import type { TokenStore } from '../../proof/token-store.js';
import { ElasticsearchClient, type NumberedIndex } from './client.js';

const name = 'tokens';
/** All tokens are of one writer. */
const writer = 0;

/** Tokens in an index with a shard for each node, every shard with a replica on another: token for member k goes to shard k. */
export class ElasticsearchTokenStore implements TokenStore {
  readonly #index: NumberedIndex;

  private constructor(index: NumberedIndex) {
    this.#index = index;
  }

  /** Creates the index on a cluster with these nodes. */
  static async create(addresses: readonly string[]): Promise<ElasticsearchTokenStore> {
    const replicas = Math.min(1, addresses.length - 1);
    return new ElasticsearchTokenStore(await new ElasticsearchClient(addresses).createIndex(name, { shards: addresses.length, replicas }));
  }

  /** Opens the index of a restored cluster. */
  static async open(addresses: readonly string[]): Promise<ElasticsearchTokenStore> {
    return new ElasticsearchTokenStore(await new ElasticsearchClient(addresses).openIndex(name, addresses.length));
  }

  get members(): number {
    return this.#index.shards;
  }

  put(token: number, member: number): Promise<void> {
    return this.#index.put({ writer, n: token }, member);
  }

  async tokens(): Promise<number[]> {
    return (await this.#index.documents()).map(({ n }) => n);
  }

  /** Requests share the connections of the process. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}
