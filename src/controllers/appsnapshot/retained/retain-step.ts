import type { RetainedStatus } from '../../../api/appsnapshot.js';
import { fail } from '../../../api/errors.js';
import { ApiError, isConflict, isForbidden } from '../../../runtime/api-error.js';
import { AppError } from '../../../runtime/app-error.js';
import { findCondition } from '../../../runtime/conditions.js';
import type { OperatorDeps } from '../../deps.js';
import { pointName } from '../../retained/objects.js';
import { isListed, placeOf } from '../../retained/store.js';
import { later, now, type StepResult } from '../../step.js';
import { tell, type SnapshotWriter } from '../steps.js';
import { notRetained, readyVerdict, retainedCondition } from './conditions.js';
import { keep } from './keep.js';

/** Until the cache has seen what was written. */
const seenSeconds = 2;

/**
 * Retains a copy that is ready already: the spec was changed, or somebody has deleted the Secret. While that cannot be done the copy is not as the spec asks, so `Ready` is
 * False; its data is there, and copies in targets go on.
 */
export async function retainStep(writer: SnapshotWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  if (object.status?.retained?.complete === true && (await isListed(placeOf(deps), object.metadata.uid))) return later(seenSeconds);
  try {
    await writeRetained(writer, await keep(writer, deps), deps);
    return later(seenSeconds);
  } catch (error) {
    const known = named(error);
    if (known === undefined) throw error;
    await note(writer, known, deps);
    return now;
  }
}

async function writeRetained(writer: SnapshotWriter, retained: RetainedStatus, deps: OperatorDeps): Promise<void> {
  const condition = retainedCondition(retained);
  await writer.write({ retained }, readyVerdict(writer.object), [condition]);
  tell(deps, writer.object, 'Normal', condition.reason, condition.message);
}

async function note(writer: SnapshotWriter, { code, publicMessage, afterSeconds }: AppError, deps: OperatorDeps): Promise<void> {
  const { object } = writer;
  const { retained = { namespace: deps.retained.namespace, secret: pointName(object.metadata.uid), complete: false } } = object.status ?? {};
  const isNew = findCondition(object.status?.conditions, 'Retained')?.reason !== code;
  const retryAt = new Date(deps.clock.now() + afterSeconds * 1000).toISOString();
  await writer.write({ retained: { ...retained, complete: false, retryAt } }, { kind: 'working', reason: code, message: publicMessage }, [notRetained(code, publicMessage)]);
  if (isNew) tell(deps, object, 'Warning', code, publicMessage);
}

/** What is for the user to see; conflicts and what was lost are tried again at once. */
function named(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  if (!(error instanceof ApiError) || isConflict(error) || error.code < 400 || error.code >= 500 || error.code === 401 || error.code === 429) return undefined;
  return fail(isForbidden(error) ? 'AccountNotAllowed' : 'RetainRefused', error.message, { cause: error, afterSeconds: 30 });
}
