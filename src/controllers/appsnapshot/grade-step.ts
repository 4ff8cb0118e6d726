import { durationMillis, type Grade } from '../../api/common.js';
import type { ApplicationStatus } from '../../api/appsnapshot.js';
import type { AdapterContext, Cap } from '../../hooks/adapter.js';
import { meetsGrade, worseGrade } from '../../hooks/hold/grade.js';
import type { AppSnapshot } from '../../api/kinds.js';
import { isUnknownOutcome } from '../../runtime/api-error.js';
import { AppError } from '../../runtime/app-error.js';
import type { ConditionInput } from '../../runtime/conditions.js';
import type { OperatorDeps } from '../deps.js';
import { captureCondition, notCompared } from './capture-step.js';
import { contextOf, detectedAgain } from './from-status.js';
import { removeLeftovers } from './leftovers.js';
import { later, now, type StepResult } from '../step.js';
import { tell, type SnapshotWriter } from './steps.js';

/** How long evidence is asked for before its absence counts against the copy. */
const patienceMillis = durationMillis('1m');

/** Evidence after the release: what the databases themselves say may lower the grade, never raise it. */
export async function gradeStep(writer: SnapshotWriter, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult> {
  const { object } = writer;
  const waited = deps.clock.now() - Date.parse(object.status?.window?.heldUntil ?? object.status?.window?.openedAt ?? new Date(0).toISOString());
  const context = contextOf(object, deps, signal);
  const applications: ApplicationStatus[] = [];
  for (const application of object.status?.applications ?? []) {
    try {
      applications.push(await withEvidence(application, object, context, deps));
    } catch (error) {
      if (!(error instanceof AppError) && !isUnknownOutcome(error)) throw error;
      if (waited < patienceMillis) {
        await writer.write({}, { kind: 'working', reason: 'WaitingForEvidence', message: `After the release ${application.name} does not answer yet: ${error instanceof Error ? error.message : String(error)}` });
        return later(2);
      }
      applications.push(capped(application, [{ grade: 'CrashConsistent', reason: `${application.name} did not answer after the release, so that nothing confirms the hold from inside.` }]));
    }
  }
  const left = await removeLeftovers(writer, deps, applications, signal);
  if (left.waiting !== undefined) {
    await writer.write({}, { kind: 'working', reason: 'RemovingLeftovers', message: `The volumes are cut; what the servers made for that is removed from them. ${left.waiting}` });
    return later(2);
  }
  return settle(writer, deps, left.applications, await compared(writer.object, deps, waited));
}

/** Errors are tried again for a while; after that the copy does not wait for it any more. */
async function compared(object: AppSnapshot, deps: OperatorDeps, waited: number): Promise<ConditionInput[]> {
  try {
    const condition = await captureCondition(object, deps);
    return condition === undefined ? [] : [condition];
  } catch (error) {
    if (waited < patienceMillis) throw error;
    return [notCompared(error instanceof Error ? error.message : String(error))];
  }
}

async function settle(writer: SnapshotWriter, deps: OperatorDeps, applications: ApplicationStatus[], configuration: ConditionInput[]): Promise<StepResult> {
  const { object } = writer;
  const grade = applications.map((a) => a.grade ?? 'Inconsistent').reduce<Grade>(worseGrade, object.status?.grade ?? 'Inconsistent');
  const reasons = [...new Set([...(object.status?.reasons ?? []), ...applications.flatMap((a) => a.caps ?? [])])].slice(0, 32);
  const { required, onUnmet } = object.spec.consistency;
  if (!meetsGrade(grade, required) && (onUnmet === 'Fail' || grade === 'Inconsistent')) {
    const retry = (object.status?.attempts ?? 0) < object.spec.quiesce.attempts;
    const end = retry ? 'It is removed and tried again.' : 'It is removed.';
    const message = `spec.consistency.required is ${required}, but the copy is only proven to be ${grade}: ${reasons.join(' ')} ${end}`;
    await writer.write({ applications, grade, reasons, phase: retry ? 'Pending' : 'Failed' }, { kind: retry ? 'working' : 'failed', reason: 'GradeUnmet', message });
    tell(deps, object, 'Warning', 'GradeUnmet', message);
    return now;
  }
  const message = `Proven to be ${grade}${reasons.length === 0 ? '.' : `: ${reasons.join(' ')}`}`;
  await writer.write({ applications, grade, reasons, phase: 'Graded' }, { kind: 'working', reason: 'Graded', message }, configuration);
  tell(deps, object, meetsGrade(grade, required) ? 'Normal' : 'Warning', 'Graded', message);
  return now;
}

async function withEvidence(application: ApplicationStatus, object: AppSnapshot, context: AdapterContext, deps: OperatorDeps): Promise<ApplicationStatus> {
  const adapter = deps.adapters[application.kind];
  const before = application.positions ?? {};
  const after = await adapter.evidence(detectedAgain(application, object), context);
  return capped({ ...application, positions: { ...before, ...after } }, adapter.contradictions(before, after));
}

function capped(application: ApplicationStatus, caps: readonly Cap[]): ApplicationStatus {
  if (caps.length === 0) return application;
  const grade = caps.map((c) => c.grade).reduce(worseGrade, application.grade ?? 'Inconsistent');
  return { ...application, grade, caps: [...new Set([...(application.caps ?? []), ...caps.map((c) => c.reason)])].slice(0, 16) };
}
