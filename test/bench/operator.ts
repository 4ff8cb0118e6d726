import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { OperatorHome } from '../e2e/kill/operator-process.js';

/** What the probe in the operator answers: lag since the last question in ms, memory in bytes. */
export interface Reading {
  readonly loop: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly rss: number;
  readonly heapUsed: number;
}

const metricsPort = 18_080;

/** The real operator, bundled, as a child of the bench. */
export class BenchOperator {
  readonly #child: ChildProcess;
  readonly #seen = new Map<string, number>();
  readonly #begin = performance.now();
  #notify = (): void => undefined;

  constructor(home: OperatorHome) {
    const env = { PATH: process.env['PATH'], KUBECONFIG: home.kubeconfig, POD_NAME: 'bench', METRICS_PORT: String(metricsPort), PROBE_PORT: String(metricsPort + 1) };
    this.#child = spawn(process.execPath, ['--expose-gc', '--max-old-space-size=384', '--import', './test/bench/probe.mjs', home.program], { env, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    if (this.#child.stderr === null) throw new Error('no log');
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#read(line));
    this.#child.once('exit', () => this.#notify());
  }

  /** Seconds from the start until it logged the message. */
  async said(message: string, seconds: number): Promise<number> {
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), seconds * 1000);
    while (!this.#seen.has(message)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error(`the operator ended before it said "${message}"`);
      await new Promise<void>((resolve) => (this.#notify = resolve));
    }
    clearTimeout(limit);
    return this.#seen.get(message) ?? NaN;
  }

  /** With `collect` garbage goes first, so that what is counted is in use. */
  async reading(collect = false): Promise<Reading> {
    const answer = once(this.#child, 'message');
    this.#child.send({ collect });
    const [reading] = (await answer) as [Reading];
    return reading;
  }

  /** Sum of the samples of a metric whose labels contain the text. */
  async metric(name: string, labels: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    const samples = text.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(labels));
    return samples.map((line) => Number(line.slice(line.lastIndexOf(' ')))).reduce((a, b) => a + b, 0);
  }

  /** Seconds since the start. */
  age(): number {
    return (performance.now() - this.#begin) / 1000;
  }

  /** The most memory that was resident at a time, bytes. */
  peakResident(): number {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.#child.pid ?? 0}/status`, 'utf8'))?.[1] ?? NaN) * 1024;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }

  #read(line: string): void {
    const message = messageOf(line);
    if (message === undefined) console.error(line);
    else if (!this.#seen.has(message)) this.#seen.set(message, (performance.now() - this.#begin) / 1000);
    this.#notify();
  }
}

function messageOf(line: string): string | undefined {
  try {
    return (JSON.parse(line) as { message: string }).message;
  } catch {
    return undefined; // not of its logger: Node's own words
  }
}
