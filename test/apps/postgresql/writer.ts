// Inserts rows into a PostgreSQL from outside the cluster and logs every acknowledgement, until SIGTERM or SIGINT; then prints a summary.
// usage: node --import ./tools/ts.mjs test/apps/postgresql/writer.ts --host IP --log FILE [--connections 4] [--port 5432] [--database postgres]
// The password comes from PGPASSWORD. Exit code 0: stopped as told; 1: no connection could be made at the start.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { CREATE_TABLE, monotonicMs, TABLE } from './history.js';
import type { LogLine } from './history.js';
import { Summary } from './summary.js';

const { values } = parseArgs({
  options: {
    host: { type: 'string' },
    port: { type: 'string', default: '5432' },
    database: { type: 'string', default: 'postgres' },
    log: { type: 'string' },
    connections: { type: 'string', default: '4' },
  },
});
if (values.host === undefined || values.log === undefined) throw new Error('--host and --log are required');

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());

const summary = new Summary();
const log = createWriteStream(values.log, { flags: 'a' });

function record(line: LogLine): void {
  log.write(`${JSON.stringify(line)}\n`);
  summary.add(line);
}

/** `onBroken` hears of a connection that breaks between two statements; the next statement then fails as well. */
function client(onBroken: (error: Error) => void): pg.Client {
  const c = new pg.Client({
    host: values.host,
    port: Number(values.port),
    database: values.database,
    user: 'postgres',
    password: process.env['PGPASSWORD'],
    application_name: 'stillpoint-writer',
    connectionTimeoutMillis: 5000,
  });
  c.on('error', onBroken);
  return c;
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Inserts rows one by one over one connection, from number `n` on; returns the next number when the connection fails or the end is asked for. */
async function insertUntilFailure(c: pg.Client, writer: number, n: number): Promise<number> {
  for (; !stopping.signal.aborted; n++) {
    const sentAt = monotonicMs();
    try {
      await c.query(`INSERT INTO ${TABLE} VALUES ($1, $2)`, [writer, n]);
    } catch (error) {
      record({ writer, n, sentAt, at: monotonicMs(), error: text(error) });
      return n + 1;
    }
    record({ writer, n, sentAt, ackedAt: monotonicMs() });
  }
  return n;
}

/** One writer: connects again after each failure, which is recorded, and never sends a number twice. */
async function write(writer: number): Promise<void> {
  let n = 1;
  while (!stopping.signal.aborted) {
    const c = client((error) => record({ writer, at: monotonicMs(), error: text(error) }));
    try {
      await c.connect();
      n = await insertUntilFailure(c, writer, n);
    } catch (error) {
      record({ writer, at: monotonicMs(), error: text(error) });
      await pause(100);
    } finally {
      await c.end().catch((error: unknown) => record({ writer, at: monotonicMs(), error: text(error) }));
    }
  }
}

/** Numbers go on after what an earlier run has left, so that no run repeats one. */
async function firstWriter(): Promise<number> {
  const c = client((error) => {
    throw error;
  });
  await c.connect();
  await c.query(CREATE_TABLE);
  const found = await c.query<{ next: number }>(`SELECT coalesce(max(writer), 0) + 1 AS next FROM ${TABLE}`);
  await c.end();
  return found.rows[0]?.next ?? 1;
}

const first = await firstWriter();
process.stdout.write(`${JSON.stringify({ started: true, firstWriter: first, at: monotonicMs() })}\n`);
await Promise.all(Array.from({ length: Number(values.connections) }, (_, i) => write(first + i)));
log.end();
await once(log, 'finish');
process.stdout.write(`${JSON.stringify(summary.result())}\n`);
