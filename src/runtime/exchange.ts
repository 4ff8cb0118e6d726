import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { ApiError } from './api-error.js';

/** One request on one connection, without retries. */
export interface Exchange {
  readonly url: URL;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
  readonly signal?: AbortSignal | undefined;
  /** TLS material is the agent's; `false` makes a connection for this request alone. */
  readonly connection: https.Agent | https.RequestOptions;
}

const connectMillis = 10_000;
/** Silence while an answer is due. */
export const answerMillis = 30_000;
const tcpKeepAliveMillis = 30_000;

/**
 * Sends a request and resolves with the head of the answer. Rejects with reason `Unreachable` while no connection was up,
 * otherwise `Unknown`: the server may have acted on it.
 */
export function send(exchange: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { url, body } = exchange;
    const request = https.request({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 443 : url.port,
      path: url.pathname.replace(/\/$/, '') + exchange.path,
      method: exchange.method,
      headers: body === undefined ? exchange.headers : { ...exchange.headers, 'Content-Length': String(body.length) },
      ...(exchange.signal === undefined ? {} : { signal: exchange.signal }),
      ...(exchange.connection instanceof https.Agent ? { agent: exchange.connection } : { ...exchange.connection, agent: false }),
    });
    let connected = false;
    request.on('socket', (socket) => {
      socket.setKeepAlive(true, tcpKeepAliveMillis);
      whenConnected(socket, () => (connected = true), (error) => request.destroy(error));
    });
    request.setNoDelay(true);
    request.setTimeout(answerMillis, () => request.destroy(new Error(`no answer for ${answerMillis / 1000} s`)));
    request.on('error', (error) => reject(lost(exchange, connected, error)));
    request.on('response', resolve);
    request.end(body);
  });
}

function whenConnected(socket: Socket, connected: () => void, fail: (error: Error) => void): void {
  if (!socket.connecting) {
    connected();
    return;
  }
  const timer = setTimeout(() => fail(new Error(`no connection after ${connectMillis / 1000} s`)), connectMillis);
  socket.once('secureConnect', () => {
    clearTimeout(timer);
    connected();
  });
  socket.once('close', () => clearTimeout(timer));
}

function lost(exchange: Exchange, connected: boolean, cause: Error): ApiError {
  const what = `${exchange.method} ${exchange.path.split('?', 1)[0] ?? ''}`;
  return connected
    ? new ApiError({ code: 0, reason: 'Unknown', message: `${what}: the answer was lost: ${cause.message}`, cause })
    : new ApiError({ code: 0, reason: 'Unreachable', message: `${what}: not sent: ${cause.message}`, cause });
}

/** The whole body. Rejects with reason `Unknown` when it ends early, `TooLong` above the limit. */
export function readBody(answer: IncomingMessage, exchange: Pick<Exchange, 'method' | 'path'>, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: Error): void => reject(lost(exchange as Exchange, true, error));
    answer.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        reject(new ApiError({ code: 0, reason: 'TooLong', message: `${exchange.method} ${exchange.path}: answer longer than ${maxBytes} bytes` }));
        answer.destroy();
        return;
      }
      chunks.push(chunk);
    });
    answer.on('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
    answer.on('error', fail);
    answer.on('close', () => fail(new Error('connection closed within the answer')));
  });
}

/** Whether the connection broke while the request was under way, as against silence or refusal. */
export function isReset(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.code !== 0) return false;
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
