import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs, type Acknowledgement, type WriteError } from '../../apps/postgresql/history.js';
import { Summary } from '../../apps/postgresql/summary.js';
import type { LoadHistory } from '../lib/load.js';
import { until } from '../lib/until.js';

/** One connection that inserts a row and resolves when the server has acknowledged it. */
export interface RowClient {
  insert(writer: number, n: number): Promise<void>;
  close(): void;
}

const running = new Set<Writers>();

/** Writers that a failed test has left running. */
export async function stopAllWriters(): Promise<void> {
  await Promise.all([...running].map((writers) => writers.stop()));
}

/** Clients outside of the cluster that write until they are stopped, and note each answer. A refused row is never sent again. */
export class Writers {
  readonly #acks: Acknowledgement[] = [];
  readonly #failures: WriteError[] = [];
  readonly #summary = new Summary();
  readonly #done: Promise<unknown>;
  #stopped = false;

  /** @param first number of the first writer: no two runs on one database may share one */
  constructor(connect: () => Promise<RowClient>, first: number, count = 4) {
    running.add(this);
    this.#done = Promise.all(Array.from({ length: count }, (_, i) => this.#write(connect, first + i)));
  }

  async #write(connect: () => Promise<RowClient>, writer: number): Promise<void> {
    let n = 1;
    while (!this.#stopped) {
      let client: RowClient | undefined;
      try {
        client = await connect();
        for (; !this.#stopped; n++) await this.#insert(client, writer, n);
      } catch (error) {
        n += 1;
        this.#failures.push({ writer, at: monotonicMs(), error: String(error) });
        await pause(20);
      } finally {
        client?.close();
      }
    }
  }

  async #insert(client: RowClient, writer: number, n: number): Promise<void> {
    const sentAt = monotonicMs();
    try {
      await client.insert(writer, n);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#failures.push({ writer, n, sentAt, at: monotonicMs(), error: text });
      if (/closed|ECONN/.test(text)) throw error;
      await pause(5);
      return;
    }
    const ack = { writer, n, sentAt, ackedAt: monotonicMs() };
    this.#acks.push(ack);
    this.#summary.add(ack);
  }

  /** Waits for so many more acknowledgements. */
  async untilMore(count: number, seconds = 60): Promise<void> {
    const target = this.#acks.length + count;
    await until(`${count} more acknowledged rows, last refusal: ${this.#failures.at(-1)?.error ?? 'none'}`, () => this.#acks.length >= target, seconds, 10);
  }

  /** Waits for an acknowledgement of a row that is sent after now. */
  async untilWritesAgain(seconds: number): Promise<void> {
    const now = monotonicMs();
    await until('a row sent after now is acknowledged', () => (this.#acks.at(-1)?.sentAt ?? 0) > now, seconds, 5);
  }

  /** Waits until the server refuses a row: it is fenced. */
  async untilRefused(seconds: number): Promise<void> {
    const before = this.#failures.length;
    await until('a row is refused', () => this.#failures.length > before, seconds, 2);
  }

  async stop(): Promise<LoadHistory> {
    running.delete(this);
    this.#stopped = true;
    await this.#done;
    return { ...this.#summary.result(), errors: this.#failures.length, acks: this.#acks, failures: this.#failures };
  }
}
