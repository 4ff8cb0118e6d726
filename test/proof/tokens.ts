import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GrowingLog } from '../e2e/lib/growing-log.js';
import { until } from '../e2e/lib/until.js';
import { monotonicMs } from '../apps/postgresql/history.js';
import { gapsBetween, type Sent } from './history.js';
import type { Lane } from './lanes.js';

const running = new Set<Tokens>();

/** Writers that a failed test has left running. */
export async function stopAllTokens(): Promise<void> {
  await Promise.all([...running].map((tokens) => tokens.stop()));
}

/** How the writer writes. */
export interface Pace {
  /** Lanes of each member beside the ring. Default: 1. */
  readonly load?: number;
  /** How long a lane rests after each acknowledgement, ms. Default: not at all. */
  readonly restMillis?: number;
}

/** A moment of a writer's run. */
export interface Mark {
  /** On the clock of the writer, ms. */
  readonly at: number;
  /** Tokens whose fate was known then. */
  readonly tokens: number;
}

/** What clients saw since a moment. */
export interface Stretch {
  /** Longest time without an acknowledgement of each lane, ms; one that goes on counts. */
  readonly gaps: ReadonlyMap<number, number>;
  readonly failures: readonly Sent[];
}

/** Starts the writer program on lanes over the applications of a namespace; resolves when every lane has an acknowledgement. */
export async function startTokens(namespace: string, apps: string, lanes: readonly Lane[], { load = 1, restMillis = 0 }: Pace = {}): Promise<Tokens> {
  const ring = lanes[0]?.id;
  if (ring === undefined) throw new Error('a writer needs lanes');
  const directory = mkdtempSync(join(tmpdir(), 'stillpoint-proof-'));
  const log = new GrowingLog(join(directory, 'log.jsonl'));
  const argv = ['--import', './tools/ts.mjs', 'test/proof/writer.ts', '--namespace', namespace, '--apps', apps, '--load', String(load), '--rest', String(restMillis), '--first-lane', String(ring), '--log', log.file];
  const child = spawn(process.execPath, argv, { env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const tokens = new Tokens(child, directory, log, ring);
  running.add(tokens);
  await until('every lane has an acknowledgement', () => tokens.lanes() === lanes.length, 180);
  return tokens;
}

/** A writer that runs. Its log is outside the cluster and outlives whatever happens there. */
export class Tokens {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #log: GrowingLog;
  /** Id of the lane over all members. */
  readonly #ring: number;
  readonly #history: Sent[] = [];
  /** Of each lane: its newest acknowledgement, and how many there are. */
  readonly #acknowledged = new Map<number, { newest: Sent; count: number }>();
  #output = '';

  constructor(child: ChildProcess, directory: string, log: GrowingLog, ring: number) {
    this.#child = child;
    this.#directory = directory;
    this.#log = log;
    this.#ring = ring;
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
  }

  /** Lanes with an acknowledgement. */
  lanes(): number {
    this.#follow();
    return this.#acknowledged.size;
  }

  /** Everything so far. */
  history(): readonly Sent[] {
    this.#follow();
    return [...this.#history];
  }

  /** This moment. */
  mark(): Mark {
    this.#follow();
    return { at: monotonicMs(), tokens: this.#history.length };
  }

  /** What clients have seen since a moment. */
  since({ at, tokens }: Mark): Stretch {
    this.#follow();
    const part = this.#history.slice(tokens);
    return { gaps: gapsBetween([...this.#acknowledged.keys()], part, at, monotonicMs()), failures: part.filter((sent) => sent.error !== undefined) };
  }

  /** Waits until every lane has an acknowledgement of a token that was sent after now: every member of every database takes writes. */
  async untilWritesAgain(seconds: number): Promise<void> {
    const now = monotonicMs();
    let silent: number[] = [];
    await until('every lane is acknowledged again', () => {
      this.#follow();
      silent = [...this.#acknowledged].filter(([, { newest }]) => newest.sentAt <= now).map(([lane]) => lane);
      return silent.length === 0;
    }, seconds, 10).catch((error: unknown) => Promise.reject(new Error(`${String(error)}; silent: ${silent.join(', ')}`, { cause: error })));
  }

  /** Waits for so many more acknowledgements of the ring. */
  async untilRing(count: number, seconds: number): Promise<void> {
    const of = (): number => {
      this.#follow();
      return this.#acknowledged.get(this.#ring)?.count ?? 0;
    };
    const target = of() + count;
    await until(`${count} more tokens of the ring`, () => of() >= target, seconds, 50);
  }

  /** Ends the writer and returns everything that it recorded. */
  async stop(): Promise<readonly Sent[]> {
    running.delete(this);
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const closed = once(this.#child, 'close');
      this.#child.kill('SIGTERM');
      await closed;
    }
    this.#read();
    rmSync(this.#directory, { recursive: true, force: true });
    if (this.#child.exitCode !== 0) throw new Error(`the writer did not end in order: ${this.#output}`);
    return this.#history;
  }

  /** Reads what has come. Throws when the writer has ended by itself. */
  #follow(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error(`the writer has ended: ${this.#output}`);
    this.#read();
  }

  #read(): void {
    for (const line of this.#log.more().split('\n')) {
      if (line === '') continue;
      const sent = JSON.parse(line) as Sent;
      this.#history.push(sent);
      if (sent.ackedAt !== undefined) this.#acknowledged.set(sent.lane, { newest: sent, count: (this.#acknowledged.get(sent.lane)?.count ?? 0) + 1 });
    }
  }
}
