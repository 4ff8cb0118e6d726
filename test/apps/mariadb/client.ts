import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** CLIENT_LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH (protocol documentation of MariaDB). */
const capabilities = 0x1 | 0x8 | 0x200 | 0x8000 | 0x80000;
const utf8 = 33;

export interface MariadbOptions {
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** One connection to a MariaDB: text protocol, mysql_native_password; one statement at a time. */
export class MariadbClient {
  readonly #socket: Socket;
  readonly #packets: Buffer[] = [];
  #buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  #error: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data: Buffer) => this.#receive(data));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection is closed')));
  }

  static async open({ host, user, password, database }: MariadbOptions): Promise<MariadbClient> {
    const client = new MariadbClient(connect({ host, port: 3306, noDelay: true }));
    const hello = await client.#next();
    if (hello[0] !== 10) throw serverError(hello);
    const text = hello.indexOf(0, 1) + 5;
    const salt = Buffer.concat([hello.subarray(text, text + 8), hello.subarray(text + 27, text + 39)]);
    const head = Buffer.alloc(32);
    head.writeUInt32LE(capabilities, 0);
    head.writeUInt32LE(0xffffff, 4);
    head[8] = utf8;
    const proof = scramble(password, salt);
    client.#send(1, Buffer.concat([head, Buffer.from(`${user}\0`), Buffer.from([proof.length]), proof, Buffer.from(`${database}\0mysql_native_password\0`)]));
    const answer = await client.#next();
    if (answer[0] !== 0) throw serverError(answer);
    return client;
  }

  /** The rows of a statement, as text; none for one without. Rejects with what the server refuses, and when the connection breaks. */
  async query(sql: string): Promise<string[][]> {
    this.#send(0, Buffer.concat([Buffer.from([3]), Buffer.from(sql)]));
    const first = await this.#next();
    if (first[0] === 0xff) throw serverError(first);
    if (first[0] === 0) return [];
    for (let i = 0; i <= (first[0] ?? 0); i++) await this.#next();
    const rows: string[][] = [];
    for (;;) {
      const packet = await this.#next();
      if (packet[0] === 0xff) throw serverError(packet);
      if (packet[0] === 0xfe && packet.length < 9) return rows;
      rows.push(columns(packet));
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(sequence: number, body: Buffer): void {
    const head = Buffer.alloc(4);
    head.writeUIntLE(body.length, 0, 3);
    head[3] = sequence;
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat([head, body]));
  }

  #receive(data: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    while (this.#buffer.length >= 4) {
      const end = 4 + this.#buffer.readUIntLE(0, 3);
      if (this.#buffer.length < end) break;
      this.#packets.push(this.#buffer.subarray(4, end));
      this.#buffer = this.#buffer.subarray(end);
    }
    this.#wake();
  }

  async #next(): Promise<Buffer> {
    for (;;) {
      const packet = this.#packets.shift();
      if (packet !== undefined) return packet;
      if (this.#error !== undefined) throw this.#error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }
}

/** Length-encoded strings, each shorter than 251 bytes. */
function columns(packet: Buffer): string[] {
  const values: string[] = [];
  for (let at = 0; at < packet.length; ) {
    const length = packet[at] ?? 0;
    values.push(packet.toString('utf8', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return values;
}

function scramble(password: string, salt: Buffer): Buffer {
  const sha1 = (...parts: Buffer[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha1')).digest();
  const once = sha1(Buffer.from(password));
  const mask = sha1(salt, sha1(once));
  return Buffer.from(once.map((byte, i) => byte ^ (mask[i] ?? 0)));
}

/** Code, state and text of an error packet. */
function serverError(packet: Buffer): Error {
  return new Error(`${packet.readUInt16LE(1)} ${packet.toString('utf8', 3)}`);
}
