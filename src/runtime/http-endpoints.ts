import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../observability/metrics.js';

/** Answers why not, or undefined when all is well. */
export type Check = () => string | undefined;

export interface EndpointsOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string;
  readonly metrics: Metrics;
  /** `/healthz`: not well means that the process should be replaced. */
  readonly healthy: Check;
  /** `/readyz`: not ready means that nothing should be sent here yet, or any more. */
  readonly ready: Check;
}

/** Probes and metrics by plain HTTP; nothing else is served and no body is read. */
export interface Endpoints {
  /** Resolves with the port once it listens; rejects when it cannot. */
  start(): Promise<number>;
  stop(): Promise<void>;
}

export function createEndpoints(options: EndpointsOptions): Endpoints {
  const server = createServer((request, response) => {
    request.resume();
    if (request.method !== 'GET') return answer(response, 405, 'method not allowed\n');
    switch (request.url?.split('?', 1)[0]) {
      case '/healthz':
        return probe(response, options.healthy);
      case '/readyz':
        return probe(response, options.ready);
      case '/metrics':
        return answer(response, 200, options.metrics.render(), 'text/plain; version=0.0.4; charset=utf-8');
      default:
        return answer(response, 404, 'not found\n');
    }
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  return { start: () => listen(server, options), stop: () => close(server) };
}

function probe(response: ServerResponse, check: Check): void {
  const why = check();
  if (why === undefined) answer(response, 200, 'ok\n');
  else answer(response, 503, `${why}\n`);
}

function answer(response: ServerResponse, code: number, body: string, contentType = 'text/plain; charset=utf-8'): void {
  response.writeHead(code, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

function listen(server: Server, { port, host }: EndpointsOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
