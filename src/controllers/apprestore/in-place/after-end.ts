import { fail } from '../../../api/errors.js';
import { isForbidden } from '../../../runtime/api-error.js';
import { AppError } from '../../../runtime/app-error.js';
import { findCondition, type ConditionInput } from '../../../runtime/conditions.js';
import { later, type StepResult } from '../../step.js';
import type { RestoreWriter } from '../steps.js';
import { oldVolumes } from './words.js';

/** A restore that has ended stays as it has ended: what keeps its old volumes from going, or from coming back, is said in their own condition, and tried again. */
export async function afterEnd(writer: RestoreWriter, act: () => Promise<StepResult>): Promise<StepResult> {
  const { phase } = writer.object.status ?? {};
  try {
    return await act();
  } catch (thrown) {
    const error = isForbidden(thrown) && thrown instanceof Error ? fail('AccountNotAllowed', thrown.message, { cause: thrown }) : thrown;
    if (!(error instanceof AppError) || (phase !== 'Ready' && phase !== 'Failed')) throw thrown;
    await tellOfOldVolumes(writer, oldVolumes.blocked(error.code, error.publicMessage));
    return later(error.afterSeconds);
  }
}

/** Writes the condition where it says something new. */
export async function tellOfOldVolumes(writer: RestoreWriter, condition: ConditionInput): Promise<void> {
  if (findCondition(writer.object.status?.conditions, condition.type)?.message !== condition.message) await writer.write({}, undefined, [condition]);
}
