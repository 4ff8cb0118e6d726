import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from './certificate.js';
import { passExchange } from './exchange.js';
import { Gate } from './gate.js';
import { Moments, type Deed, type MomentName } from './moments.js';
import { RuleSet, type Action, type Rule } from './rules.js';
import { passUpgrade } from './upgrade.js';

/** One request as the log has it; times are ms of CLOCK_MONOTONIC. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly at: number;
  /** Code that the client got; undefined: none yet, or none at all. */
  code: number | undefined;
  /** The fault that was played. */
  readonly fault: Action['kind'] | undefined;
}

/** As the API server: an exec at vantage Pod has the whole holder program in its query. */
const maxHeaderSize = 1024 * 1024;

export interface ProxyOptions {
  /** The API server. */
  readonly target: URL;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  readonly certificate: Certificate;
  /** Address to listen on, and port (0: any). */
  readonly host: string;
  readonly port: number;
  /** In [0, 1); seeded, so that a run can be repeated. */
  readonly random: () => number;
}

/** What exchanges and upgrades need of the proxy. */
export interface Passing {
  readonly target: URL;
  readonly ca: string;
  readonly agent: https.Agent;
  readonly gate: Gate;
  /** Resets the connection of a request. */
  reset(request: IncomingMessage): void;
  /** Notes the moment and does what is to be done; resolves when the bytes may go on. */
  at(name: MomentName, when: 'before' | 'after', path: string, cut: () => void): Promise<void>;
  /** Whether the moment has been passed since the triggers were set, and the other not after it. */
  since(name: MomentName, not: MomentName): boolean;
}

/**
 * Stands between a client and the API server: ends TLS, passes everything on unbuffered, and plays the faults that rules and triggers ask
 * for. Clients authenticate by bearer token, which passes through. At most one window at a time can be followed by moments.
 */
export class FaultProxy {
  readonly requests: LoggedRequest[] = [];
  readonly rules: RuleSet;
  readonly moments = new Moments(monotonic);
  readonly #server: https.Server;
  /** By the client's address. The plain sockets: a TLS socket cannot reset, it says good-bye. */
  readonly #sockets = new Map<string, Socket>();
  readonly #gate = new Gate();
  readonly #held = new Gate();
  readonly #passing: Passing;
  #silenceEnds: NodeJS.Timeout | undefined;

  static listen(options: ProxyOptions): Promise<FaultProxy> {
    return new Promise((resolve, reject) => {
      const proxy = new FaultProxy(options);
      proxy.#server.once('error', reject);
      proxy.#server.listen(options.port, options.host, () => resolve(proxy));
    });
  }

  private constructor(options: ProxyOptions) {
    this.rules = new RuleSet(options.random);
    const agent = new https.Agent({ keepAlive: true, timeout: 60_000, ca: options.ca });
    this.#passing = {
      target: options.target,
      ca: options.ca,
      agent,
      gate: this.#gate,
      reset: (request) => void this.#sockets.get(addressOf(request.socket))?.resetAndDestroy(),
      at: (name, when, path, cut) => this.#at(name, when, path, cut),
      since: (name, not) => {
        const names = this.moments.log.map((m) => m.name);
        return names.lastIndexOf(name) > names.lastIndexOf(not);
      },
    };
    this.#server = https.createServer({ ...options.certificate, keepAliveTimeout: 90_000, requestTimeout: 0, maxHeaderSize });
    this.#server.on('connection', (socket: Socket) => {
      const client = addressOf(socket);
      this.#sockets.set(client, socket);
      socket.on('close', () => this.#sockets.delete(client)).on('error', () => undefined);
    });
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => this.#request(request, response));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resets every connection; new ones are accepted. */
  cutAll(): void {
    for (const socket of this.#sockets.values()) socket.resetAndDestroy();
  }

  /** Nothing passes any more, on old and new connections, and nothing is closed; for so long, or until told. */
  silence(silent: boolean, millis?: number): void {
    clearTimeout(this.#silenceEnds);
    if (silent) this.#gate.close();
    else this.#gate.open();
    if (silent && millis !== undefined) this.#silenceEnds = setTimeout(() => this.silence(false), millis);
  }

  /** Lets go what a trigger holds. */
  goOn(): void {
    this.#held.open();
  }

  /** No rule, no trigger, no silence, empty logs. */
  clear(): void {
    this.rules.set([]);
    this.moments.set([]);
    this.requests.length = 0;
    this.silence(false);
    this.goOn();
  }

  async close(): Promise<void> {
    this.clear();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cutAll();
    this.#passing.agent.destroy();
    await closed;
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const { logged, action } = this.#log(request);
    response.on('error', () => undefined);
    void passExchange({ request, response, action, logged }, this.#passing).catch(() => this.#passing.reset(request));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { logged, action } = this.#log(request);
    passUpgrade({ request, socket, head, action, logged }, this.#passing);
  }

  #log(request: IncomingMessage): { logged: LoggedRequest; action: Action | undefined } {
    const method = request.method ?? 'GET';
    const path = request.url ?? '/';
    const action = this.rules.decide(method, path);
    const logged: LoggedRequest = { method, path, at: monotonic(), code: undefined, fault: action?.kind };
    this.requests.push(logged);
    return { logged, action };
  }

  #at(name: MomentName, when: 'before' | 'after', path: string, cut: () => void): Promise<void> {
    for (const deed of this.moments.pass(name, when, path)) this.do(deed, cut);
    return this.#held.passage();
  }

  /** Does it now. `cut` is for the connection in question, if there is one. */
  do(deed: Deed, cut: () => void = () => undefined): void {
    switch (deed.kind) {
      case 'signal':
        process.kill(deed.pid, deed.signal);
        return;
      case 'cut':
        return cut();
      case 'cutAll':
        return this.cutAll();
      case 'silence':
        return this.silence(true, deed.millis);
      case 'rules':
        return this.rules.set(deed.rules as readonly Rule[]);
      case 'hold':
        return this.#held.close();
    }
  }
}

function addressOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
