import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { endCommand, programInput, type EndReason } from '../../../src/hooks/hold/holder-input.js';

/** The program as the operator sends it. */
export const program = readFileSync(new URL('../../../src/hooks/hold/holder.sh', import.meta.url), 'utf8');

/** Shells that the program must run on, with the words that start each with a program text. */
export const shells: readonly (readonly [string, readonly string[]])[] = [
  ['dash', ['dash', '-c']],
  ['bash', ['bash', '-c']],
  ['busybox', ['busybox', 'ash', '-c']],
];

/** A mount point on every machine, and quick to sync. */
export const someMount = '/proc';

export interface Event {
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
}

/** True as soon as the condition is; false when it is not within the time. */
export async function eventually(milliseconds: number, condition: () => boolean): Promise<boolean> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(5)) {
    if (condition()) return true;
  }
  return condition();
}

/** A server that counts in a file, unless there is a file `fence`, and forks all the time; its process name is its own. */
export class Server {
  readonly comm = `st${randomBytes(5).toString('hex')}`;
  readonly directory = mkdtempSync(join(tmpdir(), 'holder-sh-'));
  readonly #started: number[] = [];
  readonly #path = join(this.directory, this.comm);

  constructor() {
    writeFileSync(
      this.#path,
      `#!/bin/sh\ncd ${this.directory}\n(while :; do sleep 0.02; done) &\nn=0\nwhile :; do [ -e fence ] || { n=$((n + 1)); echo $n >count; }; sleep 0.005; done\n`,
    );
    chmodSync(this.#path, 0o700);
  }

  /** Starts it (or another one beside it), by the words given or directly, and waits until it counts. Returns its pid. */
  async start(words: readonly string[] = []): Promise<number> {
    rmSync(join(this.directory, 'count'), { force: true });
    const [command, ...args] = [...words, this.#path];
    const child = spawn(command ?? this.#path, args, { detached: true, stdio: 'ignore' });
    if (child.pid === undefined) throw new Error(`cannot start ${this.comm}`);
    this.#started.push(child.pid);
    if (!(await eventually(5000, () => existsSync(join(this.directory, 'count'))))) throw new Error('the server does not count');
    return child.pid;
  }

  count(): string {
    return readFileSync(join(this.directory, 'count'), 'utf8');
  }

  /** Does it count on within the time? */
  async runs(milliseconds = 1000): Promise<boolean> {
    const before = this.count();
    return eventually(milliseconds, () => this.count() !== before && this.count() !== '');
  }

  async still(): Promise<boolean> {
    return !(await this.runs(80));
  }

  /** Somebody lets every process of the server go. */
  resume(): void {
    for (const leader of this.#started) signalGroup(leader, 'SIGCONT');
  }

  /** Ends every process of the server, also stopped ones. */
  kill(pid?: number): void {
    for (const leader of pid === undefined ? this.#started.splice(0) : [pid]) signalGroup(leader, 'SIGKILL');
  }

  remove(): void {
    this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** One holder with its stream. */
export class Holder {
  readonly child: ChildProcessWithoutNullStreams;
  readonly #events: Event[] = [];
  readonly exited: Promise<number | null>;
  readonly id: string;
  #stderr = '';

  constructor(id: string, command: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.id = id;
    const [file = '', ...args] = command;
    this.child = spawn(file, args, { env });
    this.child.stdin.on('error', () => undefined); // a command to a holder that has ended
    this.child.stderr.on('data', (data: Buffer) => (this.#stderr += data.toString()));
    createInterface({ input: this.child.stdout }).on('line', (line) => this.#events.push(parse(id, line)));
    this.child.on('error', (error) => (this.#stderr += String(error))); // the shell is missing
    this.exited = new Promise((resolve) => this.child.on('close', resolve));
  }

  send(...commands: string[]): void {
    for (const command of commands) this.child.stdin.write(`${command}\n`);
  }

  /** The next event that is no beat. */
  async next(milliseconds = 8000): Promise<Event> {
    const isNext = (event: Event): boolean => event.name !== 'beat';
    if (!(await eventually(milliseconds, () => this.#events.some(isNext)))) throw new Error(`no event in time; stderr: ${this.#stderr}`);
    return this.#events.splice(0, this.#events.findIndex(isNext) + 1).at(-1)!;
  }

  /** Warm-up, arm and freeze; returns the `frozen` event. */
  async freeze(): Promise<Event> {
    this.send('sync', 'arm', 'freeze');
    for (const wanted of ['ready', 'synced', 'armed']) {
      const event = await this.next();
      if (event.name !== wanted) throw new Error(`${JSON.stringify(event)} instead of ${wanted}; stderr: ${this.#stderr}`);
    }
    return this.next();
  }

  stderr(): string {
    return this.#stderr;
  }
}

function parse(id: string, line: string): Event {
  const [sentinel, named, name, ...pairs] = line.split(' ');
  if (sentinel !== 'STILL1' || named !== id || name === undefined) return { name: `garbage: ${line}`, values: {} };
  const values = pairs.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), decodeURIComponent(pair.slice(at + 1))];
  });
  return { name, values: Object.fromEntries(values) };
}

/** What `<id> end <why>` prints, with the program on stdin as the operator sends it. */
export function endFromOutside(shell: readonly string[], id: string, why: EndReason, input = `${programInput(program)}\n`): string {
  const [file = 'sh', ...words] = shell;
  const [, , ...command] = endCommand({ id, vantage: 'Pod', exec: { namespace: '', pod: '', container: '' } }, why).command;
  return execFileSync(file, [...words, ...command], { encoding: 'utf8', input }).trim();
}

/** Processes that have the id among their arguments: holder or guard of that hold. */
export function processesOf(id: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(id);
    } catch {
      return false; // ended meanwhile
    }
  });
}

/** Where holds keep their state on this machine. */
export function stateOf(id: string): string | undefined {
  return ['/dev/shm', '/run', '/tmp'].map((base) => join(base, 'stillpoint', id)).find((path) => existsSync(path));
}

/** A group that is gone already is no error. */
function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
