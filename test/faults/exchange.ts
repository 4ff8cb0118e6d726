import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import { finished } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { piecewise, type Passed } from './gate.js';
import type { MomentName } from './moments.js';
import type { LoggedRequest, Passing } from './proxy.js';
import type { Action } from './rules.js';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly action: Action | undefined;
  readonly logged: LoggedRequest;
}

/** Passes one request and its answer, body by body as they come, with the fault that was decided for it. */
export async function passExchange(exchange: Exchange, passing: Passing): Promise<void> {
  const { request, response, action, logged } = exchange;
  if (action?.kind === 'answer') return answer(exchange, action);
  if (action?.kind === 'reset' && action.when === 'before') return passing.reset(request);
  if (action?.kind === 'halfOpen') return;
  const points = pointsOf(exchange, passing);
  const gone = new AbortController();
  const cut = (): void => {
    gone.abort();
    passing.reset(request);
  };
  for (const point of points) await passing.at(point, 'before', logged.path, cut);
  await passing.gate.passage();
  // Cut before the point: the server never hears of it.
  if (gone.signal.aborted) return;
  const upstream = await forward(exchange, passing);
  for (const point of points) await passing.at(point, 'after', logged.path, cut);
  if (action?.kind === 'reset') {
    await finished(upstream.resume());
    return passing.reset(request);
  }
  if (action?.kind === 'delay' && action.headMillis !== undefined) await pause(action.headMillis);
  await passing.gate.passage();
  logged.code = upstream.statusCode;
  response.writeHead(upstream.statusCode ?? 502, upstream.rawHeaders);
  response.flushHeaders();
  const body = piecewise(steps(exchange, passing), () => passing.reset(request));
  upstream.on('error', () => passing.reset(request));
  upstream.on('close', () => {
    // An answer that the server breaks off must not look whole.
    if (!upstream.complete && !body.readableEnded) passing.reset(request);
  });
  body.on('error', () => passing.reset(request));
  upstream.pipe(body).pipe(response);
}

function answer({ response, request, logged }: Exchange, { code, retryAfterSeconds }: Extract<Action, { kind: 'answer' }>): void {
  const reasons: Record<number, string> = { 410: 'Expired', 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServiceUnavailable', 504: 'Timeout' };
  const details = retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } };
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: `fault proxy: ${code}`, reason: reasons[code] ?? 'Unknown', code, ...details };
  logged.code = code;
  request.resume();
  response.writeHead(code, { 'Content-Type': 'application/json', ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }) });
  response.end(JSON.stringify(status));
}

/** The moments that a request is. */
function pointsOf({ logged: { method, path } }: Exchange, passing: Passing): MomentName[] {
  const posted = method === 'POST' && /\/namespaces\/[^/]+\/volume(group)?snapshots(\?|$)/.test(path);
  const status = (method === 'PATCH' || method === 'PUT') && /\/appsnapshots\/[^/]+\/status(\?|$)/.test(path);
  return [
    ...(method !== 'GET' && !keepsNothing.test(path) ? (['write'] as const) : []),
    ...(posted ? (['cut posted'] as const) : []),
    ...(status && passing.since('release sent', 'status written') ? (['status written'] as const) : []),
  ];
}

/** Asked, not told; and what has nothing to do with an object's life. */
const keepsNothing = /\/leases|\/events|accessreviews|dryRun=/;

/** Sends the request on; its answer's head. The server sees the end of the client. */
function forward({ request, response }: Exchange, { target, agent }: Passing): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const upstream = https.request({ host: target.hostname, port: target.port, method: request.method, path: request.url, headers: request.rawHeaders, agent });
    upstream.on('error', reject);
    upstream.on('response', resolve);
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  });
}

const newline = 0x0a;
const expired = Buffer.from(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'too old resource version: 1 (2)', reason: 'Expired', code: 410 } })}\n`);

/** The way of one chunk of an answer's body. */
function steps({ action, logged: { path }, request }: Exchange, passing: Passing): (chunk: Buffer) => Promise<Passed> {
  const observesCuts = /\/volume(group)?snapshotcontents\?.*watch=true/.test(path);
  const cut = (): void => passing.reset(request);
  let lines = 0;
  let bytes = 0;
  return async (chunk) => {
    await passing.gate.passage();
    if (action?.kind === 'delay' && action.chunkMillis !== undefined) await pause(action.chunkMillis);
    if (action?.kind === 'cutBody') {
      const rest = action.afterBytes - bytes;
      bytes += chunk.length;
      return bytes > action.afterBytes ? { pieces: [chunk.subarray(0, Math.max(0, rest))], end: 'reset' } : { pieces: [chunk] };
    }
    if (action?.kind === 'expire' || action?.kind === 'tear') {
      const end = endOfLine(chunk, action.afterLines - lines);
      lines += countLines(chunk);
      if (lines < action.afterLines || (action.kind === 'tear' && end >= chunk.length)) return { pieces: [chunk] };
      if (action.kind === 'tear') return { pieces: [chunk.subarray(0, end + Math.ceil((chunk.length - end) / 2))], end: 'reset' };
      return { pieces: action.how === 'event' ? [chunk.subarray(0, end), expired] : [chunk.subarray(0, end)], end: 'end' };
    }
    if (!observesCuts || !tellsOfCut(chunk) || !passing.since('cut posted', 'cut observed')) return { pieces: [chunk] };
    await passing.at('cut observed', 'before', path, cut);
    // The pieces leave in the tick that follows.
    setImmediate(() => void passing.at('cut observed', 'after', path, cut));
    return { pieces: [chunk] };
  };
}

/** Position after the nth newline; the length when there are fewer. */
function endOfLine(chunk: Buffer, nth: number): number {
  let at = 0;
  for (let i = 0; i < nth; i += 1) {
    const next = chunk.indexOf(newline, at);
    if (next < 0) return chunk.length;
    at = next + 1;
  }
  return at;
}

function countLines(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) count += 1;
  return count;
}

/** Managed fields say `f:creationTime`; the API server sends a line whole as a rule, a torn one would be missed. */
function tellsOfCut(chunk: Buffer): boolean {
  const text = chunk.toString('latin1');
  return text.includes('"type":"MODIFIED"') && /"creationTime":[0-9"]/.test(text);
}
