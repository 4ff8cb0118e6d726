import { setTimeout as pause } from 'node:timers/promises';

/** Waits until a moment, ms since the epoch: for what a schedule does. */
export function untilInstant(at: number): Promise<void> {
  return pause(Math.max(0, at - Date.now()));
}

/**
 * Asks until the answer is neither undefined nor false; throws with `what` when the time is over. For what has no watch: files of the host,
 * logs of a writer, lists that must become empty. What the API server holds is waited for with `watchUntil`.
 */
export async function until<T>(what: string, probe: () => T | undefined | false | Promise<T | undefined | false>, seconds: number, everyMillis = 50): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await pause(everyMillis);
  }
}
