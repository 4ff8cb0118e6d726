import { appSnapshotSpec } from '../../api/appsnapshot.js';
import { fail } from '../../api/errors.js';
import { appSnapshots, type AppSnapshot } from '../../api/kinds.js';
import { isConflict, isNotFound } from '../../runtime/api-error.js';
import { AppError } from '../../runtime/app-error.js';
import type { ReconcileContext } from '../../runtime/controller.js';
import { addFinalizer } from '../../runtime/finalizers.js';
import { parseKey } from '../../runtime/object.js';
import { outcomeOf, type Outcome } from '../../runtime/outcome.js';
import type { OperatorDeps } from '../deps.js';
import type { NamespaceLocks } from '../namespace-lock.js';
import { attempt } from './attempt.js';
import { discard, expire, recover, remove } from './cleanup.js';
import { complete } from './complete.js';
import { decide, snapshotFinalizer, type SnapshotPlan } from './decide.js';
import { gradeStep } from './grade-step.js';
import { later, onChange, snapshotWriter, tell, type SnapshotWriter, type StepResult } from './steps.js';

/** A reconcile goes on while there is something to do at once; more than this many steps would be a loop. */
const maxSteps = 20;

/** observe → decide → act → report for AppSnapshots. */
export function reconcileAppSnapshot(deps: OperatorDeps, locks: NamespaceLocks): (key: string, context: ReconcileContext) => Promise<Outcome> {
  return async (key, context) => {
    const object = await observe(deps, key);
    if (object === undefined) return { kind: 'done' };
    const writer = snapshotWriter(deps.client, deps.clock, object);
    try {
      return await steps(writer, { ...deps, log: context.log }, locks, context.signal);
    } catch (error) {
      return await report(writer, deps, error);
    }
  };
}

/** Read anew, not from the cache: decisions about databases are made on the newest state. */
async function observe(deps: OperatorDeps, key: string): Promise<AppSnapshot | undefined> {
  try {
    return await deps.client.get<AppSnapshot>(appSnapshots, parseKey(key));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function steps(writer: SnapshotWriter, deps: OperatorDeps, locks: NamespaceLocks, signal: AbortSignal): Promise<Outcome> {
  for (let i = 0; i < maxSteps; i += 1) {
    const plan = decide({ object: writer.object, now: deps.clock.now() });
    deps.log.debug('decided', { plan: plan.kind, phase: writer.object.status?.phase });
    const result = await act(plan, writer, deps, locks, signal);
    if (result.again === 'onChange') return { kind: 'done' };
    if (result.again === 'later') return { kind: 'later', seconds: result.seconds };
  }
  throw new Error(`no end after ${maxSteps} steps`);
}

async function act(plan: SnapshotPlan, writer: SnapshotWriter, deps: OperatorDeps, locks: NamespaceLocks, signal: AbortSignal): Promise<StepResult> {
  switch (plan.kind) {
    case 'idle':
      countCopy(writer.object, deps);
      return onChange;
    case 'suspended':
      await writer.write({}, { kind: 'working', reason: 'Suspended', message: 'spec.suspend is true: nothing new is begun.' });
      return onChange;
    case 'wait':
      return later(plan.seconds);
    case 'addFinalizer':
      await addFinalizer(deps.client, appSnapshots, writer.object, snapshotFinalizer);
      // The write comes back through the cache and brings the key again.
      return onChange;
    case 'recover':
      return recover(writer, deps);
    case 'attempt': {
      checkSpec(writer.object);
      const release = await locks.acquire(writer.object.metadata.namespace);
      try {
        return await attempt(writer, plan, deps, signal);
      } finally {
        release();
      }
    }
    case 'grade':
      return gradeStep(writer, deps, signal);
    case 'complete':
      return complete(writer, deps);
    case 'expire':
      return expire(writer, deps);
    case 'discard':
      return discard(writer, deps);
    case 'delete':
      return remove(writer, deps);
  }
}

/** Also after a restart of the operator, every ready copy is in the metrics. */
function countCopy({ metadata, status }: AppSnapshot, deps: OperatorDeps): void {
  if (status?.phase !== 'Ready' || status.grade === undefined || status.completionTime === undefined) return;
  deps.metrics.copy({ namespace: metadata.namespace, name: metadata.name }, status.grade, Date.parse(status.completionTime));
}

/** The API server has checked the schema; this catches what an older CRD may have let pass. */
function checkSpec(object: AppSnapshot): void {
  const parsed = appSnapshotSpec.safeParse(object.spec);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  throw fail('InvalidSpec', `spec.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
}

/** Puts an error where the user sees it: condition and event with the same reason. What is not of the catalogue goes to the log only. */
async function report(writer: SnapshotWriter, deps: OperatorDeps, error: unknown): Promise<Outcome> {
  // Somebody else wrote in between: look again, quietly.
  if (isConflict(error)) return { kind: 'later', seconds: 0.1 };
  if (!(error instanceof AppError)) return outcomeOf(error);
  const failed = error.retry === 'never';
  try {
    await writer.write(failed ? { phase: 'Failed', reasons: [error.publicMessage] } : {}, { kind: failed ? 'failed' : 'working', reason: error.code, message: error.publicMessage });
  } catch (writeError) {
    if (isConflict(writeError) || isNotFound(writeError)) return { kind: 'later', seconds: 0.1 };
    throw writeError;
  }
  tell(deps, writer.object, 'Warning', error.code, error.publicMessage);
  // A failed object still has to lose what its attempt left behind.
  return failed ? { kind: 'later', seconds: 0.1 } : outcomeOf(error);
}
