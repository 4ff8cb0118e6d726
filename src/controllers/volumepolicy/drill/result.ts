import type { AppRestore } from '../../../api/kinds.js';
import type { DrillResult, DrillStatus } from '../../../api/volumepolicy.js';
import { findCondition } from '../../../runtime/conditions.js';

/** A refusal that follows from what the API server has not heard of yet passes within this; one that stays is the result. */
const refusalMillis = 120_000;
/** Reasons of a restore that has not begun: it waits for what will not come in a drill. */
const refusals: ReadonlySet<string> = new Set(['RestoreRefused', 'SnapshotNotFound', 'SnapshotNotReady', 'InvalidSpec', 'RecoveryPointNotFound', 'TargetKeyWrong', 'TargetRepositoryGone']);

/** The result that the restore of a drill has come to; undefined while it is under way. Pure. */
export function resultOf(drill: DrillStatus, restore: AppRestore, now: number): DrillResult | undefined {
  const { status } = restore;
  const ready = findCondition(status?.conditions, 'Ready');
  const message = ready?.message ?? '';
  const figures = { checksPassed: status?.checksPassed ?? 0, checksFailed: status?.checksFailed ?? 0, ...(status?.rtoSeconds === undefined ? {} : { rtoSeconds: status.rtoSeconds }) };
  if (status?.phase === 'Ready') return ended(drill, status.verified === true ? 'DrillPassed' : 'DrillNotVerified', message, now, figures);
  const refused = ready !== undefined && refusals.has(ready.reason) && now - Date.parse(ready.lastTransitionTime) > refusalMillis;
  if (status?.phase !== 'Failed' && !refused) return undefined;
  return ended(drill, 'DrillFailed', `${ready?.reason ?? 'Failed'}: ${message}`, now, figures);
}

/** The result of a drill whose time is over; `restore`: as far as it came. Pure. */
export function timedOut(drill: DrillStatus, restore: AppRestore | undefined, now: number): DrillResult {
  const ready = findCondition(restore?.status?.conditions, 'Ready');
  const last = ready === undefined ? (drill.message ?? 'nothing was begun') : `${ready.reason}: ${ready.message}`;
  const limits = '(spec.protection.verify.timeout, and the chart value drills.longest)';
  // Of the copy nothing is known then, neither good nor bad.
  if (drill.restore === undefined && restore === undefined) return ended(drill, 'DrillAborted', `The time of the drill was over before anything was restored ${limits}. Last: ${last}`, now);
  return ended(drill, 'DrillTimedOut', `The drill did not end in its time ${limits}. Last: ${last}`, now);
}

/** The result of a drill that has ended. Pure. */
export function ended(drill: DrillStatus, reason: DrillResult['reason'], message: string, now: number, figures: Partial<DrillResult> = {}): DrillResult {
  return {
    checksPassed: 0,
    checksFailed: 0,
    ...figures,
    due: drill.due,
    at: new Date(now).toISOString(),
    copy: drill.copy,
    from: drill.target === undefined ? 'Snapshot' : 'Target',
    ...(drill.target === undefined ? {} : { target: drill.target }),
    verified: reason === 'DrillPassed',
    isolated: drill.isolated === true,
    reason,
    message: message.slice(0, 2048),
  };
}
