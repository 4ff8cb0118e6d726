import type { Clock } from '../../../runtime/clock.js';

/** Longest time without an answer of the API server. What a pod cannot reach for much longer is kept from it by the network. */
export const maxGapMillis = 10_000;
/** Of a try that nobody asks for any more. */
const forgottenMillis = 600_000;

interface Seen {
  readonly at: number;
  readonly whole: boolean;
}

/**
 * The other half of the proof of isolation: a pod that does not reach the API server is isolated only if the API server was there. Every answer that the
 * operator gets while the pod tries is noted; in memory, because who has just begun to lead knows of none, and has the try repeated.
 */
export class Control {
  readonly #seen = new Map<string, Seen>();
  readonly #clock: Pick<Clock, 'monotonic'>;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** The API server has just made the pod of this uid. */
  begin(uid: string): void {
    const at = this.#clock.monotonic();
    for (const [other, seen] of this.#seen) if (at - seen.at > forgottenMillis) this.#seen.delete(other);
    this.#seen.set(uid, { at, whole: true });
  }

  /** The API server has just answered. Whether it has done so ever since the begin of the try, without a gap. */
  answered(uid: string): boolean {
    const before = this.#seen.get(uid);
    const at = this.#clock.monotonic();
    const whole = before?.whole === true && at - before.at <= maxGapMillis;
    this.#seen.set(uid, { at, whole });
    return whole;
  }
}
