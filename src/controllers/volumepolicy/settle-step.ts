import { errorCatalogue } from '../../api/errors.js';
import { appSnapshots, type VolumePolicy } from '../../api/kinds.js';
import { findCondition } from '../../runtime/conditions.js';
import type { Condition } from '../../runtime/object.js';
import { accountOf } from '../appsnapshot/gather.js';
import { requireAuthority, rightsToProtect } from '../authority.js';
import type { OperatorDeps } from '../deps.js';
import { requirePolicies } from '../policies.js';
import type { Verdict } from '../status-writer.js';
import { later, type StepResult } from '../step.js';
import type { PolicyCopy } from './copies.js';
import type { DrillLook } from './drill/step.js';
import { reportOf, type PolicyReport } from './report.js';
import { tell, type PolicyWriter } from './steps.js';

/** At the latest after so long it is looked at again: timers do not notice a wall clock that is set. */
const lookAgainSeconds = 300;
/** Until the cache has heard of deletions. */
const removalSeconds = 5;
/** Deleted in one go. */
const mostRemoved = 50;

interface Settlement {
  /** When the next copy is begun, ms since the epoch. */
  readonly next: number | undefined;
  readonly remove: readonly PolicyCopy[];
  readonly drills: DrillLook;
  /** Default: what follows from the copies. */
  readonly verdict?: Verdict;
}

/** Says how the policy stands, where that is news, and deletes what the retention leaves. */
export async function settleStep(writer: PolicyWriter, plan: Settlement, copies: readonly PolicyCopy[], deps: OperatorDeps): Promise<StepResult> {
  const at = deps.clock.now();
  const report = reportOf(writer.object, copies, { copy: plan.next, drill: plan.drills.next, drills: plan.drills }, at);
  await say(writer, { ...report, verdict: plan.verdict ?? report.verdict }, deps);
  await remove(writer, plan.remove.slice(0, mostRemoved), deps);
  const until = [plan.next, plan.drills.next, report.missedAt].flatMap((time) => (time === undefined || time < at ? [] : [(time - at) / 1000]));
  const seconds = Math.min(lookAgainSeconds, ...until, ...(plan.remove.length > 0 ? [removalSeconds] : []));
  return later(Math.max(0.01, seconds));
}

/** Writes the report when it differs from what status says, and tells of what has turned. */
export async function say(writer: PolicyWriter, report: PolicyReport, deps: OperatorDeps): Promise<void> {
  const { object } = writer;
  measure(writer, report, deps);
  const { verdict } = report;
  const ready = findCondition(object.status?.conditions, 'Ready');
  const turned = ready?.reason !== verdict.reason || ready.message !== verdict.message;
  const others = report.conditions.filter((condition) => isNews(object, condition));
  if (!turned && others.length === 0 && object.status?.observedGeneration === object.metadata.generation && isSaid(object.status, report.change)) return;
  await writer.write(report.change, verdict, report.conditions);
  if (turned && verdict.kind !== 'ready') tell(deps, object, 'Warning', verdict.reason, verdict.message);
  for (const condition of others) tellOf(condition, findCondition(object.status?.conditions, condition.type), object, deps);
}

function isNews({ status }: VolumePolicy, condition: PolicyReport['conditions'][number]): boolean {
  const before = findCondition(status?.conditions, condition.type);
  return before?.status !== condition.status || before.reason !== condition.reason || before.message !== condition.message;
}

/** How a drill has ended is told where its result is noted; here what turns without one. */
function tellOf({ type, status, reason, message }: PolicyReport['conditions'][number], before: Condition | undefined, object: VolumePolicy, deps: OperatorDeps): void {
  if (before?.reason === reason && before.status === status) return;
  const bad = type === 'Verified' ? reason in errorCatalogue : status === 'False';
  if (bad) tell(deps, object, 'Warning', reason, message);
  if (type !== 'Verified' && status === 'True' && before?.status === 'False') tell(deps, object, 'Normal', reason, message);
}

function isSaid(status: object, change: object): boolean {
  return Object.entries(change).every(([field, value]) => JSON.stringify((status as Record<string, unknown>)[field]) === JSON.stringify(value));
}

function measure(writer: PolicyWriter, { change, conditions }: PolicyReport, deps: OperatorDeps): void {
  const { namespace, name } = writer.object.metadata;
  const rpo = conditions.find(({ type }) => type === 'RPOMet')?.status ?? 'Unknown';
  const drill = writer.object.status?.lastDrill;
  const seconds = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time) / 1000);
  deps.metrics.policy(
    { namespace, policy: name },
    { copies: change.copies ?? 0, lastCopy: seconds(change.lastCopy?.at), nextCopy: seconds(change.nextCopy), verified: seconds(change.lastVerified?.verifiedAt), rpoMet: rpo === 'Unknown' ? undefined : rpo === 'True', drill: seconds(drill?.at), drillVerified: drill?.verified },
  );
}

/** Deletes copies as the account, each only as it was seen: one that was verified or deleted meanwhile is looked at again. */
async function remove(writer: PolicyWriter, copies: readonly PolicyCopy[], deps: OperatorDeps): Promise<void> {
  if (copies.length === 0) return;
  const { object } = writer;
  const account = accountOf(object);
  await requirePolicies(deps.client, deps.agentNamespace);
  await requireAuthority(deps.client, account, rightsToProtect);
  const client = deps.client.as(account);
  for (const { name, uid, resourceVersion } of copies) await client.delete(appSnapshots, { namespace: account.namespace, name }, { uid, resourceVersion });
  const names = copies.map(({ name }) => name);
  tell(deps, object, 'Normal', 'Pruned', `Deleted by spec.protection.retention: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}.`);
}
