import type { ApplicationStatus, AppSnapshotStatus } from '../../api/appsnapshot.js';
import { fail } from '../../api/errors.js';
import { AppError } from '../../runtime/app-error.js';
import type { OnlineEvidence, Positions } from '../../hooks/adapter.js';
import { changedClaims } from '../../hooks/hold/changed-claims.js';
import { settledMillis } from '../../hooks/hold/gates.js';
import { gradeCopy, meetsGrade } from '../../hooks/hold/grade.js';
import type { GradeReport } from '../../hooks/hold/grade-types.js';
import type { Cut, WindowResult } from '../../hooks/hold/window-types.js';
import { attachedVolumes, namespaceView } from '../caches.js';
import type { OperatorDeps } from '../deps.js';
import type { AttemptPlan } from './gather.js';
import { later, now, type StepResult } from '../step.js';
import { onlineHint } from './online-step.js';
import { stillMounted } from './still-mounted.js';
import { tell, type SnapshotWriter } from './steps.js';
import type { Visitors } from './visitors.js';
import { closedHolds, windowStatus } from './window-status.js';

/** Between two attempts: what was in the way often passes. */
const retrySeconds = 2;

/** What a window left to be judged. */
export interface ClosedWindow {
  readonly plan: AttemptPlan;
  readonly attempt: number;
  readonly setId: string;
  /** As they were prepared: names of the snapshots, and which claims each covers. */
  readonly cuts: readonly Pick<Cut, 'name' | 'atomic' | 'claimUids'>[];
  readonly result: WindowResult;
  readonly positions: ReadonlyMap<string, Positions>;
  /** Pods that came meanwhile. */
  readonly visitors: Visitors;
  /** By application: what its online method left. */
  readonly online: ReadonlyMap<string, OnlineEvidence>;
}

/**
 * Everything is let go; now decide: keep the copy, try again, or give up. The first write after the release names what
 * each hold came to, so that nothing is released twice.
 */
export async function closeWindow(writer: SnapshotWriter, closed: ClosedWindow, deps: OperatorDeps): Promise<StepResult> {
  const { result } = closed;
  const report = judge(closed, writer, deps, await mountedAfterwards(closed, deps));
  const change = whatHappened(writer, closed, report);
  count(result, change, deps);
  const problem = problemOf(writer, closed, report);
  if (problem === undefined) {
    await writer.write({ ...change, phase: 'Released' }, { kind: 'working', reason: 'Released', message: heldText(change) });
    tell(deps, writer.object, 'Normal', 'Released', heldText(change));
    return now;
  }
  // What the plan could not reach was refused before the window: a grade that is missed here was missed by what happened in it.
  const again = problem.retry !== 'never' || problem.code === 'GradeUnmet';
  const retry = again && closed.attempt < writer.object.spec.quiesce.attempts;
  const message = retry ? `${problem.publicMessage} Attempt ${closed.attempt} of ${writer.object.spec.quiesce.attempts}; it is tried again.` : problem.publicMessage;
  await writer.write({ ...change, grade: undefined, phase: retry ? 'Pending' : 'Failed' }, { kind: retry ? 'working' : 'failed', reason: problem.code, message });
  tell(deps, writer.object, 'Warning', problem.code, message);
  return retry ? later(retrySeconds) : now;
}

/**
 * The nodes are asked a second time for what counted as unmounted: a pod that was deleted by force just before the plan may have begun all the same. One that
 * comes later is among the visitors.
 */
async function mountedAfterwards({ plan, setId, result }: ClosedWindow, deps: OperatorDeps): Promise<ReadonlyMap<string, string>> {
  if (result.error !== undefined) return new Map();
  const unmounted = new Set(plan.holders.claims.filter((c) => c.still === 'Unmounted').map((c) => c.claim));
  return stillMounted({ ...plan.lookout, claims: plan.lookout.claims.filter(({ claim }) => unmounted.has(claim)) }, setId, deps);
}

