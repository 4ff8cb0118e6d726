import type { ApplicationStatus } from '../../api/appsnapshot.js';
import { fail } from '../../api/errors.js';
import type { AppRestore } from '../../api/kinds.js';
import { durationMillis } from '../../api/common.js';
import { applyObjects, scaleWorkload } from '../../manifests/apply.js';
import type { CapturedObject } from '../../manifests/captured.js';
import { scalableTypes, type ScaledWorkload } from '../../manifests/order.js';
import { kindKey } from '../../manifests/pod-templates.js';
import { isNotFound } from '../../runtime/api-error.js';
import { pods } from '../../runtime/resource.js';
import { later, now, type StepResult } from '../step.js';
import type { OperatorDeps } from '../deps.js';
import { projectPod } from '../views.js';
import { afterStart, filledByServers, workloadsOf } from './after-start.js';
import { boundVolumes } from './finish.js';
import { removeFixupPods } from './fixup-pods.js';
import { crashedContainer, podTrouble, type RawPod } from './pod-state.js';
import { readSource, type RestoreSource } from './source.js';
import { isReady, podsOf, unready } from './started-pods.js';
import { finalFailure, some, targetAccount, targetNamespace, type RestoreWriter } from './steps.js';
import { lastWarning } from '../warnings.js';

/** Pods wake the restore up; this is for the time limit only. */
const lookSeconds = 10;
/** Nothing but the servers themselves says how far they are. */
const fillSeconds = 3;

