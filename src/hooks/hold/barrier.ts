import { abortError, type Clock } from '../../runtime/clock.js';

/** One thing that a barrier waits for. */
export interface BarrierMember<T> {
  readonly name: string;
  readonly done: Promise<T>;
}

export interface BarrierOptions {
  readonly clock: Clock;
  readonly withinMillis: number;
  /** Ends the waiting at once, with the signal's reason. */
  readonly signal: AbortSignal;
  /** The error when time is up, made from the names of those that are missing. */
  readonly late: (missing: readonly string[]) => Error;
}

/**
 * Waits for all members and gives their results in order. Rejects at the first failure, when the signal aborts, or when
 * time is up; what is still under way then is left to its owner.
 */
export function barrier<T>(members: readonly BarrierMember<T>[], options: BarrierOptions): Promise<T[]> {
  const { clock, signal } = options;
  return new Promise((resolve, reject) => {
    const missing = new Set(members);
    const onAbort = (): void => settle(() => reject(abortError(signal)));
    const cancel = clock.after(options.withinMillis, () => settle(() => reject(options.late([...missing].map((m) => m.name)))));
    const settle = (how: () => void): void => {
      cancel();
      signal.removeEventListener('abort', onAbort);
      how();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const watched = members.map(async (member) => {
      const result = await member.done;
      missing.delete(member);
      return result;
    });
    Promise.all(watched).then(
      (results) => settle(() => resolve(results)),
      (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
    );
  });
}
