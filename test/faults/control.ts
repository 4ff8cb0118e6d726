import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Deed, MomentName, Trigger } from './moments.js';
import type { FaultProxy } from './proxy.js';
import type { Rule } from './rules.js';

/**
 * Control of a proxy over HTTP on loopback, JSON both ways:
 * `PUT /rules` [Rule], `PUT /triggers` [Trigger], `POST /do` Deed, `POST /silence` true|false, `POST /continue`, `POST /clear`,
 * `GET /requests`, `GET /moments`, `GET /fired`, `GET /reached?name=…&when=…&seconds=…` (waits; 408 when it did not come).
 */
export function serveControl(proxy: FaultProxy, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    void handle(proxy, request).then(
      (result) => reply(response, 200, result ?? null),
      (error: unknown) => reply(response, error instanceof Late ? 408 : 400, { error: error instanceof Error ? error.message : String(error) }),
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

class Late extends Error {}

async function handle(proxy: FaultProxy, request: IncomingMessage): Promise<unknown> {
  const url = new URL(request.url ?? '/', 'http://control');
  const body = await readJson(request);
  switch (`${request.method ?? ''} ${url.pathname}`) {
    case 'PUT /rules':
      return proxy.rules.set(body as Rule[]);
    case 'PUT /triggers':
      return proxy.moments.set(body as Trigger[]);
    case 'POST /do':
      return proxy.do(body as Deed);
    case 'POST /silence':
      return proxy.silence(body === true);
    case 'POST /continue':
      return proxy.goOn();
    case 'POST /clear':
      return proxy.clear();
    case 'GET /requests':
      return proxy.requests;
    case 'GET /moments':
      return proxy.moments.log;
    case 'GET /fired':
      return proxy.rules.fired();
    case 'GET /reached':
      return reached(proxy, url.searchParams);
    default:
      throw new Error(`no such call: ${request.method ?? ''} ${url.pathname}`);
  }
}

async function reached(proxy: FaultProxy, query: URLSearchParams): Promise<unknown> {
  const name = query.get('name') as MomentName;
  const when = query.get('when') === 'after' ? 'after' : 'before';
  const seconds = Number(query.get('seconds') ?? '30');
  return proxy.moments.reached(name, when, AbortSignal.timeout(seconds * 1000)).catch((error: unknown) => {
    throw new Late(`${name} (${when}) not within ${seconds} s`, { cause: error });
  });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown);
}

function reply(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}
