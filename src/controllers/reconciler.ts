import { fail, type ErrorCode } from '../api/errors.js';
import { ApiError, isConflict, isForbidden, isNotFound } from '../runtime/api-error.js';
import { AppError } from '../runtime/app-error.js';
import type { ReconcileContext } from '../runtime/controller.js';
import { parseKey, type KubeObject } from '../runtime/object.js';
import { outcomeOf, type Outcome } from '../runtime/outcome.js';
import type { ResourceType } from '../runtime/resource.js';
import type { OperatorDeps } from './deps.js';
import type { Verdict } from './status-writer.js';
import type { StepResult } from './step.js';

/** What differs between the kinds. */
export interface Kind<O extends KubeObject, W> {
  readonly type: ResourceType;
  writer(object: O, deps: OperatorDeps): W;
  /** One round of decide and act. */
  step(writer: W, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult>;
  /** Writes an error where the user sees it, and records the event; `failed`: nothing will be tried again. */
  report(writer: W, deps: OperatorDeps, error: AppError, verdict: Verdict & { kind: 'working' | 'failed' }): Promise<void>;
  /** Code for what the API server refuses for another reason than a missing right; undefined: tried again, in the log only. */
  readonly refused: ErrorCode | undefined;
  /** The object is not there any more. No reconcile of its key is under way. */
  gone?(key: string): void;
}

/** A reconcile goes on while there is something to do at once; more than this many steps would be a loop. */
const maxSteps = 20;

/** observe → decide → act → report, the same for every kind. Everything needed after a crash is in status or found in the API. */
export function reconciler<O extends KubeObject, W>(kind: Kind<O, W>, deps: OperatorDeps): (key: string, context: ReconcileContext) => Promise<Outcome> {
  return async (key, context) => {
    const object = await observe<O>(kind.type, deps, key);
    if (object === undefined) {
      kind.gone?.(key);
      return { kind: 'done' };
    }
    const own = { ...deps, log: context.log };
    const writer = kind.writer(object, own);
    try {
      return await steps(kind, writer, own, context.signal);
    } catch (error) {
      return await report(kind, object, writer, own, error);
    }
  };
}

/** Read anew, not from the cache: decisions about databases are made on the newest state. */
async function observe<O extends KubeObject>(type: ResourceType, deps: OperatorDeps, key: string): Promise<O | undefined> {
  try {
    return await deps.client.get<O>(type, parseKey(key));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function steps<O extends KubeObject, W>(kind: Kind<O, W>, writer: W, deps: OperatorDeps, signal: AbortSignal): Promise<Outcome> {
  for (let i = 0; i < maxSteps; i += 1) {
    signal.throwIfAborted();
    const result = await kind.step(writer, deps, signal);
    if (result.again === 'onChange') return { kind: 'done' };
    if (result.again === 'later') return { kind: 'later', seconds: result.seconds };
  }
  throw new Error(`no end after ${maxSteps} steps`);
}

/** Condition and event carry the same reason. What is not of the catalogue goes to the log only and is tried again. */
async function report<O extends KubeObject, W>(kind: Kind<O, W>, object: O, writer: W, deps: OperatorDeps, thrown: unknown): Promise<Outcome> {
  // Somebody else wrote in between: look again, quietly.
  if (isConflict(thrown)) return { kind: 'later', seconds: 0.1 };
  const error = named(kind, thrown);
  if (!(error instanceof AppError) || object.metadata.deletionTimestamp !== undefined) return outcomeOf(error);
  const failed = error.retry === 'never';
  deps.log.warn('reconcile failed', { code: error.code, error: error.publicMessage, cause: error.cause });
  try {
    await kind.report(writer, deps, error, { kind: failed ? 'failed' : 'working', reason: error.code, message: error.publicMessage });
  } catch (writeError) {
    if (isConflict(writeError) || isNotFound(writeError)) return { kind: 'later', seconds: 0.1 };
    throw writeError;
  }
  // A failed object may still have to lose what it left behind: decide says so, or that nothing is to be done.
  return failed ? { kind: 'later', seconds: 0.1 } : outcomeOf(error);
}

/** What the API server refuses to an account is for the user to see. */
function named<O extends KubeObject, W>(kind: Kind<O, W>, error: unknown): unknown {
  if (!(error instanceof ApiError) || error.code < 400 || error.code >= 500 || error.code === 401 || error.code === 429) return error;
  if (isForbidden(error)) return fail('AccountNotAllowed', error.message, { cause: error, afterSeconds: 30 });
  return kind.refused === undefined ? error : fail(kind.refused, error.message, { cause: error });
}
