import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ErrorCode } from '../../api/errors.js';
import { classify, inVain, isLeftOut, type ResticEnd } from './classify.js';
import { readLine, type ResticMessage } from './output.js';

/** What a call of restic came to. */
export interface ResticRun extends ResticEnd {
  readonly stdout: string;
  readonly messages: readonly ResticMessage[];
  /** What went wrong; undefined when nothing did. */
  readonly code: ErrorCode | undefined;
  /** What it says of a snapshot that it could not read, and left out; it succeeds all the same. */
  readonly leftOut: string | undefined;
}

/** Kept of stderr. */
const saidBytes = 16 * 1024;
/** Kept of stdout, where lists and documents are printed. */
const maxOutput = 64 * 1024 * 1024;
/** How long it is tried in vain before a call is ended: a server that is restarted says strange things for some seconds. */
const vainMillis = 45_000;

/** Calls that can be interrupted, so that restic takes its locks away. */
export class Restic {
  readonly #program: string;
  readonly #environment: Readonly<Record<string, string>>;
  #child: ReturnType<typeof spawn> | undefined;

  constructor(program: string, environment: Readonly<Record<string, string>>) {
    this.#program = program;
    this.#environment = environment;
  }

  /** Ends what runs, in order. */
  interrupt(): void {
    this.#child?.kill('SIGINT');
  }

  /** Runs it to its end; rejects only when the program cannot be started. `onMessage` hears each line that says something. */
  run(args: readonly string[], onMessage: (message: ResticMessage) => void = () => undefined): Promise<ResticRun> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.#program, args, { env: { ...this.#environment }, stdio: ['ignore', 'pipe', 'pipe'] });
      this.#child = child;
      const heard = new Heard(onMessage, () => child.kill('SIGINT'));
      createInterface({ input: child.stdout }).on('line', (line) => heard.out(line));
      createInterface({ input: child.stderr }).on('line', (line) => heard.err(line));
      child.on('error', reject);
      child.on('close', (exitCode) => {
        this.#child = undefined;
        resolve(heard.end(exitCode ?? 130));
      });
    });
  }
}

/** Collects what restic says, and notices when it tries in vain. */
class Heard {
  readonly #onMessage: (message: ResticMessage) => void;
  readonly #giveUp: () => void;
  readonly #messages: ResticMessage[] = [];
  #stdout = '';
  #said = '';
  #vain: { readonly code: ErrorCode; readonly since: number; readonly line: string } | undefined;
  #gaveUp = false;
  #leftOut: string | undefined;

  constructor(onMessage: (message: ResticMessage) => void, giveUp: () => void) {
    this.#onMessage = onMessage;
    this.#giveUp = giveUp;
  }

  out(line: string): void {
    const message = readLine(line);
    // There may be very many of these.
    if (message?.kind === 'progress' || message?.kind === 'node') return this.#onMessage(message);
    if (message !== undefined) this.#keep(message);
    else if (this.#stdout.length < maxOutput) this.#stdout += `${line}\n`;
  }

  err(line: string): void {
    this.#said = `${this.#said}${line}\n`.slice(-saidBytes);
    const message = readLine(line);
    if (message !== undefined) this.#keep(message);
    if (isLeftOut(line)) this.#leftOut ??= line;
    const code = inVain(line);
    if (code === undefined) return;
    if (this.#vain?.code !== code) this.#vain = { code, since: Date.now(), line };
    else if (Date.now() - this.#vain.since > vainMillis && !this.#gaveUp) {
      this.#gaveUp = true;
      this.#giveUp();
    }
  }

  end(exitCode: number): ResticRun {
    const exit = this.#messages.find((m) => m.kind === 'exit');
    let said = this.#gaveUp && this.#vain !== undefined ? this.#vain.line : (exit?.message ?? this.#said);
    const code = exitCode === 0 ? undefined : this.#gaveUp ? this.#vain?.code : classify({ exitCode, said: `${said}\n${this.#said}` });
    if (said === '' && exitCode !== 0) said = exitCode === 130 ? 'restic was told to stop' : `restic ended with exit code ${exitCode} without a word`;
    return { exitCode, said, stdout: this.#stdout, messages: this.#messages, code, leftOut: this.#leftOut };
  }

  #keep(message: ResticMessage): void {
    if (this.#messages.length < 1000) this.#messages.push(message);
    this.#onMessage(message);
  }
}
