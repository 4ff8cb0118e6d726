import { appRestores } from '../../api/kinds.js';
import { ApiError } from '../../runtime/api-error.js';
import { AppError } from '../../runtime/app-error.js';
import { removeFinalizer } from '../../runtime/finalizers.js';
import { removeImported } from '../../snapshots/import.js';
import { later, onChange, type StepResult } from '../step.js';
import type { OperatorDeps } from '../deps.js';
import { restoreFinalizer } from './decide.js';
import { removeFixupPods } from './fixup-pods.js';
import { removeUnfinished } from './remote/sweep.js';
import { some, targetNamespace, type RestoreWriter } from './steps.js';

/** Looking again at a deletion that controllers of others work on. */
const removalSeconds = 2;

/** What the restore imported goes, its own pods, and volumes that movers have not filled whole; the restored application stays. */
export async function remove(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  if ((await removeOwn(writer, deps)) > 0) return later(removalSeconds);
  const remaining = await removeImported(deps.client, targetNamespace(object), object.metadata.uid);
  if (remaining.length > 0) {
    deps.log.info('waiting for imported snapshots to go', { remaining: some(remaining) });
    return later(removalSeconds);
  }
  await removeFinalizer(deps.client, appRestores, object, restoreFinalizer);
  return onChange;
}

/** How much is left of what movers made. The account may be gone with its namespace, and its objects with it; what the account may not remove does not hold the deletion. */
async function removeOwn({ object }: RestoreWriter, deps: OperatorDeps): Promise<number> {
  try {
    await removeFixupPods(object, deps);
    return await removeUnfinished(object, deps);
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof AppError)) throw error;
    deps.log.warn('pods of this restore could not be removed', { error: error.message });
    return 0;
  }
}
