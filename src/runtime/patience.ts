import type { Clock } from './clock.js';

/** Nobody asks any more for what has not been asked for so long, ms. */
const forgetMillis = 3_600_000;

/**
 * How long something has been waited for, on the monotonic clock of this process. For what others began: their timestamps come from their clocks,
 * and ours may be off or be set in the middle. A new process begins anew.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #seen = new Map<string, { first: number; last: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since this was first asked for the key; 0 the first time. */
  waited(key: string): number {
    const now = this.#clock.monotonic();
    const entry = this.#seen.get(key);
    if (entry !== undefined) {
      entry.last = now;
      return now - entry.first;
    }
    for (const [other, { last }] of this.#seen) if (now - last > forgetMillis) this.#seen.delete(other);
    this.#seen.set(key, { first: now, last: now });
    return 0;
  }
}
