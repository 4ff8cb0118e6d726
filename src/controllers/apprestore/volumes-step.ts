import type { RestoredVolume } from '../../api/apprestore.js';
import { labels } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import type { AppRestore } from '../../api/kinds.js';
import { applyObjects } from '../../manifests/apply.js';
import type { CapturedObject } from '../../manifests/captured.js';
import { persistentVolumeClaims, storageClasses } from '../../runtime/resource.js';
import type { ServiceAccountRef } from '../../runtime/service-account.js';
import { later, now, type StepResult } from '../step.js';
import type { OperatorDeps } from '../deps.js';
import { projectClaim, type ClaimProjection } from '../views.js';
import { compareWithTarget, refusals } from './compare.js';
import type { CopiedVolume } from './copy.js';
import { finish } from './finish.js';
import { targetFiller } from './remote/fill.js';
import { retainedFiller } from './retained/filler.js';
import type { RestoredClaim } from './restore-set.js';
import { snapshotFiller } from './snapshot-filler.js';
import { readSource } from './source.js';
import { count, finalFailure, isFromRetained, isFromTarget, isStaged, some, targetAccount, type RestoreWriter } from './steps.js';
import type { PreparedClaim, VolumeFiller, VolumeState } from './volume-filler.js';
import { lastWarning } from '../warnings.js';

/** Claims wake the restore up when they change; what a driver only says in an event is seen this often. */
const lookSeconds = 5;
/** A driver that reports errors of a claim that is older is not waited for any longer. However long it took to fetch the copy, each has this time. */
const errorPatienceMillis = 15 * 60_000;

/** Makes what the copy lies in usable in the target and claims from it, as the target's account; waits until all of the data is there. */
export async function volumesStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  if (object.spec.what === 'Configuration') {
    await writer.write({ phase: 'ApplyingConfiguration' }, { kind: 'working', reason: 'ApplyingConfiguration', message: 'Configuration is applied.' });
    return now;
  }
  const { set } = await readSource(object, deps);
  const filler = fillerOf(object);
  const claims = await ownClaims(object, set.claims, deps);
  requireStaged(object, claims);
  if (object.status?.phase !== 'RestoringVolumes') {
    await writer.write({ phase: 'RestoringVolumes', volumes: claims.map(plannedVolume) }, { kind: 'working', reason: 'RestoringVolumes', message: `${count(claims.length, 'volume')} are made from the copy.` });
  }
  const prepared = await Promise.all(claims.map((claim) => filler.prepare(object, claim, deps)));
  await applyClaims(object, prepared.flatMap(({ captured }) => captured ?? []), deps);
  const states = await filler.fill(writer, claims, await observeClaims(object, prepared, { account: targetAccount(object), nameOf: (claim) => claim }, deps), deps);
  const open = states.filter((s) => !s.settled);
  const volumes = states.map((s) => s.volume);
  if (open.length === 0) return proceed(writer, volumes, deps);
  const message = `Waiting for ${some(open.map(textOfState))}.`;
  if (states.some((s) => s.failed)) throw finalFailure('VolumeRestoreFailed', message);
  await writer.write({ volumes }, { kind: 'working', reason: writer.object.status?.transfer?.reason ?? 'RestoringVolumes', message });
  return later(lookSeconds);
}

function fillerOf(object: AppRestore): VolumeFiller {
  if (isFromRetained(object)) return retainedFiller;
  return isFromTarget(object) && !isStaged(object) ? targetFiller : snapshotFiller;
}

/** What was there, and so was not staged with the others, cannot be made any more. */
function requireStaged(object: AppRestore, claims: readonly RestoredClaim[]): void {
  const left = isStaged(object) ? claims.filter(({ volume }) => volume.content.kind === 'repository') : [];
  if (left.length > 0) throw finalFailure('VolumeRestoreFailed', `Claims ${some(left.map(({ volume }) => volume.claim))} were there when the others were staged, and are gone. Restore again.`);
}

/** A volume and what it waits for. Pure. */
export function textOfState({ volume: { claim, message }, why = message }: VolumeState): string {
  return why === undefined ? claim : `${claim} (${why})`;
}

/** A volume before anything of it is made. Pure. */
export function plannedVolume({ volume: { claim, content } }: RestoredClaim): RestoredVolume {
  return { claim, phase: 'Pending', ...sourceOf(content) };
}

