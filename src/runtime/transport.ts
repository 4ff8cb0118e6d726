import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { ApiError, errorFromAnswer } from './api-error.js';
import type { Clock } from './clock.js';
import { sleep } from './clock.js';
import type { ClusterConfig, Credentials, TlsMaterial } from './config.js';
import { isReset, readBody, send } from './exchange.js';

/** One request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** A question, whatever its method: the server keeps nothing of it, so that it may be asked again. Default: what is not GET may not. */
  readonly question?: boolean;
  readonly signal?: AbortSignal;
  /** Longer answers fail with reason `TooLong`. Default: 256 MiB. */
  readonly maxBytes?: number;
}

export interface ApiAnswer {
  readonly code: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Connections to one API server. */
export interface Transport {
  /** Sends, retries as allowed, and resolves with a 2xx answer; rejects with ApiError otherwise. */
  request(request: ApiRequest): Promise<ApiAnswer>;
  /** Opens an unpooled connection and resolves with the 2xx answer's body as a stream (watches, logs). No retry, no time limit. */
  stream(request: ApiRequest): Promise<IncomingMessage>;
  /** Opens a connection now for one later request; these headers are tried on it. */
  reserve(headers: Readonly<Record<string, string>>): Reservation;
  /** What another protocol on the same server needs (WebSocket). */
  endpoint(): Promise<Endpoint>;
  /** Closes every connection; later requests fail. */
  close(): void;
}

/** A warm connection for exactly one request. Without use it closes by itself after 60 s. */
export interface Reservation {
  /** Resolves when the connection is up; never rejects: after a failed warm-up the request makes its own. */
  readonly ready: Promise<void>;
  send(request: ApiRequest): Promise<ApiAnswer>;
  release(): void;
}

/** Where the API server is and how to speak to it. */
export interface Endpoint {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

export interface TransportOptions {
  readonly clock: Clock;
  /** `name/version`. */
  readonly userAgent: string;
  /** Told of every answer; code `<error>` when there was none (client-go's word). */
  readonly observe?: (request: { method: string; code: string; host: string }) => void;
}

const maxRetries = 10;
/** Below the 90 s after which kube-apiserver closes idle connections: a request must not meet a closing one. */
const idleMillis = 60_000;
const defaultMaxBytes = 256 * 1024 * 1024;

/** Keep-alive connections to the API server of `config`. */
export function createTransport(config: ClusterConfig, options: TransportOptions): Transport {
  return new HttpsTransport(config, options);
}

class HttpsTransport implements Transport {
  readonly #config: ClusterConfig;
  readonly #options: TransportOptions;
  #pool: { readonly tlsId: string; readonly agent: https.Agent } | undefined;
  readonly #open = new Set<{ destroy(): void }>();
  #closed = false;

  constructor(config: ClusterConfig, options: TransportOptions) {
    this.#config = config;
    this.#options = options;
  }

  request(request: ApiRequest): Promise<ApiAnswer> {
    return this.#withRetries(request, (credentials) => this.#agent(credentials));
  }

