import type { AppSnapshotStatus } from '../../api/appsnapshot.js';
import { apiGroup, apiVersion } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import type { AppSnapshot } from '../../api/kinds.js';
import type { Positions } from '../../hooks/adapter.js';
import { settledMillis, settleOf } from '../../hooks/hold/gates.js';
import { meetsGrade, reachableGrade, wentWell } from '../../hooks/hold/grade.js';
import { runWindow } from '../../hooks/hold/window.js';
import type { Cut, WindowResult } from '../../hooks/hold/window-types.js';
import { takeCapture } from './capture-step.js';
import { prepareCuts } from '../../snapshots/prepare-cuts.js';
import type { OperatorDeps } from '../deps.js';
import { gather, type AttemptPlan, type PlannedApplication } from './gather.js';
import { closeWindow } from './close-window.js';
import { isOnline, onlineHint, OnlineMethods } from './online-step.js';
import { intendedHolds, plannedApplications, plannedMembers } from './planned-status.js';
import type { StepResult } from '../step.js';
import { abortOnDeletion } from './deletion.js';
import { contentCaches, type SnapshotWriter } from './steps.js';
import { watchVisitors, type Visitors } from './visitors.js';

export interface AttemptStep {
  readonly attempt: number;
  readonly setId: string;
}

/**
 * One attempt: plan, warm up, run the window in memory, write what it proved. Status is written before each step that it
 * announces; from `Intended` to the release nothing is written (3-stillness.md, 3.2).
 */
