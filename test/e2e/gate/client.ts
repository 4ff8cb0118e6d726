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

  #ask(): void {
    this.#socket.write(`${this.#name}-${(this.#asked += 1)}\n`);
  }

  #answered(text: string): void {
    if (text !== `${this.#name}-${this.#asked}\n`) this.errors.push(`asked ${this.#asked}, answered ${text.trim()}`);
    this.answers.push(performance.now());
    this.#ask();
  }
}
