import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Exec, ExecOptions, ExecOutcome, ExecResult, ExecStream, ExecTarget } from '../../../src/runtime/exec.js';

/** How a command of a target is run on this machine. */
export type Localize = (target: ExecTarget) => { file: string; args: readonly string[]; env?: NodeJS.ProcessEnv };

/** One program that an exec started, for tests that interfere. */
export interface Started {
  readonly target: ExecTarget;
  readonly child: ChildProcessWithoutNullStreams;
}

/** Exec on this machine: the real holder programs as child processes, without a cluster. */
export class LocalExec implements Exec {
  readonly started: Started[] = [];
  readonly #localize: Localize;

  constructor(localize: Localize) {
    this.#localize = localize;
  }

  async open(target: ExecTarget, options: ExecOptions = {}): Promise<ExecStream> {
    const child = await this.#start(target);
    const stream = new LocalStream(child);
    options.signal?.addEventListener('abort', () => stream.close(), { once: true });
    return stream;
  }

  async run(target: ExecTarget, options: ExecOptions & { stdin?: string } = {}): Promise<ExecResult> {
    const child = await this.#start(target);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.stdin.end(options.stdin ?? '');
    return { outcome: await outcomeOf(child), stdout, stderr, truncated: false };
  }

  async #start(target: ExecTarget): Promise<ChildProcessWithoutNullStreams> {
    const { file, args, env } = this.#localize(target);
    const child = spawn(file, args, { env: { ...process.env, ...env } });
    child.stdin.on('error', () => undefined); // a program that ended reads no more; its outcome tells
    await once(child, 'spawn');
    this.started.push({ target, child });
    return child;
  }
}

class LocalStream implements ExecStream {
  readonly outcome: Promise<ExecOutcome>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #settleLost: (outcome: ExecOutcome) => void;
  #open = true;
  #stderr = '';
  #onLine: (line: string) => void = () => undefined;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    let settleLost: (outcome: ExecOutcome) => void = () => undefined;
    const lost = new Promise<ExecOutcome>((resolve) => (settleLost = resolve));
    this.#settleLost = settleLost;
    this.outcome = Promise.race([outcomeOf(child), lost]).finally(() => (this.#open = false));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (this.#open) this.#onLine(line);
    });
    child.stderr.on('data', (data: Buffer) => (this.#stderr = (this.#stderr + data.toString()).slice(-4096)));
  }

  send(line: string): void {
    if (!this.#open) throw new Error('stream is closed');
    this.#child.stdin.write(`${line}\n`);
  }

  onLine(callback: (line: string) => void): void {
    this.#onLine = callback;
  }

  endInput(): void {
    this.#child.stdin.end();
  }

  /** As when the connection is cut: nothing is heard any more, the program reads the end of its input. */
  close(): void {
    this.#open = false;
    this.#child.stdin.end();
    this.#settleLost({ kind: 'lost', why: 'closed here' });
  }

  stderr(): string {
    return this.#stderr;
  }
}

async function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<ExecOutcome> {
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return code === null ? { kind: 'failed', reason: 'Signalled', message: String(signal) } : { kind: 'exited', code };
}