export async function attempt(writer: SnapshotWriter, step: AttemptStep, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult> {
  const { namespace, uid } = writer.object.metadata;
  const visitors = watchVisitors(deps.caches.pods, namespace);
  const deletion = abortOnDeletion(deps.caches.appSnapshots, uid);
  try {
    return await planAndHold(writer, { ...step, visitors }, deps, AbortSignal.any([signal, deletion.signal]));
  } finally {
    visitors.stop();
    deletion.stop();
  }
}

async function planAndHold(writer: SnapshotWriter, step: AttemptStep & { readonly visitors: Visitors }, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult> {
  const plan = await gather(writer.object, step.setId, deps, signal);
  refuseWhatCannotSucceed(writer.object, plan);
  await writer.write(
    { phase: 'Planned', setId: step.setId, members: plannedMembers(plan), applications: plannedApplications(plan), reasons: undefined, window: undefined, holds: undefined },
    { kind: 'working', reason: 'Planned', message: planText(plan) },
  );
  const [capture, cuts] = await Promise.all([takeCapture(writer.object, [...plan.claims], deps), prepareCuts(plan.snapshots.cuts, cutContext(writer.object, step.setId, deps))]);
  const positions = await warmUp(plan);
  await writer.write({ phase: 'Warmed', capture: capture?.status }, { kind: 'working', reason: 'Warmed', message: 'Caches are written back and the window is prepared.' });
  const online = await OnlineMethods.begin(plan);
  try {
    const { result, evidence } = await online.evidence(await openWindow(writer, { plan, step, cuts, online }, deps, signal));
    return await closeWindow(writer, { plan, ...step, cuts, result, positions, online: evidence }, deps);
  } finally {
    online.close();
  }
}

interface Opening {
  readonly plan: AttemptPlan;
  readonly step: AttemptStep;
  readonly cuts: readonly Cut[];
  readonly online: OnlineMethods;
}

function openWindow(writer: SnapshotWriter, { plan, step, cuts, online }: Opening, deps: OperatorDeps, signal: AbortSignal): Promise<WindowResult> {
  const { name, namespace } = writer.object.metadata;
  return runWindow(
    { holders: plan.holders.holders, cuts, limits: plan.holders.limits },
    {
      exec: deps.exec,
      account: plan.context.account,
      podProgram: deps.podProgram,
      clock: deps.clock,
      logger: deps.log.child({ namespace, name, setId: step.setId }),
      signal,
      mayAct: (millis) => deps.elector.mayAct(millis),
      announce: () => announce(writer, plan, step, deps),
      beforeLastCuts: () => online.stop(),
    },
  );
}

/** Status names every hold before anything is frozen; data only, nothing that is ever executed. */
function announce(writer: SnapshotWriter, plan: AttemptPlan, step: AttemptStep, deps: OperatorDeps): Promise<void> {
  const change: Partial<AppSnapshotStatus> = {
    phase: 'Intended',
    attempts: step.attempt,
    holds: intendedHolds(plan),
    window: { id: step.setId, attempt: step.attempt, openedAt: new Date(deps.clock.now()).toISOString() },
  };
  return writer.write(change, { kind: 'working', reason: 'Holding', message: 'The window is open.' });
}

/** The grade that can be reached at best is known before any impact: what cannot succeed is not begun. */
function refuseWhatCannotSucceed(object: AppSnapshot, plan: AttemptPlan): void {
  const [blocker] = plan.holders.blockers;
  if (blocker !== undefined) throw fail(blocker.code, blocker.message, { afterSeconds: 30 });
  const { required, onUnmet } = object.spec.consistency;
  const { holders } = plan.holders;
  const best = reachableGrade({
    holders: plan.holders,
    cuts: plan.snapshots.cuts.map((cut) => ({ atomic: cut.atomic, claimUids: cut.claims.map((c) => c.uid) })),
    applications: plan.applications.map((a) => ({
      name: a.detected.name,
      kind: a.detected.kind,
      mode: a.detected.mode,
      caps: a.preflight.caps,
      settleMillis: a.preflight.settleMillis,
      settleBecause: a.preflight.settleBecause,
      settledMillis: settledMillis(a.detected, holders, holders.map(wentWell)),
      online: isOnline(a),
    })),
  });
  if (meetsGrade(best.grade, required)) return;
  if (onUnmet === 'Downgrade' && best.grade !== 'Inconsistent') return;
  throw fail('HoldNotPossible', `spec.consistency.required is ${required}, but at best ${best.grade} can be reached: ${best.reasons.join(' ')}${onlineHint(plan, required)}`, { afterSeconds: 30 });
}

/** Every adapter's warm-up in parallel: no impact on clients. */
async function warmUp(plan: AttemptPlan): Promise<ReadonlyMap<string, Positions>> {
  const entries = await Promise.all(plan.applications.map(async ({ adapter, detected }) => [detected.name, await adapter.warmUp(detected, plan.context)] as const));
  return new Map(entries);
}

function cutContext(object: AppSnapshot, setId: string, deps: OperatorDeps): Parameters<typeof prepareCuts>[1] {
  const { name, namespace, uid } = object.metadata;
  const owner = { apiVersion: `${apiGroup}/${apiVersion}`, kind: 'AppSnapshot', name, uid };
  return { client: deps.client, contents: contentCaches(deps), group: deps.group, namespace, setId, owner };
}

function planText(plan: AttemptPlan): string {
  const held = plan.holders.holders.flatMap((h) => h.targets).filter((t) => t.freeze).length;
  const soft = plan.holders.softLimits[0];
  const settle = settleOf(plan.holders.holders);
  return [
    `${plan.applications.map(describe).join(', ')}: ${held} ${held === 1 ? 'container' : 'containers'} will be held for at most ${plan.holders.limits.maxMillis} ms while ${plan.claims.size} ${plan.claims.size === 1 ? 'volume is' : 'volumes are'} cut.`,
    ...(settle === 0 ? [] : [`Of that, clients are kept out for ${settle} ms before anything stops.`]),
    ...(soft === undefined ? [] : [soft.millis <= 0 ? `Any hold may be noticed: ${soft.reason}.` : `Beyond ${soft.millis} ms: ${soft.reason}.`]),
    ...plan.snapshots.notes,
  ].join(' ');
}

function describe(app: PlannedApplication): string {
  const { detected, preflight } = app;
  return `${detected.name} (${detected.kind}${preflight.version === undefined ? '' : ` ${preflight.version}`}${isOnline(app) ? ', by its own online method' : ''})`;
}
