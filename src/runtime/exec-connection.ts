import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { ApiError, errorFromAnswer } from './api-error.js';
import type { Clock } from './clock.js';
import type { ExecOutcome, ExecTarget } from './exec.js';
import { channels, closeStdinFrame, frame, outcomeOfStatus } from './exec-frames.js';
import { objectPath } from './resource-path.js';
import { pods } from './resource.js';
import type { ServiceAccountRef } from './service-account.js';
import { userOf } from './service-account.js';
import type { Endpoint } from './transport.js';

const handshakeMillis = 10_000;
/** client-go remotecommand/websocket.go: ping 5 s, silence limit 61 s. */
const pingMillis = 5_000;
const silenceMillis = 61_000;
/** Output that is still on its way when the status arrives: the server closes right after it as a rule. */
const closeGraceMillis = 2_000;
const maxMessageBytes = 4 * 1024 * 1024;
/** What may wait to be sent; a remote side that does not read is cut off. */
const maxBacklogBytes = 4 * 1024 * 1024;

export interface ConnectionOptions {
  readonly endpoint: Endpoint;
  readonly target: ExecTarget;
  readonly stdin: boolean;
  readonly as?: ServiceAccountRef | undefined;
  /** Limit of the upgrade, at most 10 s. */
  readonly deadlineMillis?: number | undefined;
  readonly clock: Clock;
  readonly onStdout: (data: Buffer) => void;
  readonly onStderr: (data: Buffer) => void;
}

/** One exec on one WebSocket. */
export class ExecConnection {
  /** Never rejects. */
  readonly outcome: Promise<ExecOutcome>;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #options: ConnectionOptions;
  #resolve!: (outcome: ExecOutcome) => void;
  #status = '';
  #lastHeard: number;
  #ended = false;
  #cancelTimer: (() => void) | undefined;

  /** Resolves when the upgrade is accepted; rejects with ApiError when not. */
  static open(options: ConnectionOptions): Promise<ExecConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(options);
      socket.once('unexpected-response', (_request, answer) => {
        const connection = answer.socket;
        void refusal(answer)
          .then(reject, reject)
          .finally(() => connection.destroy());
      });
      const onError = (cause: Error): void => reject(notOpened(cause));
      socket.once('error', onError);
      socket.once('open', () => {
        socket.off('error', onError);
        resolve(new ExecConnection(socket, options));
      });
    });
  }

  private constructor(socket: WebSocket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#clock = options.clock;
    this.#lastHeard = options.clock.monotonic();
    this.outcome = new Promise((resolve) => (this.#resolve = resolve));
    socket.on('message', (data) => this.#receive(data as Buffer));
    socket.on('pong', () => (this.#lastHeard = this.#clock.monotonic()));
    socket.on('error', (error) => this.end({ kind: 'lost', why: `connection error: ${error.message}` }));
    socket.on('close', (code) => this.end(this.#statusOutcome() ?? { kind: 'lost', why: `connection closed (${code}) without a status` }));
    this.#schedulePing();
  }

  /** Sends to stdin at once. Throws when the connection is over or the remote side has stopped reading. */
  write(data: string | Buffer): void {
    this.#assertOpen();
    if (this.#socket.bufferedAmount > maxBacklogBytes) {
      this.end({ kind: 'lost', why: 'the remote side does not read its input' });
      throw new Error('exec: the remote side does not read its input');
    }
    this.#socket.send(frame(channels.stdin, data));
  }

  /** Sends to stdin and resolves when the data has been handed to the operating system. */
  writeDrained(data: Buffer): Promise<void> {
    this.#assertOpen();
    return new Promise((resolve, reject) => this.#socket.send(frame(channels.stdin, data), (error) => (error == null ? resolve() : reject(error))));
  }

  /** Half-closes stdin. Nothing happens when the connection is over. */
  endInput(): void {
    if (!this.#ended) this.#socket.send(closeStdinFrame());
  }

  /** Ends the connection at once; a status that has arrived is kept. */
  end(outcome: ExecOutcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelTimer?.();
    this.#socket.terminate();
    this.#resolve(this.#statusOutcome() ?? outcome);
  }

  #assertOpen(): void {
    if (this.#ended || this.#socket.readyState !== WebSocket.OPEN) throw new Error('exec: the stream is no longer open');
  }

  #receive(message: Buffer): void {
    this.#lastHeard = this.#clock.monotonic();
    if (this.#ended) return;
    const data = message.subarray(1);
    switch (message[0]) {
      case channels.stdout:
        if (data.length > 0) this.#options.onStdout(data);
        return;
      case channels.stderr:
        if (data.length > 0) this.#options.onStderr(data);
        return;
      case channels.status:
        this.#status += data.toString('utf8');
        if (this.#statusOutcome() !== undefined) this.#awaitClose();
        return;
      default:
        return; // a channel of a later protocol: of no use to us
    }
  }

  /** The remote process is over; its last output may still be behind the status. */
  #awaitClose(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.after(closeGraceMillis, () => this.end({ kind: 'lost', why: 'not closed after the status' }));
  }

  #statusOutcome(): ExecOutcome | undefined {
    return this.#status === '' ? undefined : outcomeOfStatus(this.#status);
  }

  #schedulePing(): void {
    this.#cancelTimer = this.#clock.after(pingMillis, () => {
      if (this.#clock.monotonic() - this.#lastHeard > silenceMillis) {
        this.end({ kind: 'lost', why: `nothing heard for ${silenceMillis / 1000} s` });
        return;
      }
      this.#socket.ping();
      this.#schedulePing();
    });
  }
}

function connect({ endpoint, target, stdin, as, deadlineMillis = handshakeMillis }: ConnectionOptions): WebSocket {
  const url = new URL(endpoint.url);
  url.protocol = 'wss:';
  url.pathname = url.pathname.replace(/\/$/, '') + objectPath(pods, { namespace: target.namespace, name: target.pod }, 'exec');
  const query = new URLSearchParams({ container: target.container, stdout: 'true', stderr: 'true' });
  if (stdin) query.set('stdin', 'true');
  for (const argument of target.command) query.append('command', argument);
  url.search = query.toString();
  // v4 cannot half-close stdin, which makes no difference where there is none.
  const protocols = stdin ? ['v5.channel.k8s.io'] : ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
  const impersonate = as === undefined ? {} : { 'Impersonate-User': userOf(as) };
  const socket = new WebSocket(url, protocols, {
    ...endpoint.tls,
    headers: { ...endpoint.headers, ...impersonate },
    // Without it a refused upgrade would leave its connection in the pool of the process.
    agent: false,
    perMessageDeflate: false,
    handshakeTimeout: Math.min(deadlineMillis, handshakeMillis),
    maxPayload: maxMessageBytes,
  });
  socket.once('upgrade', (answer) => {
    answer.socket.setNoDelay(true);
    answer.socket.setKeepAlive(true, 30_000);
  });
  return socket;
}

/** Without a connection nothing ran; after a handshake without answer something may have. */
function notOpened(cause: NodeJS.ErrnoException): ApiError {
  const neverSent = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(cause.code ?? '');
  return new ApiError({ code: 0, reason: neverSent ? 'Unreachable' : 'Unknown', message: `exec: ${cause.message}`, cause });
}

/** What a refused upgrade says. */
async function refusal(answer: IncomingMessage): Promise<ApiError> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > 65_536) break;
  }
  return errorFromAnswer(answer.statusCode ?? 0, Buffer.concat(chunks).toString('utf8'), answer.headers['retry-after']);
}