function sourceOf(content: CopiedVolume['content']): Partial<RestoredVolume> {
  switch (content.kind) {
    case 'snapshot':
      return { snapshot: content.snapshot };
    case 'repository':
      return { snapshotId: content.snapshotId, bytesTotal: content.bytes };
    case 'retained':
      return {};
  }
}

/** Claims that are ours to make: what the target has already is left alone, and named in the plan. */
export async function ownClaims(object: AppRestore, claims: readonly RestoredClaim[], deps: OperatorDeps): Promise<RestoredClaim[]> {
  // In place their names are free by now, and who has taken one in between is not passed over.
  const plans = await compareWithTarget(object, claims.map((c) => c.captured), deps, '', object.spec.inPlace ? 'Adopt' : object.spec.existing);
  const refused = refusals(plans);
  if (refused.length > 0) throw fail('VolumeRestoreFailed', `${some(refused)}.`);
  return claims.filter((_, i) => plans[i]?.verdict === 'create');
}

async function applyClaims(object: AppRestore, objects: readonly CapturedObject[], deps: OperatorDeps): Promise<void> {
  const { failed } = await applyObjects(deps.client.as(targetAccount(object)), objects, { restoreUid: object.metadata.uid, force: false });
  if (failed.length > 0) throw fail('VolumeRestoreFailed', `${some(failed.map((f) => `${f.id}: ${f.message}`))}.`);
}

/** Where the claims of a restore are. */
export interface ClaimsPlace {
  readonly account: ServiceAccountRef;
  /** Name there of the claim for one of the copy. */
  readonly nameOf: (claim: string) => string;
}

/** How far the claims are by themselves. */
export async function observeClaims(object: AppRestore, prepared: readonly PreparedClaim[], { account, nameOf }: ClaimsPlace, deps: OperatorDeps): Promise<VolumeState[]> {
  const labelSelector = `${labels.restore}=${object.metadata.uid}`;
  const [{ items }, classes] = await Promise.all([deps.client.list(persistentVolumeClaims, { namespace: account.namespace, labelSelector }), waitingClasses(deps)]);
  const found = new Map(items.map((item) => [item.metadata.name, projectClaim(item)]));
  return Promise.all(
    prepared.map(async (claim): Promise<VolumeState> => {
      const live = found.get(nameOf(claim.from.claim));
      if (live === undefined) return pending(claim.from, claim.message);
      const from = { ...claim.from, uid: live.metadata.uid };
      if (live.phase === 'Bound') return { volume: { ...from, phase: 'Bound' }, settled: true, failed: false };
      if (live.phase === 'Lost') return { volume: { ...from, phase: 'Failed', message: 'The volume of the claim is lost.' }, settled: false, failed: isOverdue(live, deps) };
      if (classes.has(live.storageClassName ?? '')) return { ...pending(from, 'made when its first pod is scheduled (WaitForFirstConsumer)'), settled: true };
      const warning = await lastWarning(account, live.metadata.uid, deps);
      return { ...pending(from, warning ?? waiting(live)), failed: warning !== undefined && isOverdue(live, deps) };
    }),
  );
}

function pending(base: PreparedClaim['from'], message: string | undefined): VolumeState {
  return { volume: { ...base, phase: 'Pending', ...(message === undefined ? {} : { message: message.slice(0, 1024) }) }, settled: false, failed: false };
}

function waiting(claim: ClaimProjection): string {
  return `the storage makes ${claim.requested}`;
}

async function waitingClasses(deps: OperatorDeps): Promise<ReadonlySet<string>> {
  const { items } = await deps.client.list(storageClasses);
  return new Set(items.filter((c) => c['volumeBindingMode'] === 'WaitForFirstConsumer').map((c) => c.metadata.name));
}

function isOverdue({ metadata }: ClaimProjection, deps: OperatorDeps): boolean {
  const since = metadata.creationTimestamp;
  return since !== undefined && deps.clock.now() - Date.parse(since) > errorPatienceMillis;
}

async function proceed(writer: RestoreWriter, volumes: RestoredVolume[], deps: OperatorDeps): Promise<StepResult> {
  if (writer.object.spec.what === 'Volumes') {
    await writer.write({ volumes });
    return finish(writer, deps);
  }
  await writer.write({ phase: 'ApplyingConfiguration', volumes }, { kind: 'working', reason: 'ApplyingConfiguration', message: `${count(volumes.length, 'volume')} restored; configuration is applied with workloads at zero.` });
  return now;
}
