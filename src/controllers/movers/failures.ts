import type { ErrorCode } from '../../api/errors.js';
import type { MoverOutcome } from '../../movers/outcome.js';
import type { MoverSuccess } from '../../movers/request.js';

/** What went wrong with a mover. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly lockedBy: readonly string[];
}

/** Status of work whose movers may fail: when the next one may be begun, and why not now. */
export interface Troubled {
  readonly failures?: number | undefined;
  readonly retryAt?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

/** Until the first new try; doubled after each failure, up to {@link mostPauseMillis}. */
const pauseMillis = 10_000;
const mostPauseMillis = 5 * 60_000;

/** Why a mover that has ended did not do its work; undefined when it did. A success that does not say what was done is none. Pure. */
export function failureOf(outcome: Exclude<MoverOutcome, { kind: 'running' }>, what: string, isWhole: (result: MoverSuccess) => boolean): Failure | undefined {
  if (outcome.kind === 'lost') return { code: 'MoverFailed', message: `${what}: the mover was lost: ${outcome.why}.`, lockedBy: outcome.pods };
  const { result } = outcome;
  if (!result.ok) return { code: result.code, message: `${what}: ${result.message}`, lockedBy: result.lockedBy ?? [] };
  return isWhole(result) ? undefined : { code: 'MoverFailed', message: `${what}: the mover does not say what it has done.`, lockedBy: [] };
}

/** Notes a failure: nothing new is begun for a while, longer after each. Pure. */
export function failed<T extends Troubled>(state: T, { code, message }: { readonly code: string; readonly message: string }, now: number): T {
  const failures = (state.failures ?? 0) + 1;
  const pause = Math.min(mostPauseMillis, pauseMillis * 2 ** Math.min(failures - 1, 10));
  return { ...state, failures, retryAt: new Date(now + pause).toISOString(), reason: code, message: message.slice(0, 2048) };
}

/** What goes on has no trouble any more. Pure. */
export function succeeded<T extends Troubled>(state: T): T {
  return { ...state, failures: 0, retryAt: undefined, reason: undefined, message: undefined };
}

/** Milliseconds until something new may be begun. Pure. */
export function millisToRetry({ retryAt }: Troubled, now: number): number {
  return retryAt === undefined ? 0 : Math.max(0, Date.parse(retryAt) - now);
}
