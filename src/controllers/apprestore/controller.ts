import { fail } from '../../api/errors.js';
import { appRestores, type AppRestore } from '../../api/kinds.js';
import { ApiError, isConflict, isForbidden, isNotFound } from '../../runtime/api-error.js';
import { AppError } from '../../runtime/app-error.js';
import type { ReconcileContext } from '../../runtime/controller.js';
import { addFinalizer } from '../../runtime/finalizers.js';
import { parseKey } from '../../runtime/object.js';
import { outcomeOf, type Outcome } from '../../runtime/outcome.js';
import { onChange, type StepResult } from '../appsnapshot/steps.js';
import type { OperatorDeps } from '../deps.js';
import { remove } from './cleanup.js';
import { configurationStep } from './configuration-step.js';
import { decide, restoreFinalizer, type RestorePlan } from './decide.js';
import { planStep } from './plan-step.js';
import { prepareStep } from './prepare-step.js';
import { startStep, timeoutStep } from './start-step.js';
import { restoreWriter, tell, type RestoreWriter } from './steps.js';
import { verifyStep } from './verify-step.js';
import { volumesStep } from './volumes-step.js';

/** A reconcile goes on while there is something to do at once; more than this many steps would be a loop. */
const maxSteps = 20;

/** observe → decide → act → report for AppRestores. Everything needed after a crash is in status or found in the API. */
export function reconcileAppRestore(deps: OperatorDeps): (key: string, context: ReconcileContext) => Promise<Outcome> {
  return async (key, context) => {
    const object = await observe(deps, key);
    if (object === undefined) return { kind: 'done' };
    const own = { ...deps, log: context.log };
    const writer = restoreWriter(own, object);
    try {
      return await steps(writer, own, context.signal);
    } catch (error) {
      return await report(writer, own, error);
    }
  };
}

/** Read anew, not from the cache: what is done next depends on the newest state. */
async function observe(deps: OperatorDeps, key: string): Promise<AppRestore | undefined> {
  try {
    return await deps.client.get<AppRestore>(appRestores, parseKey(key));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function steps(writer: RestoreWriter, deps: OperatorDeps, signal: AbortSignal): Promise<Outcome> {
  for (let i = 0; i < maxSteps; i += 1) {
    signal.throwIfAborted();
    const plan = decide({ object: writer.object, now: deps.clock.now() });
    deps.log.debug('decided', { plan: plan.kind, phase: writer.object.status?.phase });
    const result = await act(plan, writer, deps, signal);
    if (result.again === 'onChange') return { kind: 'done' };
    if (result.again === 'later') return { kind: 'later', seconds: result.seconds };
  }
  throw new Error(`no end after ${maxSteps} steps`);
}

async function act(plan: RestorePlan, writer: RestoreWriter, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult> {
  switch (plan.kind) {
    case 'idle':
      return onChange;
    case 'addFinalizer':
      await addFinalizer(deps.client, appRestores, writer.object, restoreFinalizer);
      // The write comes back through the cache and brings the key again.
      return onChange;
    case 'plan':
      return planStep(writer, deps);
    case 'volumes':
      return volumesStep(writer, deps);
    case 'configuration':
      return configurationStep(writer, deps);
    case 'prepare':
      return prepareStep(writer, deps);
    case 'start':
      return startStep(writer, deps);
    case 'verify':
      return verifyStep(writer, deps, signal);
    case 'timeout':
      return timeoutStep(writer, deps);
    case 'delete':
      return remove(writer, deps);
  }
}

/** Puts an error where the user sees it: condition and event with the same reason. */
async function report(writer: RestoreWriter, deps: OperatorDeps, thrown: unknown): Promise<Outcome> {
  // Somebody else wrote in between: look again, quietly.
  if (isConflict(thrown)) return { kind: 'later', seconds: 0.1 };
  const error = named(thrown);
  if (!(error instanceof AppError) || writer.object.metadata.deletionTimestamp !== undefined) return outcomeOf(error);
  const failed = error.retry === 'never';
  try {
    await writer.write({ phase: failed ? 'Failed' : (writer.object.status?.phase ?? 'Pending') }, { kind: failed ? 'failed' : 'working', reason: error.code, message: error.publicMessage });
  } catch (writeError) {
    if (isConflict(writeError) || isNotFound(writeError)) return { kind: 'later', seconds: 0.1 };
    throw writeError;
  }
  tell(deps, writer.object, 'Warning', error.code, error.publicMessage);
  return outcomeOf(error);
}

/** What the API server refuses to an account is for the user to see. */
function named(error: unknown): unknown {
  if (!(error instanceof ApiError) || error.code < 400 || error.code >= 500 || error.code === 401 || error.code === 429) return error;
  if (isForbidden(error)) return fail('AccountNotAllowed', error.message, { cause: error });
  return fail('RestoreFailed', error.message, { cause: error });
}