  async stream(request: ApiRequest): Promise<IncomingMessage> {
    const credentials = await this.#config.credentials();
    const answer = await this.#send(request, credentials, credentials.tls);
    answer.socket.setTimeout(0);
    this.#open.add(answer);
    answer.on('close', () => this.#open.delete(answer));
    if (!isSuccess(answer)) await this.#fail(request, answer);
    return answer;
  }

  reserve(headers: Readonly<Record<string, string>>): Reservation {
    let agent: https.Agent | undefined;
    const own = (credentials: Credentials): https.Agent => (agent ??= this.#track(newAgent(credentials.tls, 1)));
    const held = { destroy: (): void => expire() };
    const release = (): void => {
      this.#open.delete(held);
      if (agent === undefined) return;
      this.#open.delete(agent);
      agent.destroy();
    };
    const expire = this.#options.clock.after(idleMillis, release);
    // Its timer ends with the transport as well.
    this.#open.add(held);
    return {
      // Any answer at all means that the connection is up; the request itself will tell what is wrong.
      ready: this.#once({ method: 'GET', path: '/version', headers }, own).then(ignore, ignore),
      send: async (request) => {
        expire();
        try {
          return await this.#withRetries(request, own);
        } finally {
          release();
        }
      },
      release: () => {
        expire();
        release();
      },
    };
  }

  async endpoint(): Promise<Endpoint> {
    const { headers, tls } = await this.#config.credentials();
    return { url: this.#config.server, headers: { ...headers, 'User-Agent': this.#options.userAgent }, tls };
  }

  close(): void {
    this.#closed = true;
    for (const open of this.#open) open.destroy();
    this.#open.clear();
  }

  async #withRetries(request: ApiRequest, agentOf: (credentials: Credentials) => https.Agent): Promise<ApiAnswer> {
    for (let retries = 0; ; retries += 1) {
      try {
        return await this.#once(request, agentOf);
      } catch (error) {
        const delay = retries < maxRetries ? retryDelay(error, request, retries) : undefined;
        if (delay === undefined) throw error;
        await sleep(this.#options.clock, delay, request.signal);
      }
    }
  }

  async #once(request: ApiRequest, agentOf: (credentials: Credentials) => https.Agent): Promise<ApiAnswer> {
    let credentials = await this.#config.credentials();
    let answer = await this.#send(request, credentials, agentOf(credentials));
    if (answer.statusCode === 401) {
      // A token that was rotated since we read it.
      answer.resume();
      credentials = await this.#config.credentials(true);
      answer = await this.#send(request, credentials, agentOf(credentials));
    }
    if (!isSuccess(answer)) return this.#fail(request, answer);
    const body = await readBody(answer, request, request.maxBytes ?? defaultMaxBytes);
    return { code: answer.statusCode ?? 0, contentType: answer.headers['content-type'] ?? '', body };
  }

  async #send(request: ApiRequest, credentials: Credentials, connection: https.Agent | TlsMaterial): Promise<IncomingMessage> {
    if (this.#closed) throw new ApiError({ code: 0, reason: 'Unreachable', message: 'the transport is closed' });
    const { method, path, body, signal } = request;
    const headers = { 'User-Agent': this.#options.userAgent, Accept: 'application/json', ...credentials.headers, ...request.headers };
    let code = '<error>';
    try {
      const answer = await send({ url: this.#config.server, method, path, headers, body, signal, connection });
      code = String(answer.statusCode);
      return answer;
    } finally {
      this.#options.observe?.({ method, code, host: this.#config.server.host });
    }
  }

  async #fail(request: ApiRequest, answer: IncomingMessage): Promise<never> {
    const body = await readBody(answer, request, defaultMaxBytes);
    throw errorFromAnswer(answer.statusCode ?? 0, body.toString('utf8'), answer.headers['retry-after']);
  }

  #agent(credentials: Credentials): https.Agent {
    if (this.#pool?.tlsId !== credentials.tlsId) {
      // The old agent's connections end by their idle limit, once their requests are answered.
      this.#pool = { tlsId: credentials.tlsId, agent: this.#track(newAgent(credentials.tls, 64)) };
    }
    return this.#pool.agent;
  }

  #track(agent: https.Agent): https.Agent {
    this.#open.add(agent);
    return agent;
  }
}

function newAgent(tls: TlsMaterial, maxSockets: number): https.Agent {
  return new https.Agent({ keepAlive: true, keepAliveMsecs: 30_000, maxSockets, maxFreeSockets: 16, timeout: idleMillis, scheduling: 'lifo', ...tls });
}

function isSuccess(answer: IncomingMessage): boolean {
  const code = answer.statusCode ?? 0;
  return code >= 200 && code < 300;
}

/**
 * Milliseconds to wait before the request may be sent again; undefined: not at all. As client-go (rest/with_retry.go): only when
 * the server asks for it, and a question whose connection broke.
 */
export function retryDelay(error: unknown, { method, question }: Pick<ApiRequest, 'method' | 'question'>, retries: number): number | undefined {
  if (!(error instanceof ApiError)) return undefined;
  if (error.retryAfterSeconds !== undefined && (error.code === 429 || error.code >= 500)) return error.retryAfterSeconds * 1000;
  if ((method !== 'GET' && question !== true) || !isReset(error)) return undefined;
  // The first reset is most often a kept connection that the server closed just then.
  return retries === 0 ? 0 : 1000;
}

function ignore(): void {
  return undefined;
}
