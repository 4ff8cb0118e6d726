import { z } from 'zod';

/** A document of the tests; its id is `writer-n`. */
interface Numbered {
  readonly writer: number;
  readonly n: number;
}

/** One copy of a shard and what it counts by itself. */
export interface CopyCount {
  readonly shard: number;
  readonly primary: boolean;
  readonly node: string;
  readonly documents: number;
}

const requestMillis = 180_000;
const page = 5000;

const hits = z.object({ _scroll_id: z.string(), hits: z.object({ hits: z.array(z.object({ _source: z.object({ writer: z.int(), n: z.int() }) })) }) });
const searchShards = z.object({ shards: z.array(z.array(z.object({ shard: z.int() }))) });
const catShards = z.array(z.object({ shard: z.coerce.number(), prirep: z.enum(['p', 'r']), state: z.string(), id: z.string().nullable() }));
const counted = z.object({ count: z.int(), _shards: z.object({ failed: z.int() }) });
const written = z.object({ _shards: z.object({ failed: z.int() }) });
const health = z.object({ status: z.string(), timed_out: z.boolean() });

/** Talks to an Elasticsearch from outside of the cluster, by the addresses of its pods; nothing is sent twice. */
export class ElasticsearchClient {
  readonly #addresses: readonly string[];
  #next = 0;

  /** @param addresses of the nodes; requests go to one after the other */
  constructor(addresses: readonly string[]) {
    this.#addresses = addresses;
  }

  /** Sends one request. Throws with the status and what the server said, unless it answers 2xx. */
  async request(method: string, path: string, body?: unknown, node = this.#next++ % this.#addresses.length): Promise<unknown> {
    const response = await fetch(`http://${this.#addresses[node] ?? ''}:9200${path}`, {
      method,
      signal: AbortSignal.timeout(requestMillis),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }

  /** Waits until every copy of every shard is there. Throws when it is not so in time. */
  async untilGreen(seconds: number, nodes = this.#addresses.length): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const answer = health.parse(await this.request('GET', `/_cluster/health?wait_for_status=green&wait_for_nodes=${nodes}&wait_for_no_relocating_shards=true&timeout=10s`).catch(() => ({ status: 'unknown', timed_out: true })));
      if (answer.status === 'green' && !answer.timed_out) return;
      if (Date.now() > end) throw new Error(`the cluster is ${answer.status} after ${seconds} s`);
    }
  }

  /** Creates an index unless there is one of this name, and returns a client of it as soon as all of its copies are there. */
  async createIndex(name: string, options: { readonly shards: number; readonly replicas: number; readonly settings?: Readonly<Record<string, unknown>> }): Promise<NumberedIndex> {
    const { shards, replicas, settings = {} } = options;
    await this.request('PUT', `/${name}?wait_for_active_shards=all`, { settings: { number_of_shards: shards, number_of_replicas: replicas, ...settings }, mappings: { dynamic: false } }).catch((error: unknown) => {
      if (!String(error).includes('resource_already_exists_exception')) throw error;
    });
    return this.openIndex(name, shards);
  }

  /** A client of an index that exists. */
  async openIndex(name: string, shards: number): Promise<NumberedIndex> {
    return new NumberedIndex(this, name, await this.#routings(name, shards));
  }

  /** For every shard a routing value that leads to it: the server is asked where values go until each has one. */
  async #routings(name: string, shards: number): Promise<string[]> {
    const found: string[] = [];
    for (let value = 0; Array.from({ length: shards }, (_, k) => found[k]).includes(undefined); value += 1) {
      const answer = searchShards.parse(await this.request('GET', `/${name}/_search_shards?routing=${value}`));
      const shard = answer.shards[0]?.[0]?.shard;
      if (shard !== undefined) found[shard] ??= String(value);
    }
    return found;
  }
}

/** An index of numbered documents, each sent to the shard that the caller names. */
export class NumberedIndex {
  readonly #client: ElasticsearchClient;
  readonly #routings: readonly string[];
  readonly name: string;

  constructor(client: ElasticsearchClient, name: string, routings: readonly string[]) {
    this.#client = client;
    this.name = name;
    this.#routings = routings;
  }

  get shards(): number {
    return this.#routings.length;
  }

  /** Resolves when the document is acknowledged. Throws when it is not, by every copy that there is. */
  async put({ writer, n }: Numbered, shard: number): Promise<void> {
    const path = `/${this.name}/_create/${writer}-${n}?routing=${this.#routings[shard] ?? ''}`;
    const answer = written.parse(await this.#client.request('PUT', path, { writer, n }));
    if (answer._shards.failed > 0) throw new Error(`a copy of shard ${shard} failed for ${writer}-${n}`);
  }

  /** Every document, in no order. */
  async documents(): Promise<Numbered[]> {
    await this.#client.request('POST', `/${this.name}/_refresh`);
    const all: Numbered[] = [];
    let answer = hits.parse(await this.#client.request('POST', `/${this.name}/_search?scroll=1m`, { size: page, sort: ['_doc'] }));
    while (answer.hits.hits.length > 0) {
      all.push(...answer.hits.hits.map((hit) => hit._source));
      answer = hits.parse(await this.#client.request('POST', '/_search/scroll', { scroll: '1m', scroll_id: answer._scroll_id }));
    }
    await this.#client.request('DELETE', '/_search/scroll', { scroll_id: answer._scroll_id });
    return all;
  }

  /** What every copy of every shard counts by itself. Throws when a copy does not answer. */
  async copies(): Promise<CopyCount[]> {
    await this.#client.request('POST', `/${this.name}/_refresh`);
    const copies = catShards.parse(await this.#client.request('GET', `/_cat/shards/${this.name}?format=json&h=shard,prirep,state,id`));
    return Promise.all(
      copies.map(async ({ shard, prirep, state, id }) => {
        if (state !== 'STARTED' || id === null) throw new Error(`a copy of shard ${shard} is ${state}`);
        const preference = encodeURIComponent(`_shards:${shard}|_only_nodes:${id}`);
        const answer = counted.parse(await this.#client.request('GET', `/${this.name}/_count?preference=${preference}`));
        if (answer._shards.failed > 0) throw new Error(`the copy of shard ${shard} on ${id} does not count`);
        return { shard, primary: prirep === 'p', node: id, documents: answer.count };
      }),
    );
  }
}
