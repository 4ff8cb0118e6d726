import type { Clock } from '../../../src/runtime/clock.js';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that moves only when told to; timers fire in order, with everything they start settled in between. */
export class FakeClock implements Clock {
  #millis = 0;
  #timers: Timer[] = [];

  now(): number {
    return 1_700_000_000_000 + this.#millis;
  }

  monotonic(): number {
    return this.#millis;
  }

  after(millis: number, callback: () => void): () => void {
    const timer = { at: this.#millis + Math.max(0, millis), callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer);
    };
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#timers.length;
  }

  async advance(millis: number): Promise<void> {
    const end = this.#millis + millis;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      const fired = next;
      this.#timers = this.#timers.filter((t) => t !== fired);
      this.#millis = Math.max(this.#millis, fired.at);
      fired.callback();
      await settle();
    }
    this.#millis = end;
  }

  #next(end: number): Timer | undefined {
    return this.#timers.filter((t) => t.at <= end).reduce<Timer | undefined>((a, b) => (a === undefined || b.at < a.at ? b : a), undefined);
  }
}

/** Lets every promise that can go on do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
