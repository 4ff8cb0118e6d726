import { appRestores } from '../../api/kinds.js';
import { ApiError } from '../../runtime/api-error.js';
import { AppError } from '../../runtime/app-error.js';
import { removeFinalizer } from '../../runtime/finalizers.js';
import { removeImported } from '../../snapshots/import.js';
import { later, onChange, type StepResult } from '../step.js';
import type { OperatorDeps } from '../deps.js';
import { restoreFinalizer } from './decide.js';
import { removeFixupPods } from './fixup-pods.js';
import { some, targetNamespace, type RestoreWriter } from './steps.js';

/** Looking again at a deletion that controllers of others work on. */
const removalSeconds = 2;

/** What the restore imported goes, and its own pods; the restored application stays. */
export async function remove(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  await removePods(writer, deps);
  const remaining = await removeImported(deps.client, targetNamespace(object), object.metadata.uid);
  if (remaining.length > 0) {
    deps.log.info('waiting for imported snapshots to go', { remaining: some(remaining) });
    return later(removalSeconds);
  }
  await removeFinalizer(deps.client, appRestores, object, restoreFinalizer);
  return onChange;
}

/** The account may be gone with its namespace; these pods end by their own deadline, so they never hold the deletion. */
async function removePods(writer: RestoreWriter, deps: OperatorDeps): Promise<void> {
  try {
    await removeFixupPods(writer.object, deps);
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof AppError)) throw error;
    deps.log.warn('pods of fix-up steps could not be removed', { error: error.message });
  }
}
