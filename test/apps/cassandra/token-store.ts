import type { TokenStore } from '../../proof/token-store.js';
import { CassandraClient } from './client.js';

/** All copies of a row must have it before it counts. */
const level = 'ALL';

/** Tokens as rows that every node has a copy of: a token is put through the node that it is for. */
export class CassandraTokenStore implements TokenStore {
  readonly #nodes: readonly CassandraClient[];

  private constructor(nodes: readonly CassandraClient[]) {
    this.#nodes = nodes;
  }

  /** Opens a cluster with these nodes, and makes the table where it lacks. */
  static async open(addresses: readonly string[]): Promise<CassandraTokenStore> {
    const nodes = await Promise.all(addresses.map((host) => CassandraClient.open({ hosts: [host], only: true })));
    await nodes[0]?.createTable(addresses.length);
    return new CassandraTokenStore(nodes);
  }

  get members(): number {
    return this.#nodes.length;
  }

  async put(token: number, member: number): Promise<void> {
    const node = this.#nodes[member];
    if (node === undefined) throw new RangeError(`no member ${member} of ${this.members}`);
    await node.insert({ writer: member, n: token }, level);
  }

  async tokens(): Promise<number[]> {
    return ((await this.#nodes[0]?.rows(level)) ?? []).map(({ n }) => n);
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.close()));
  }
}
