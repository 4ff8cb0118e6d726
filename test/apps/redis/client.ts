import { connect, type Socket } from 'node:net';

export type Reply = string | number | null | readonly Reply[];

/** One connection to a Redis (RESP2); commands are answered in their order. */
export class RedisClient {
  readonly #socket: Socket;
  readonly #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = [];
  #buffer = Buffer.alloc(0);

  constructor(host: string, port = 6379) {
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('data', (data: Buffer) => this.#read(data));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the connection is closed')));
  }

  /** Rejects with what the server refuses, and when the connection breaks. */
  command(...words: readonly string[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error('the connection is closed'));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(data: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (let parsed = parse(this.#buffer, 0); parsed !== undefined; parsed = parse(this.#buffer, 0)) {
      this.#buffer = this.#buffer.subarray(parsed.end);
      const waiter = this.#waiting.shift();
      if (parsed.reply instanceof Error) waiter?.reject(parsed.reply);
      else waiter?.resolve(parsed.reply);
    }
  }

  #fail(error: Error): void {
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
  }
}

/** The reply that begins at an offset; undefined while it is not whole. */
function parse(buffer: Buffer, from: number): { reply: Reply | Error; end: number } | undefined {
  const lineEnd = buffer.indexOf('\r\n', from);
  if (lineEnd < 0) return undefined;
  const text = buffer.toString('utf8', from + 1, lineEnd);
  const end = lineEnd + 2;
  switch (buffer.toString('latin1', from, from + 1)) {
    case '+':
      return { reply: text, end };
    case '-':
      return { reply: new Error(text), end };
    case ':':
      return { reply: Number(text), end };
    case '$': {
      const length = Number(text);
      if (length < 0) return { reply: null, end };
      return buffer.length < end + length + 2 ? undefined : { reply: buffer.toString('utf8', end, end + length), end: end + length + 2 };
    }
    default:
      return parseList(buffer, end, Number(text));
  }
}

function parseList(buffer: Buffer, from: number, count: number): { reply: Reply; end: number } | undefined {
  const replies: Reply[] = [];
  let end = from;
  for (let i = 0; i < count; i++) {
    const item = parse(buffer, end);
    if (item === undefined || item.reply instanceof Error) return undefined;
    replies.push(item.reply);
    end = item.end;
  }
  return { reply: replies, end };
}
