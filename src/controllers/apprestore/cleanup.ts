import { appRestores } from '../../api/kinds.js';
import { isForbidden, isNotFound } from '../../runtime/api-error.js';
import { AppError } from '../../runtime/app-error.js';
import { removeFinalizer } from '../../runtime/finalizers.js';
import { removeImported } from '../../snapshots/import.js';
import { later, onChange, type StepResult } from '../step.js';
import type { OperatorDeps } from '../deps.js';
import { restoreFinalizer } from './decide.js';
import { removeFixupPods } from './fixup-pods.js';
import { leaveOldVolumes } from './in-place/leave.js';
import { removeUnfinished, unfinishedClaims } from './remote/sweep.js';
import { some, targetNamespace, tell, type RestoreWriter } from './steps.js';

/** Looking again at a deletion that controllers of others work on. */
const removalSeconds = 2;

/** Without the account nothing can be removed, today or later. */
const accountCodes: readonly string[] = ['InvalidSpec', 'NamespaceNotServed', 'AccountNotFound', 'AccountNotAllowed'];

/** What the restore imported goes, its own pods, and volumes that movers have not filled whole; the restored application stays. */
export async function remove(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const { left, refused } = await removeOwn(writer, deps);
  if (left > 0) return later(removalSeconds);
  const remaining = await removeImported(deps.client, targetNamespace(object), object.metadata.uid);
  if (remaining.length > 0) {
    deps.log.info('waiting for imported snapshots to go', { remaining: some(remaining) });
    return later(removalSeconds);
  }
  const claims = [...unfinishedClaims(object)];
  if (refused !== undefined && claims.length > 0) {
    tell(deps, object, 'Warning', 'ClaimsLeft', `Not filled whole, and not removed, in namespace ${targetNamespace(object)}: ${some(claims, 20)}. Delete those that are there, with their pods: a database would take half of its data for all. ${refused}`);
  }
  await leaveOldVolumes(object, deps);
  await removeFinalizer(deps.client, appRestores, object, restoreFinalizer);
  return onChange;
}

/**
 * How much is left of what movers made, and why the rest cannot be removed. The account may be gone with its namespace, and its objects with it; what it may not remove does
 * not hold the deletion. Anything else passes, and is tried again: what is half would stay for good.
 */
async function removeOwn({ object }: RestoreWriter, deps: OperatorDeps): Promise<{ readonly left: number; readonly refused?: string }> {
  await permitted(() => removeFixupPods(object, deps), deps);
  const left = await permitted(() => removeUnfinished(object, deps), deps);
  return typeof left === 'number' ? { left } : { left: 0, ...left };
}

/** What is removed, or why it may not be. */
async function permitted(act: () => Promise<number>, deps: OperatorDeps): Promise<number | { readonly refused: string }> {
  try {
    return await act();
  } catch (error) {
    const refused = refusalOf(error);
    if (refused === undefined) throw error;
    deps.log.warn('what this restore has made could not be removed', { error: refused });
    return { refused };
  }
}

function refusalOf(error: unknown): string | undefined {
  if (error instanceof AppError) return accountCodes.includes(error.code) ? error.publicMessage : undefined;
  return error instanceof Error && (isForbidden(error) || isNotFound(error)) ? error.message : undefined;
}
