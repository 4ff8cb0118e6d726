import type { z } from 'zod';
import { fail } from '../../api/errors.js';
import type { ExecStream } from '../../runtime/exec.js';
import { parseRow } from './connection.js';

/** Printed at the end of each answer. */
const sentinel = 'stillpoint-answered';

interface Waiter {
  readonly resolve: (lines: readonly string[]) => void;
  readonly reject: (error: Error) => void;
}

/** A psql that stays open: one question at a time, each answered by one row of JSON. */
export class Session {
  readonly #stream: ExecStream;
  readonly #pod: string;
  readonly #redact: (text: string) => string;
  #lines: string[] = [];
  #waiter: Waiter | undefined;
  #ended: Error | undefined;

  constructor(stream: ExecStream, pod: string, redact: (text: string) => string) {
    this.#stream = stream;
    this.#pod = pod;
    this.#redact = redact;
    stream.onLine((line) => this.#read(line));
    void stream.outcome.then(() => this.#end());
  }

  /** Runs statements and returns the one row that they print. Rejects with AppError ApplicationNotReady; the session is then over. */
  async ask<T>(sql: string, schema: z.ZodType<T>): Promise<T> {
    if (this.#ended !== undefined) throw this.#ended;
    const answer = new Promise<readonly string[]>((resolve, reject) => (this.#waiter = { resolve, reject }));
    this.#send(`${sql}\nSELECT '${sentinel}';`);
    const [row, ...more] = await answer;
    if (row === undefined || more.length > 0) throw fail('ApplicationNotReady', `The PostgreSQL server in pod ${this.#pod} answered with ${more.length + (row === undefined ? 0 : 1)} rows where one was asked for.`);
    return parseRow(row, schema);
  }

  /** psql reads the end of its input and goes; the server drops what belonged to the session. */
  close(): void {
    this.#stream.close();
  }

  #send(text: string): void {
    try {
      this.#stream.send(text);
    } catch {
      this.#end();
    }
  }

  #read(line: string): void {
    if (line !== sentinel) {
      if (line !== '') this.#lines.push(line);
      return;
    }
    const lines = this.#lines;
    this.#lines = [];
    this.#waiter?.resolve(lines);
    this.#waiter = undefined;
  }

  #end(): void {
    const said = this.#redact(this.#stream.stderr()).trim().replace(/\s*\n\s*/g, '; ').slice(-400);
    this.#ended ??= fail('ApplicationNotReady', `The session in which pod ${this.#pod} was being backed up has ended, and its backup with it${said === '' ? '' : `: ${said}`}.`);
    this.#waiter?.reject(this.#ended);
    this.#waiter = undefined;
  }
}