function judge({ plan, cuts, result, visitors, online }: ClosedWindow, writer: SnapshotWriter, deps: OperatorDeps, mounted: ReadonlyMap<string, string>): GradeReport {
  const after = namespaceView(deps.caches, writer.object.metadata.namespace);
  return gradeCopy({
    claims: plan.holders.claims,
    applications: plan.applications.map(({ detected, preflight }) => ({
      name: detected.name,
      kind: detected.kind,
      caps: preflight.caps,
      settleMillis: preflight.settleMillis,
      settleBecause: preflight.settleBecause,
      settledMillis: settledMillis(detected, plan.holders.holders, result.holds),
      online: online.has(detected.name),
    })),
    cuts,
    cutsMade: new Set(result.cutsSeen),
    window: result,
    changed: changedClaims(plan.holders.claims, after, attachedVolumes(deps.caches), visitors.since(plan.view), mounted),
  });
}

function whatHappened(writer: SnapshotWriter, closed: ClosedWindow, report: GradeReport): Partial<AppSnapshotStatus> {
  const { plan, result, attempt, setId } = closed;
  const { status } = writer.object;
  return {
    holds: closedHolds(status?.holds ?? [], result),
    // Also an attempt that never got as far as naming its holds counts: there is an end.
    attempts: attempt,
    window: windowStatus({ id: setId, attempt, openedAt: status?.window?.openedAt, atomic: plan.snapshots.storageAtomic, held: isHeld(plan) }, result),
    grade: report.grade,
    reasons: report.reasons.map((r) => r.slice(0, 512)).slice(0, 32),
    applications: (status?.applications ?? []).map((a) => graded(a, report, closed)),
  };
}

function isHeld(plan: AttemptPlan): boolean {
  return plan.holders.holders.some((holder) => holder.targets.some((target) => target.freeze));
}

function graded(application: ApplicationStatus, report: GradeReport, { positions, online }: ClosedWindow): ApplicationStatus {
  const own = report.applications.find((a) => a.name === application.name);
  const method = online.get(application.name);
  return {
    ...application,
    ...(own === undefined ? {} : { grade: own.grade, caps: own.caps.map((c) => c.slice(0, 512)).slice(0, 16) }),
    positions: { ...positions.get(application.name), ...method?.positions },
    ...(method === undefined ? {} : { startFiles: [...method.startFiles] }),
  };
}

/** Why the copy is not kept; undefined when it is. */
function problemOf(writer: SnapshotWriter, { plan, result, cuts }: ClosedWindow, report: GradeReport): AppError | undefined {
  const { required, onUnmet } = writer.object.spec.consistency;
  if (result.error?.code === 'HoldRefused') return withHint(result.error, onlineHint(plan, required));
  const everyCut = cuts.every((cut) => result.cutsSeen.includes(cut.name));
  // Not every volume was cut: whatever the grade, there is no copy.
  if (!everyCut) return result.error ?? fail('CutTooSlow', 'Not every cut was seen before the release.');
  if (meetsGrade(report.grade, required)) return undefined;
  if (onUnmet === 'Downgrade' && report.grade !== 'Inconsistent' && result.error === undefined) return undefined;
  return result.error ?? fail('GradeUnmet', `spec.consistency.required is ${required}, but the copy is only proven to be ${report.grade}: ${report.reasons.join(' ')} It is removed.`);
}

function withHint(error: AppError, hint: string): AppError {
  return hint === '' ? error : new AppError(error.code, error.publicMessage + hint, { retry: error.retry, cause: error });
}

function heldText(change: Partial<AppSnapshotStatus>): string {
  const w = change.window;
  if (w?.heldMillis === undefined) return 'Nothing was held; the volumes are cut.';
  return `Held for ${w.heldMillis} ms, of which the cut took ${w.cutMillis ?? '?'} ms${w.settleMillis === undefined ? '' : ` and the settle ${w.settleMillis} ms`}; overhead ${w.overheadMillis ?? '?'} ms; ${w.unbroken === true ? 'every hold was unbroken' : 'a hold was broken'}.`;
}

function count(result: WindowResult, change: Partial<AppSnapshotStatus>, deps: OperatorDeps): void {
  if (change.window !== undefined) deps.metrics.window(change.window);
  for (const hold of result.holds) if (hold.frozen && hold.unbroken !== true) deps.metrics.holdBroken(hold.endedBy ?? 'unknown');
}
