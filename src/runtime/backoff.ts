import type { Clock } from './clock.js';

/** Growing delays for one thing that keeps failing (client-go's reflector: 0.8 s → 30 s, ×2, jitter 1.0, reset after 2 quiet minutes). */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #firstMillis: number;
  readonly #maxMillis: number;
  readonly #resetMillis: number;
  #nextMillis: number;
  #lastAt: number | undefined;

  constructor(options: { clock: Clock; random: () => number; firstMillis?: number; maxMillis?: number; resetMillis?: number }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#firstMillis = options.firstMillis ?? 800;
    this.#maxMillis = options.maxMillis ?? 30_000;
    this.#resetMillis = options.resetMillis ?? 120_000;
    this.#nextMillis = this.#firstMillis;
  }

  /** Milliseconds to wait now; the next call answers more. Between one and two times the grown delay. */
  next(): number {
    const now = this.#clock.monotonic();
    if (this.#lastAt !== undefined && now - this.#lastAt > this.#resetMillis) this.#nextMillis = this.#firstMillis;
    this.#lastAt = now;
    const delay = this.#nextMillis;
    this.#nextMillis = Math.min(delay * 2, this.#maxMillis);
    return Math.min(delay, this.#maxMillis) * (1 + this.#random());
  }
}
