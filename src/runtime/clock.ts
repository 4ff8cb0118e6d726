/** Time as a parameter, so that tests can own it. */
export interface Clock {
  /** Wall clock, ms since the epoch: for timestamps only. */
  now(): number;
  /** Monotonic ms from an arbitrary zero: for durations and deadlines. */
  monotonic(): number;
  /** Calls back once after `millis`; the returned function cancels it. */
  after(millis: number, callback: () => void): () => void;
}

/** The clock of this process. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after: (millis, callback) => {
      const timer = setTimeout(callback, millis);
      return () => clearTimeout(timer);
    },
  };
}

/** Resolves after `millis`; rejects with the signal's reason when that comes first. */
export function sleep(clock: Clock, millis: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortError(signal));
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(abortError(signal));
    };
    const cancel = clock.after(millis, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The reason of an aborted signal as an Error, whatever was given as reason. */
export function abortError(signal?: AbortSignal): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted');
}
