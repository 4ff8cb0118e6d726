// Figures of a writer's run, kept while it runs so that the log need not be read again.
import type { LogLine } from './history.js';

/** What the writer prints at its end. */
export interface WriterSummary {
  readonly acknowledgements: number;
  readonly errors: number;
  /** Longest time without an acknowledgement on any connection, in milliseconds; 0 with fewer than two acknowledgements. */
  readonly longestGapMs: number;
  /** When the longest gap began, on the clock of the log. */
  readonly longestGapFrom: number;
}

/** Counts the lines of the log as they are written. */
export class Summary {
  #acknowledgements = 0;
  #errors = 0;
  #longestGapMs = 0;
  #longestGapFrom = 0;
  #lastAt: number | undefined;

  /** Adds a line; acknowledgements have to come in the order of their arrival. */
  add(line: LogLine): void {
    if ('error' in line) {
      this.#errors++;
      return;
    }
    this.#acknowledgements++;
    if (this.#lastAt !== undefined && line.ackedAt - this.#lastAt > this.#longestGapMs) {
      this.#longestGapMs = line.ackedAt - this.#lastAt;
      this.#longestGapFrom = this.#lastAt;
    }
    this.#lastAt = line.ackedAt;
  }

  /** The figures so far. */
  result(): WriterSummary {
    return {
      acknowledgements: this.#acknowledgements,
      errors: this.#errors,
      longestGapMs: this.#longestGapMs,
      longestGapFrom: this.#longestGapFrom,
    };
  }
}
