import type { VolumePolicy } from '../../api/kinds.js';
import { canonicalJson } from '../../manifests/captured.js';
import { findCondition } from '../../runtime/conditions.js';
import type { Condition } from '../../runtime/object.js';
import type { OperatorDeps } from '../deps.js';
import type { Verdict } from '../status-writer.js';
import { later, type StepResult } from '../step.js';
import type { PolicyCopy } from './copies.js';
import type { Release } from './decide.js';
import { prune } from './prune.js';
import { reportOf, type PolicyReport } from './report.js';
import { tell, type PolicyWriter } from './steps.js';

/** At the latest after so long it is looked at again: timers do not notice a wall clock that is set. */
const lookAgainSeconds = 300;
/** Until the cache has heard of what was pruned. */
const removalSeconds = 5;

interface Settlement {
  /** When the next copy is begun, ms since the epoch. */
  readonly next: number | undefined;
  readonly remove: readonly PolicyCopy[];
  readonly release: readonly Release[];
  /** Default: what follows from the copies. */
  readonly verdict?: Verdict;
}

/** Says how the policy stands, where that is news, and prunes what the retention leaves. */
export async function settleStep(writer: PolicyWriter, plan: Settlement, copies: readonly PolicyCopy[], deps: OperatorDeps): Promise<StepResult> {
  const at = deps.clock.now();
  const report = reportOf(writer.object, copies, plan.next, at);
  await say(writer, { ...report, verdict: plan.verdict ?? report.verdict }, deps);
  await prune(writer, plan.remove, plan.release, deps);
  const until = [plan.next, report.missedAt].flatMap((time) => (time === undefined || time < at ? [] : [(time - at) / 1000]));
  const seconds = Math.min(lookAgainSeconds, ...until, ...(plan.remove.length + plan.release.length > 0 ? [removalSeconds] : []));
  return later(Math.max(0.01, seconds));
}

/** Writes the report when it differs from what status says, and tells of what has turned. */
export async function say(writer: PolicyWriter, report: PolicyReport, deps: OperatorDeps): Promise<void> {
  const { object } = writer;
  measure(writer, report, deps);
  const { verdict, rpo, copied } = report;
  const { conditions, observedGeneration } = object.status ?? {};
  const ready = findCondition(conditions, 'Ready');
  const turned = ready?.reason !== verdict.reason || ready.message !== verdict.message;
  const known = [rpo, copied].map(({ type }) => findCondition(conditions, type));
  const same = [rpo, copied].every(({ status, message }, i) => known[i]?.status === status && known[i].message === message);
  if (!turned && same && observedGeneration === object.metadata.generation && isSaid(object.status ?? {}, report.change)) return;
  await writer.write(report.change, verdict, [rpo, copied]);
  if (turned && verdict.kind !== 'ready') tell(deps, object, 'Warning', verdict.reason, verdict.message);
  tellTurn(object, rpo, known[0], deps);
  tellTurn(object, copied, known[1], deps);
}

/** What has become wrong, and what is right again. */
function tellTurn(object: VolumePolicy, { status, reason, message }: PolicyReport['rpo'], before: Condition | undefined, deps: OperatorDeps): void {
  if (status === 'False' && (before?.status !== 'False' || before.reason !== reason)) tell(deps, object, 'Warning', reason, message);
  if (status === 'True' && before?.status === 'False') tell(deps, object, 'Normal', reason, message);
}

/** The API server has an order of fields of its own. */
function isSaid(status: object, change: object): boolean {
  const text = (value: unknown): string => (value === undefined ? '' : canonicalJson(value));
  return Object.entries(change).every(([field, value]) => text((status as Record<string, unknown>)[field]) === text(value));
}

function measure(writer: PolicyWriter, { change, rpo }: PolicyReport, deps: OperatorDeps): void {
  const { namespace, name } = writer.object.metadata;
  const seconds = (time: string | undefined): number | undefined => (time === undefined ? undefined : Date.parse(time) / 1000);
  deps.metrics.policy(
    { namespace, policy: name },
    {
      copies: change.copies ?? 0,
      lastCopy: seconds(change.lastCopy?.at),
      nextCopy: seconds(change.nextCopy),
      verified: seconds(change.lastVerified?.verifiedAt),
      rpo: change.rpoSeconds,
      rpoMet: rpo.status === 'Unknown' ? undefined : rpo.status === 'True',
      targets: new Map((change.targets ?? []).map(({ target, lastCopy, reason }) => [target, { lastCopy: seconds(lastCopy?.at), failing: reason !== undefined }])),
    },
  );
}
