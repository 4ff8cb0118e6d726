import { errorCatalogue } from '../../api/errors.js';
import type { VolumePolicy } from '../../api/kinds.js';
import { findCondition } from '../../runtime/conditions.js';
import type { Condition } from '../../runtime/object.js';
import type { OperatorDeps } from '../deps.js';
import { isNews, isSaid } from '../news.js';
import type { Verdict } from '../status-writer.js';
import { later, type StepResult } from '../step.js';
import type { PolicyCopy } from './copies.js';
import type { Release } from './decide.js';
import type { DrillLook } from './drill/step.js';
import { prune } from './prune.js';
import { reportOf, withVolumes, type PolicyReport } from './report.js';
import { tell, type PolicyWriter } from './steps.js';
import { isLasting } from './volumes/report.js';
import type { VolumesLook } from './volumes/step.js';

/** At the latest after so long it is looked at again: timers do not notice a wall clock that is set. */
const lookAgainSeconds = 300;
/** Until the cache has heard of what was pruned. */
const removalSeconds = 5;

type Reported = PolicyReport['conditions'][number];

interface Settlement {
  /** When the next copy is begun, ms since the epoch. */
  readonly next: number | undefined;
  readonly remove: readonly PolicyCopy[];
  readonly release: readonly Release[];
  readonly drills: DrillLook;
  readonly volumes: VolumesLook;
  /** Default: what follows from the copies. */
  readonly verdict?: Verdict;
}

/** Says how the policy stands, where that is news, and prunes what the retention leaves. */
export async function settleStep(writer: PolicyWriter, plan: Settlement, copies: readonly PolicyCopy[], deps: OperatorDeps): Promise<StepResult> {
  const at = deps.clock.now();
  const report = withVolumes(reportOf(writer.object, copies, { copy: plan.next, drill: plan.drills.next, drills: plan.drills }, at), plan.volumes);
  await say(writer, { ...report, verdict: plan.verdict ?? report.verdict }, deps);
  await prune(writer, plan.remove, plan.release, deps);
  const until = [plan.next, plan.drills.next, report.missedAt].flatMap((time) => (time === undefined || time < at ? [] : [(time - at) / 1000]));
  const seconds = Math.min(lookAgainSeconds, ...until, ...(plan.remove.length + plan.release.length > 0 ? [removalSeconds] : []));
  return later(Math.max(0.01, seconds));
}

/** Writes the report when it differs from what status says, and tells of what has turned. */
export async function say(writer: PolicyWriter, report: PolicyReport, deps: OperatorDeps): Promise<void> {
  const { object } = writer;
  measure(writer, report, deps);
  const { verdict } = report;
  const { conditions, observedGeneration } = object.status ?? {};
  const ready = findCondition(conditions, 'Ready');
  const turned = ready?.reason !== verdict.reason || ready.message !== verdict.message;
  const news = report.conditions.map((condition) => ({ condition, before: findCondition(conditions, condition.type) })).filter(({ condition, before }) => isNews(condition, before));
  if (!turned && news.length === 0 && observedGeneration === object.metadata.generation && isSaid(object.status ?? {}, report.change)) return;
  await writer.write(report.change, verdict, report.conditions);
  if (turned && verdict.kind !== 'ready') tell(deps, object, 'Warning', verdict.reason, verdict.message);
  for (const { condition, before } of news) tellTurn(object, condition, before, deps);
}

/** What has become wrong, and what is right again. How a drill has ended is told where its result is noted; here of drills what turns without one. */
function tellTurn(object: VolumePolicy, { type, status, reason, message }: Reported, before: Condition | undefined, deps: OperatorDeps): void {
  if (before?.status === status && before.reason === reason) return;
  const ofDrill = type === 'Verified';
  const wrong = type === 'Compliant' ? isLasting(reason) : status === 'False';
  if (ofDrill ? reason in errorCatalogue : wrong) tell(deps, object, 'Warning', reason, message);
  if (!ofDrill && status === 'True' && before?.status === 'False') tell(deps, object, 'Normal', reason, message);
}

function measure(writer: PolicyWriter, { change, conditions }: PolicyReport, deps: OperatorDeps): void {
  const { namespace, name } = writer.object.metadata;
  const met = conditions.find(({ type }) => type === 'RPOMet')?.status ?? 'Unknown';
  // What drills have proven once is nothing to watch where there are none any more.
  const drill = writer.object.spec.protection?.verify === undefined ? undefined : writer.object.status?.lastDrill;
  const seconds = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time) / 1000);
  deps.metrics.policy(
    { namespace, policy: name },
    {
      copies: change.copies ?? 0,
      lastCopy: seconds(change.lastCopy?.at),
      nextCopy: seconds(change.nextCopy),
      verified: seconds(change.lastVerified?.verifiedAt),
      rpo: change.rpoSeconds,
      rpoMet: met === 'Unknown' ? undefined : met === 'True',
      drill: seconds(drill?.at),
      drillVerified: drill?.verified,
      drillFromTarget: drill === undefined ? undefined : drill.from === 'Target',
      targets: new Map((change.targets ?? []).map(({ target, lastCopy, reason }) => [target, { lastCopy: seconds(lastCopy?.at), failing: reason !== undefined }])),
    },
  );
}
