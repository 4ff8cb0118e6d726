import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GrowingLog } from '../e2e/lib/growing-log.js';
import { until } from '../e2e/lib/until.js';
import type { Sent } from './history.js';

const running = new Set<Tokens>();

/** Writers that a failed test has left running. */
export async function stopAllTokens(): Promise<void> {
  await Promise.all([...running].map((tokens) => tokens.stop()));
}

/** Starts the writer program against the applications of a namespace; resolves when every lane has an acknowledgement. */
export async function startTokens(namespace: string, apps: string, lanes: number, load = 1): Promise<Tokens> {
  const directory = mkdtempSync(join(tmpdir(), 'stillpoint-proof-'));
  const log = new GrowingLog(join(directory, 'log.jsonl'));
  const argv = ['--import', './tools/ts.mjs', 'test/proof/writer.ts', '--namespace', namespace, '--apps', apps, '--load', String(load), '--log', log.file];
  const child = spawn(process.execPath, argv, { env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const tokens = new Tokens(child, directory, log);
  running.add(tokens);
  await until('every lane has an acknowledgement', () => tokens.lanes() === lanes, 180);
  return tokens;
}

/** A writer that runs. Its log is outside the cluster and outlives whatever happens there. */
export class Tokens {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #log: GrowingLog;
  readonly #history: Sent[] = [];
  #output = '';

  constructor(child: ChildProcess, directory: string, log: GrowingLog) {
    this.#child = child;
    this.#directory = directory;
    this.#log = log;
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
  }

  /** Lanes with an acknowledgement. */
  lanes(): number {
    if (this.#child.exitCode !== null) throw new Error(`the writer has ended: ${this.#output}`);
    return new Set(this.#acknowledged().map((sent) => sent.lane)).size;
  }

  /** Waits for so many more acknowledgements of a lane. */
  async untilMore(lane: number, count: number, seconds: number): Promise<void> {
    const of = (): number => this.#acknowledged().filter((sent) => sent.lane === lane).length;
    const target = of() + count;
    await until(`${count} more tokens of lane ${lane}`, () => of() >= target, seconds, 50);
  }

  /** Ends the writer and returns everything that it recorded. */
  async stop(): Promise<readonly Sent[]> {
    running.delete(this);
    if (this.#child.exitCode === null) {
      const closed = once(this.#child, 'close');
      this.#child.kill('SIGTERM');
      await closed;
    }
    this.#follow();
    rmSync(this.#directory, { recursive: true, force: true });
    if (this.#child.exitCode !== 0) throw new Error(`the writer did not end in order: ${this.#output}`);
    return this.#history;
  }

  #acknowledged(): readonly Sent[] {
    this.#follow();
    return this.#history.filter((sent) => sent.ackedAt !== undefined);
  }

  #follow(): void {
    for (const line of this.#log.more().split('\n')) if (line !== '') this.#history.push(JSON.parse(line) as Sent);
  }
}