/** Gives the workloads their replicas back and waits until their pods are ready; first servers that have to bring their own data back. */
export async function startStep(writer: RestoreWriter, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult> {
  const { object } = writer;
  // A volume that allows one pod only is free once these are gone; they wake the restore up when they go.
  if ((await removeFixupPods(object, deps)) > 0) return later(1);
  const source = await readSource(object, deps);
  const filled = filledByServers(object, source);
  const servers = workloadsOf(filled, source, object.status?.scaled ?? []);
  // Nobody else runs meanwhile: clients would write to servers that are still empty.
  if (servers.length > 0) {
    const first = (await start(writer, servers, [], deps)) ?? (await fill(writer, filled, source, deps, signal));
    if (first !== undefined) return first;
  }
  const rest = await start(writer, object.status?.scaled ?? [], memberPods(source), deps);
  if (rest !== undefined) return rest;
  const last = servers.length > 0 ? undefined : await fill(writer, filled, source, deps, signal);
  if (last !== undefined) return last;
  await writer.write({ phase: 'Verifying', volumes: await boundVolumes(writer.object, deps) }, { kind: 'working', reason: 'Verifying', message: 'The applications run; they are checked.' });
  return now;
}

/** Starts workloads and pods without an owner. Resolves with undefined when all of them are ready. */
async function start(writer: RestoreWriter, scaled: readonly ScaledWorkload[], bare: readonly CapturedObject[], deps: OperatorDeps): Promise<StepResult | undefined> {
  const { object } = writer;
  for (const workload of scaled) await scale(object, workload, deps);
  const { failed } = await applyObjects(deps.client.as(targetAccount(object)), bare, { restoreUid: object.metadata.uid, force: false });
  if (failed.length > 0) throw fail('RestoreFailed', `${some(failed.map((f) => `${f.id}: ${f.message}`))}.`);
  const waiting = notReady(object, scaled, bare.map((o) => o.object.metadata.name), deps);
  if (waiting.length === 0) return undefined;
  await writer.write({}, { kind: 'working', reason: 'Starting', message: `Waiting for ready pods of ${some(waiting)}.` });
  return later(lookSeconds);
}

/** Lets servers that run bring their data back. Resolves with undefined when it is there. */
async function fill(writer: RestoreWriter, filled: readonly ApplicationStatus[], source: RestoreSource, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult | undefined> {
  const open = await afterStart(writer.object, filled, source, deps, signal);
  if (open.length === 0) return undefined;
  await writer.write({}, { kind: 'working', reason: 'Starting', message: `${some(open)}.` });
  return later(fillSeconds);
}

async function scale(object: AppRestore, workload: ScaledWorkload, deps: OperatorDeps): Promise<void> {
  const account = targetAccount(object);
  try {
    await scaleWorkload(deps.client.as(account), account.namespace, workload);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw finalFailure('StartFailed', `${workload.resource}/${workload.name} was deleted while it was restored.`);
  }
}

/** Pods without an owner are otherwise made last; those of an application have to run to be checked. */
function memberPods({ copy, set }: RestoreSource): CapturedObject[] {
  const members = new Set(copy.applications.flatMap((a) => (a.members ?? []).map((m) => m.pod)));
  return set.gate.filter((o) => kindKey(o.type) === '/Pod' && members.has(o.object.metadata.name));
}

function notReady(object: AppRestore, scaled: readonly ScaledWorkload[], bare: readonly string[], deps: OperatorDeps): string[] {
  const live = deps.caches.pods.list(targetNamespace(object));
  const missing = bare.filter((name) => !live.some((pod) => pod.metadata.name === name && isReady(pod)));
  return [...unready(scaled, live).map((w) => `${w.resource}/${w.name}`), ...missing.map((name) => `pods/${name}`)];
}

/** Ends a restore whose application did not start, or whose checks did not end, in time. Never returns. */
export async function timeoutStep(writer: RestoreWriter, deps: OperatorDeps): Promise<never> {
  const { object } = writer;
  const { timeout } = object.spec.verify;
  if (object.status?.phase === 'Verifying') throw finalFailure('CheckFailed', `The checks did not end within spec.verify.timeout (${timeout}).`);
  const namespace = targetNamespace(object);
  const live = (await deps.client.list<RawPod>(pods, { namespace })).items;
  const troubles = await Promise.all((object.status?.scaled ?? []).map((workload) => describe(object, workload, live, deps)));
  const found = troubles.flat();
  // What is whole counts as whole, although the application has not started.
  await writer.write({ volumes: await boundVolumes(object, deps) });
  throw finalFailure('StartFailed', `Not ready within spec.verify.timeout (${timeout}): ${found.length === 0 ? (lastWords(object) ?? 'pods of the application') : some(found)}. Nothing was removed.`);
}

/** What the step said last that ran until the time was over. */
function lastWords({ status }: AppRestore): string | undefined {
  return status?.conditions?.find((c) => c.type === 'Ready')?.message.replace(/\.$/, '');
}

async function describe(object: AppRestore, workload: ScaledWorkload, live: readonly RawPod[], deps: OperatorDeps): Promise<string[]> {
  const own = podsOf(workload, live.map((pod) => projectPod(pod))).map((p) => p.metadata.name);
  if (own.length < workload.replicas) {
    const type = scalableTypes[workload.resource];
    const owner = type === undefined ? undefined : await deps.client.as(targetAccount(object)).get(type, { namespace: targetNamespace(object), name: workload.name });
    const warning = await lastWarning(targetAccount(object), owner?.metadata.uid, deps);
    return [`${workload.resource}/${workload.name} has ${own.length} of ${workload.replicas} pods${warning === undefined ? '' : ` (${warning})`}`, ...podTexts(own, live)];
  }
  return podTexts(own, live);
}

function podTexts(names: readonly string[], live: readonly RawPod[]): string[] {
  return live.filter((pod) => names.includes(pod.metadata.name)).flatMap(podText);
}

/** A database's log may hold anything: status says how to read it, and does not repeat it. */
function podText(pod: RawPod): string[] {
  const trouble = podTrouble(pod);
  if (trouble === undefined) return [];
  const container = crashedContainer(pod);
  const hint = container === undefined ? '' : `; see: kubectl -n ${pod.metadata.namespace ?? ''} logs ${pod.metadata.name} -c ${container} --previous`;
  return [`${pod.metadata.name}: ${trouble}${hint}`];
}

/** Milliseconds left of `spec.verify.timeout`; at least one. */
export function millisLeft(object: AppRestore, at: number): number {
  const since = object.status?.applicationsStartTime;
  const limit = durationMillis(object.spec.verify.timeout);
  return Math.max(1, since === undefined ? limit : Date.parse(since) + limit - at);
}
