import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../lib/until.js';
import { bedPki } from '../../faults/certificate.js';
import { operatorToken } from './cluster.js';

/** Of an operator's log. */
const keptLines = 4000;

/** What operators of this suite run as and from. */
export interface OperatorHome {
  readonly kubeconfig: string;
  /** The operator of this checkout, in a place of its own: suites beside this one bundle it, too. */
  readonly program: string;
  remove(): void;
}

/** Bundles this checkout, and writes a kubeconfig of the operator's own account at this server. */
export async function operatorHome(server: string): Promise<OperatorHome> {
  const directory = mkdtempSync(join(tmpdir(), 'stillpoint-kill-'));
  execFileSync(process.execPath, ['tools/bundle.mjs', directory], { stdio: ['ignore', 'ignore', 'pipe'] });
  const kubeconfig = join(directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'faults',
    clusters: [{ name: 'faults', cluster: { server, 'certificate-authority-data': readFileSync(join(bedPki(), 'ca.crt')).toString('base64') } }],
    users: [{ name: 'operator', user: { token: await operatorToken() } }],
    contexts: [{ name: 'faults', context: { cluster: 'faults', user: 'operator' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return { kubeconfig, program: join(directory, 'stillpoint.mjs'), remove: () => rmSync(directory, { recursive: true, force: true }) };
}

const running = new Set<OperatorProcess>();

/** Operators that a failed test has left. */
export async function stopAllOperators(): Promise<void> {
  await Promise.all([...running].map((operator) => operator.kill()));
}

/** A line of the operator's log. */
interface LogLine {
  readonly level: string;
  readonly message: string;
}

/** The real operator as a child process of the test, so that it can be killed at a point that only the test knows. */
export class OperatorProcess {
  readonly log: string[] = [];
  /** Wall clock, ms. */
  readonly startedAt = Date.now();
  readonly #child: ChildProcess;
  readonly #messages = new Set<string>();

  /** Starts it and goes on; {@link leads} waits. `settings`: further variables of its environment. */
  static async start(home: OperatorHome, name: string, settings: Readonly<Record<string, string>> = {}): Promise<OperatorProcess> {
    const [metricsPort, probePort] = await Promise.all([freePort(), freePort()]);
    const env = {
      PATH: process.env['PATH'],
      KUBECONFIG: home.kubeconfig,
      POD_NAME: name,
      LOG_LEVEL: 'debug',
      METRICS_PORT: String(metricsPort),
      PROBE_PORT: String(probePort),
      ...settings,
    };
    return new OperatorProcess(spawn(process.execPath, ['--enable-source-maps', '--import', './test/e2e/kill/clock-step.mjs', home.program], { env, stdio: ['ignore', 'inherit', 'pipe'] }));
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    running.add(this);
    if (child.stderr === null) throw new Error('no log');
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.log.push(line);
      if (this.log.length > keptLines) this.log.splice(0, keptLines / 2);
      this.#messages.add(messageOf(line));
    });
    child.once('exit', () => running.delete(this));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the operator was not started');
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits until it leads. */
  leads(seconds = 40): Promise<void> {
    return this.says('became leader', seconds);
  }

  /** Waits for a message of its log. */
  async says(message: string, seconds: number): Promise<void> {
    await until(`the operator says: ${message}`, () => this.#said(message), seconds).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.log.slice(-20).join('\n')}`, { cause: error });
    });
  }

  /** Waits for its end; the signal that ended it, or its exit code. */
  async ended(seconds: number): Promise<string | number> {
    await until('the operator has ended', () => !this.alive, seconds);
    return this.#child.signalCode ?? this.#child.exitCode ?? -1;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.alive) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    if (signal === 'SIGKILL') this.#child.kill('SIGCONT');
    await ended;
  }

  #said(message: string): boolean {
    if (!this.alive) throw new Error('the operator has ended');
    return this.#messages.has(message);
  }
}

function messageOf(line: string): string {
  try {
    return (JSON.parse(line) as LogLine).message;
  } catch {
    return line; // not of its logger: Node's own words
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
