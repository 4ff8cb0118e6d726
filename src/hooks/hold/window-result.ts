import { fail } from '../../api/errors.js';
import { AppError } from '../../runtime/app-error.js';
import { holderName } from './holder-input.js';
import type { HolderPlan, HoldResult, WindowPlan, WindowResult, WindowTrace } from './window-types.js';

export interface WindowOutcome {
  /** Of the holders that were reached; a holder whose stream never opened has none. */
  readonly holds: readonly HoldResult[];
  readonly cutsSeen: readonly string[];
  readonly trace: WindowTrace;
  readonly error: AppError | undefined;
}

/** Judges what a window has seen. Whatever is not known counts against it. */
export function windowResult(plan: WindowPlan, outcome: WindowOutcome): WindowResult {
  const { cutsSeen, trace } = outcome;
  const freezeSent = trace.freezeSent !== undefined;
  const touched = (holder: HolderPlan): boolean => freezeSent || (trace.gateSent !== undefined && holder.gates !== undefined);
  const reached = new Map(outcome.holds.map((hold) => [hold.id, hold]));
  const holds = plan.holders.map((holder) => reached.get(holder.id) ?? neverReached(holder));
  const unknown = plan.holders.filter((holder) => touched(holder) && reached.get(holder.id)?.endedBy === undefined);
  const allSeen = plan.cuts.every((cut) => cutsSeen.includes(cut.name));
  const error = outcome.error ?? (freezeSent ? notUnbroken(plan, holds) : undefined);
  return {
    holds,
    cutsSeen,
    trace,
    overlapped: error === undefined && freezeSent && allSeen && holds.every((hold) => hold.frozen && hold.unbroken === true),
    allReleased: unknown.length === 0,
    ...(error === undefined ? {} : { error: withUnknown(error, unknown) }),
  };
}

/** Its exec was refused or came too late: it froze nothing. */
function neverReached(holder: HolderPlan): HoldResult {
  return { id: holder.id, frozen: false, synced: false, unbroken: false, endedBy: undefined, heldMillis: undefined, freezeMillis: undefined, syncMillis: undefined, thawMillis: undefined };
}

/** What the releases have shown, when everything went well until then. */
function notUnbroken(plan: WindowPlan, holds: readonly HoldResult[]): AppError | undefined {
  const sentences = holds.flatMap((hold, i) => {
    const name = plan.holders[i] === undefined ? hold.id : holderName(plan.holders[i]);
    if (hold.unbroken === true) return [];
    if (hold.unbroken === false) return [`${name}: the hold was ended by ${hold.endedBy ?? 'something unknown'}, not by its release`];
    return [`${name}: the release was not confirmed`];
  });
  return sentences.length === 0 ? undefined : fail('HoldBroken', `${sentences.join('; ')}.`);
}

/** The error, and who may still be held until the limits of its guard. */
function withUnknown(error: AppError, unknown: readonly HolderPlan[]): AppError {
  if (unknown.length === 0) return error;
  const names = unknown.map(holderName).join(', ');
  return new AppError(error.code, `${error.publicMessage} Not known to have let go: ${names}.`, { retry: error.retry, cause: error });
}
