import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** Passes bytes between a client and the API server, counts connections, and can cut or silence them. */
export class TcpRelay {
  readonly port: number;
  /** Connections accepted so far. */
  accepted = 0;
  readonly #server: Server;
  readonly #pairs = new Set<{ client: Socket; upstream: Socket }>();
  #silent = false;
  #onceFromClient: ((client: Socket, upstream: Socket) => void) | undefined;

  static listen(target: URL): Promise<TcpRelay> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(new TcpRelay(server, target)));
    });
  }

  private constructor(server: Server, target: URL) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.#join(client, connect({ host: target.hostname, port: Number(target.port || 443) })));
  }

  get open(): number {
    return this.#pairs.size;
  }

  /** Resets every connection; new ones are accepted. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      client.resetAndDestroy();
      upstream.destroy();
    }
  }

  /** Nothing passes any more, on old and new connections, and nothing is closed: a half-open network. */
  silence(silent: boolean): void {
    this.#silent = silent;
  }

  /** Before the next bytes of a client are passed on: `before` drops them, `after` passes them and drops the answer; then the connection is reset. */
  cutNextRequest(when: 'before' | 'after'): void {
    this.#onceFromClient = (client, upstream) => {
      if (when === 'before') {
        upstream.destroy();
        client.resetAndDestroy();
        return;
      }
      upstream.removeAllListeners('data');
      upstream.once('data', () => {
        upstream.destroy();
        client.resetAndDestroy();
      });
    };
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, upstream: Socket): void {
    this.accepted += 1;
    const pair = { client, upstream };
    this.#pairs.add(pair);
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    client.on('data', (data) => {
      if (this.#silent) return;
      const once = this.#onceFromClient;
      this.#onceFromClient = undefined;
      once?.(client, upstream);
      if (!upstream.destroyed) upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!this.#silent && !client.destroyed) client.write(data);
    });
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
