import { connect, type Socket } from 'node:net';

const port = 7000;

/** A client that asks again as soon as it was answered, over one connection for all of its life. */
export class Client {
  /** When each answer came, ms on the clock of this process. */
  readonly answers: number[] = [];
  /** What went wrong; empty for a client that saw nothing but latency. */
  readonly errors: string[] = [];
  readonly #name: string;
  readonly #socket: Socket;
  /** Said and not answered yet, oldest first. */
  readonly #open: string[] = [];
  #rest = '';
  #asked = 0;
  #done = false;

  /** @param name must differ from those of other clients, without a space */
  constructor(host: string, name: string) {
    this.#name = name;
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.setEncoding('utf8');
    this.#socket.on('connect', () => this.#ask());
    this.#socket.on('data', (text: string) => this.#answered(text));
    this.#socket.on('error', (error) => this.errors.push(error.message));
    this.#socket.on('close', () => {
      if (!this.#done) this.errors.push('closed by the server');
    });
  }


  /** Answers that came between two moments. */
  between(from: number, to: number): number {
    return this.answers.filter((at) => at > from && at < to).length;
  }

  longestGapMs(): number {
    return Math.max(...this.answers.slice(1).map((at, i) => at - (this.answers[i] ?? at)));
  }

  close(): void {
    this.#done = true;
    this.#socket.destroy();
  }

  /** Says something more, without waiting for the answer to what was asked before. */
  say(what: string): void {
    const line = `${this.#name}-${what}`;
    this.#open.push(line);
    this.#socket.write(`${line}\n`);
  }

  #ask(): void {
    this.say(String((this.#asked += 1)));
  }

  #answered(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const expected = this.#open.shift();
      if (line !== expected) this.errors.push(`asked ${expected ?? 'nothing'}, answered ${line}`);
      this.answers.push(performance.now());
    }
    if (this.#open.length === 0) this.#ask();
  }
}
