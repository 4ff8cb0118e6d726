import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import type { Deed, Moment, MomentName, Trigger } from './moments.js';
import type { LoggedRequest } from './proxy.js';
import type { Rule } from './rules.js';

/** A fault proxy that runs as a process of its own (main.ts), told what to do by its control port. */
export class ProxyProgram {
  readonly #child: ChildProcess;
  readonly #control: string;
  /** Where clients connect. */
  readonly url: string;

  static async start(options: { target: string; pki: string; host?: string; seed?: number }): Promise<ProxyProgram> {
    const { target, pki, host = '127.0.0.1', seed = 1 } = options;
    const argv = ['--import', './tools/ts.mjs', 'test/faults/main.ts', '--target', target, '--pki', pki, '--host', host, '--seed', String(seed)];
    // Its stdin ends with us, and it with its stdin: none outlives a test that was killed.
    const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' } });
    const lines = createInterface({ input: child.stdout });
    const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the fault proxy ended with ${String(code)}`)));
    failed.catch(() => undefined); // ends with the program as a rule
    const [line] = (await Promise.race([once(lines, 'line'), failed])) as [string];
    const { port, control } = JSON.parse(line) as { port: number; control: number };
    return new ProxyProgram(child, `https://${host}:${port}`, `http://127.0.0.1:${control}`);
  }

  private constructor(child: ChildProcess, url: string, control: string) {
    this.#child = child;
    this.url = url;
    this.#control = control;
  }

  /** Replaces all rules. */
  rules(rules: readonly Rule[]): Promise<unknown> {
    return this.#call('PUT', '/rules', rules);
  }

  /** Replaces all triggers and forgets the moments so far. */
  triggers(triggers: readonly Trigger[]): Promise<unknown> {
    return this.#call('PUT', '/triggers', triggers);
  }

  /** Does it now. */
  do(deed: Deed): Promise<unknown> {
    return this.#call('POST', '/do', deed);
  }

  /** Nothing passes while silent, and nothing is closed. */
  silence(silent: boolean): Promise<unknown> {
    return this.#call('POST', '/silence', silent);
  }

  /** Lets go what a trigger holds. */
  goOn(): Promise<unknown> {
    return this.#call('POST', '/continue');
  }

  /** No faults any more, empty logs. */
  clear(): Promise<unknown> {
    return this.#call('POST', '/clear');
  }

  moments(): Promise<Moment[]> {
    return this.#call('GET', '/moments') as Promise<Moment[]>;
  }

  requests(): Promise<LoggedRequest[]> {
    return this.#call('GET', '/requests') as Promise<LoggedRequest[]>;
  }

  /** Waits for the first passage since the triggers were set; throws when it does not come. */
  reached(name: MomentName, when: 'before' | 'after', seconds: number): Promise<Moment> {
    return this.#call('GET', `/reached?${new URLSearchParams({ name, when, seconds: String(seconds) }).toString()}`) as Promise<Moment>;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#control}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const result: unknown = await answer.json();
    if (!answer.ok) throw new Error(`fault proxy, ${method} ${path}: ${(result as { error?: string }).error ?? answer.status}`);
    return result;
  }
}
