/** client-go DefaultTypedItemBasedRateLimiter: 5 ms · 2^failures, at most 1,000 s. */
const baseMillis = 5;
const maxMillis = 1_000_000;

/** Failure counts by key, and the delay that follows from them. */
export class ItemRateLimiter<K> {
  readonly #failures = new Map<K, number>();

  /** Counts one more failure and answers how long to wait. */
  next(key: K): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.min(baseMillis * 2 ** failures, maxMillis);
  }

  forget(key: K): void {
    this.#failures.delete(key);
  }

  failures(key: K): number {
    return this.#failures.get(key) ?? 0;
  }
}
