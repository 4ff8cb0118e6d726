import { Client, policies, types } from 'cassandra-driver';

/** Acknowledgements that a write waits for. */
export type Consistency = 'ONE' | 'QUORUM' | 'ALL';

export interface NumberedRow {
  readonly writer: number;
  readonly n: number;
}

export interface CassandraClientOptions {
  /** Addresses of nodes; the others are found by them. */
  readonly hosts: readonly string[];
  /** Talks to these hosts only, whatever the cluster says of others. */
  readonly only?: boolean;
  /** Default: `rows`. */
  readonly table?: string;
}

const keyspace = 'stillpoint';
/** Longest wait for one answer; a server that is held answers late. */
const patienceMillis = 30_000;

/** Numbered rows in a table, written and read from outside the cluster. */
export class CassandraClient {
  readonly #client: Client;
  readonly #table: string;

  private constructor(client: Client, table: string) {
    this.#client = client;
    this.#table = `${keyspace}.${table}`;
  }

  /** Connects and asks what the cluster is. */
  static async open({ hosts, only = false, table = 'rows' }: CassandraClientOptions): Promise<CassandraClient> {
    const balancing = new policies.loadBalancing.RoundRobinPolicy();
    const client = new Client({
      contactPoints: [...hosts],
      localDataCenter: 'datacenter1',
      policies: {
        loadBalancing: only ? new policies.loadBalancing.AllowListPolicy(balancing, hosts.map((host) => `${host}:9042`)) : balancing,
        // A write is never sent again: what was asked for twice could not be told from what was kept twice.
        retry: new policies.retry.FallthroughRetryPolicy(),
        // The default waits up to ten minutes.
        reconnection: new policies.reconnection.ConstantReconnectionPolicy(500),
      },
      socketOptions: { readTimeout: patienceMillis, connectTimeout: patienceMillis },
    });
    await client.connect();
    return new CassandraClient(client, table);
  }

  /** Makes keyspace and table where they lack, with so many copies of each row, and waits until every node knows them. */
  async createTable(replicas: number): Promise<void> {
    await this.#client.execute(`CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': ${replicas}}`);
    await this.#client.execute(`CREATE TABLE IF NOT EXISTS ${this.#table} (writer int, n bigint, PRIMARY KEY ((writer, n)))`);
  }

  /** Resolves when as many replicas as the level asks for have acknowledged the row. */
  async insert({ writer, n }: NumberedRow, consistency: Consistency): Promise<void> {
    await this.#client.execute(`INSERT INTO ${this.#table} (writer, n) VALUES (?, ?)`, [writer, n], { prepare: true, consistency: types.consistencies[levels[consistency]], isIdempotent: false });
  }

  /** Every row that the replicas have that answer at this level. */
  async rows(consistency: Consistency): Promise<NumberedRow[]> {
    const rows: NumberedRow[] = [];
    const options = { prepare: true, fetchSize: 5000, consistency: types.consistencies[levels[consistency]] };
    // Asks for one page after the other.
    for await (const row of await this.#client.execute(`SELECT writer, n FROM ${this.#table}`, [], options)) rows.push({ writer: Number(row['writer']), n: Number(row['n']) });
    return rows;
  }

  /** Addresses of all nodes that the cluster knows, for clients. */
  addresses(): string[] {
    return this.#client.hosts.keys().map((address) => address.replace(/:\d+$/, ''));
  }

  close(): Promise<void> {
    return this.#client.shutdown();
  }
}

const levels = { ONE: 'one', QUORUM: 'quorum', ALL: 'all' } as const satisfies Record<Consistency, keyof typeof types.consistencies>;
