import pg from 'pg';
import { podIp, startDatabase, databaseOptions } from '../../e2e/lib/database.js';
import type { TokenStore, Variant } from '../../proof/token-store.js';

const table = 'stillpoint_tokens';

/** Starts the PostgreSQL of the proof: data and WAL on two volumes. */
export async function startPostgresql(namespace: string, variant: Variant = 'plain'): Promise<void> {
  await startDatabase(namespace, variant === 'init' ? '15-init' : '15');
}

/** Tokens as rows, each one a transaction of its own. No key: what is there twice shows. */
export async function openPostgresql(namespace: string): Promise<TokenStore> {
  const { password } = databaseOptions('15');
  const pool = new pg.Pool({ host: await podIp(namespace), user: 'postgres', database: 'postgres', password, max: 8, connectionTimeoutMillis: 20_000 });
  pool.on('error', () => undefined); // a connection that breaks while idle; the next statement says so
  await pool.query(`CREATE TABLE IF NOT EXISTS ${table} (token bigint NOT NULL)`);
  return {
    members: 1,
    put: async (token) => {
      await pool.query(`INSERT INTO ${table} VALUES ($1)`, [token]);
    },
    tokens: async () => (await pool.query<{ token: string }>(`SELECT token FROM ${table}`)).rows.map((row) => Number(row.token)),
    close: () => pool.end(),
  };
}
