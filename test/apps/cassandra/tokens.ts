import { addressesOf, startRing } from '../../e2e/lib/cassandra.js';
import type { TokenStore, Variant } from '../../proof/token-store.js';
import { CassandraClient } from './client.js';

const table = 'tokens';
/** Every copy of a row has it before it counts. */
const level = 'ALL';

/** Starts the Cassandra of the proof: a ring with every row on each node. */
export async function startCassandra(namespace: string, variant: Variant = 'plain'): Promise<void> {
  await startRing(namespace, variant);
}

/** Tokens as rows that each node has; one for member k is put through node k. */
export async function openCassandra(namespace: string): Promise<TokenStore> {
  const nodes = await Promise.all((await addressesOf(namespace)).map((host) => CassandraClient.open({ hosts: [host], only: true, table })));
  const [first] = nodes;
  if (first === undefined) throw new Error(`no Cassandra in ${namespace}`);
  await first.createTable(nodes.length);
  return {
    members: nodes.length,
    put: async (token, member) => {
      const node = nodes[member];
      if (node === undefined) throw new RangeError(`no member ${member} of ${nodes.length}`);
      await node.insert({ writer: member, n: token }, level);
    },
    tokens: async () => (await first.rows(level)).map(({ n }) => n),
    close: async () => {
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
}
