import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monotonicMs, parseLog, type Acknowledgement, type WriteError } from '../../apps/postgresql/history.js';
import type { WriterSummary } from '../../apps/postgresql/summary.js';
import { podIp, type Database } from './database.js';
import { GrowingLog } from './growing-log.js';
import { until } from './until.js';

/** What a writer was promised. */
export interface Promises {
  readonly acks: readonly Acknowledgement[];
  readonly failures: readonly WriteError[];
}

/** The same of a writer that has ended, with its figures. */
export interface LoadHistory extends Promises, WriterSummary {}

const running = new Set<Load>();

/** Writers that a failed test has left running. */
export async function stopAllLoads(): Promise<void> {
  await Promise.all([...running].map((load) => load.stop()));
}

/** Starts the writer program on the host against the database; resolves when it has begun. */
export async function startLoad(database: Database, connections = 4): Promise<Load> {
  const directory = mkdtempSync(join(tmpdir(), 'stillpoint-load-'));
  const log = new GrowingLog(join(directory, 'log.jsonl'));
  const argv = ['--import', './tools/ts.mjs', 'test/apps/postgresql/writer.ts', '--host', await podIp(database.namespace), '--log', log.file, '--connections', String(connections)];
  const child = spawn(process.execPath, argv, { env: { ...process.env, PGPASSWORD: database.password, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const load = new Load(child, directory, log);
  running.add(load);
  await until('the writer begins', () => load.acknowledged() > 0, 90);
  return load;
}

/** A writer that runs. Its log is outside the cluster and outlives whatever happens there. */
export class Load {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #log: GrowingLog;
  #output = '';
  readonly #acks: Acknowledgement[] = [];
  readonly #failures: WriteError[] = [];

  constructor(child: ChildProcess, directory: string, log: GrowingLog) {
    this.#child = child;
    this.#directory = directory;
    this.#log = log;
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
  }

  output(): string {
    return this.#output;
  }

  /** Acknowledgements so far. */
  acknowledged(): number {
    this.#follow();
    return this.#acks.length;
  }

  /** Waits for so many more. */
  async untilMore(count: number, seconds = 30): Promise<void> {
    const target = this.acknowledged() + count;
    await until(`${count} more acknowledged rows`, () => this.acknowledged() >= target, seconds, 10);
  }

  /** Waits until a row is acknowledged that was sent after now: the database takes writes. */
  async untilWritesAgain(seconds: number): Promise<void> {
    const now = monotonicMs();
    await until('a row sent after now is acknowledged', () => {
      this.#follow();
      return this.#acks.slice(-64).some((a) => a.sentAt > now);
    }, seconds, 10);
  }

  /** Ends the writer and returns everything that it recorded. */
  async stop(): Promise<LoadHistory> {
    running.delete(this);
    if (this.#child.exitCode === null) {
      const closed = once(this.#child, 'close');
      this.#child.kill('SIGTERM');
      await closed;
    }
    this.#follow();
    rmSync(this.#directory, { recursive: true, force: true });
    const last = this.#output.trim().split('\n').at(-1) ?? '';
    if (!last.includes('longestGapMs')) throw new Error(`the writer did not end in order: ${this.#output}`);
    const summary = JSON.parse(last) as WriterSummary;
    return { ...summary, acks: this.#acks, failures: this.#failures };
  }

  #follow(): void {
    const { acknowledgements, errors } = parseLog(this.#log.more());
    for (const ack of acknowledgements) this.#acks.push(ack);
    for (const error of errors) this.#failures.push(error);
  }
}
