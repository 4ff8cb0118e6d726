import type { RestoredVolume } from '../../api/apprestore.js';
import { labels } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import type { AppRestore } from '../../api/kinds.js';
import { applyObjects } from '../../manifests/apply.js';
import { fillClaim } from '../../manifests/rewrite.js';
import { persistentVolumeClaims, storageClasses } from '../../runtime/resource.js';
import { importSnapshot, type ImportedSnapshot } from '../../snapshots/import.js';
import { later, now, type StepResult } from '../step.js';
import type { OperatorDeps } from '../deps.js';
import { projectClaim, type ClaimProjection } from '../views.js';
import { compareWithTarget, refusals } from './compare.js';
import { finish } from './finish.js';
import type { RestoredClaim } from './restore-set.js';
import { readSource } from './source.js';
import { count, finalFailure, some, targetAccount, targetNamespace, type RestoreWriter } from './steps.js';
import { lastWarning } from '../warnings.js';

/** Claims wake the restore up when they change; what a driver only says in an event is seen this often. */
const lookSeconds = 5;
/** A driver that reports errors for this long is not waited for any longer. */
const errorPatienceMillis = 15 * 60_000;

/** Makes the member snapshots usable in the target and claims from them, as the target's account; waits until the storage is done. */
export async function volumesStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  if (object.spec.what === 'Configuration') {
    await writer.write({ phase: 'ApplyingConfiguration' }, { kind: 'working', reason: 'ApplyingConfiguration', message: 'Configuration is applied.' });
    return now;
  }
  const { set } = await readSource(object, deps);
  const claims = await ownClaims(object, set.claims, deps);
  if (object.status?.phase !== 'RestoringVolumes') {
    const volumes = claims.map((c): RestoredVolume => ({ claim: c.member.claim, snapshot: c.snapshot, phase: 'Pending' }));
    await writer.write({ phase: 'RestoringVolumes', volumes }, { kind: 'working', reason: 'RestoringVolumes', message: `${count(claims.length, 'volume')} are made from their snapshots.` });
  }
  const imports = await Promise.all(claims.map((claim) => importOne(object, claim, deps)));
  await applyClaims(object, claims.flatMap((claim, i) => (imports[i]?.ready === true ? [{ claim, imported: imports[i] }] : [])), deps);
  const states = await observeClaims(object, claims, imports, deps);
  const open = states.filter((s) => !s.settled);
  const volumes = states.map((s) => s.volume);
  if (open.length === 0) return proceed(writer, volumes, deps);
  const message = `Waiting for ${some(open.map((s) => `${s.volume.claim}${s.volume.message === undefined ? '' : ` (${s.volume.message})`}`))}.`;
  if (states.some((s) => s.failed) && isOverdue(object, deps)) throw finalFailure('VolumeRestoreFailed', message);
  await writer.write({ volumes }, { kind: 'working', reason: 'RestoringVolumes', message });
  return later(lookSeconds);
}

/** Claims that are ours to make: what the target has already is left alone, and named in the plan. */
async function ownClaims(object: AppRestore, claims: readonly RestoredClaim[], deps: OperatorDeps): Promise<RestoredClaim[]> {
  const plans = await compareWithTarget(object, claims.map((c) => c.captured), deps, '');
  const refused = refusals(plans);
  if (refused.length > 0) throw fail('VolumeRestoreFailed', `${some(refused)}.`);
  return claims.filter((_, i) => plans[i]?.verdict === 'create');
}

function importOne(object: AppRestore, claim: RestoredClaim, deps: OperatorDeps): Promise<ImportedSnapshot> {
  const source = { namespace: object.metadata.namespace, snapshot: claim.snapshot, claimUid: claim.member.uid, driver: claim.member.driver };
  return importSnapshot(deps.client, { source, targetNamespace: targetNamespace(object), restoreUid: object.metadata.uid });
}

async function applyClaims(object: AppRestore, ready: readonly { claim: RestoredClaim; imported: ImportedSnapshot }[], deps: OperatorDeps): Promise<void> {
  const objects = ready.map(({ claim, imported }) => fillClaim(claim.captured, imported));
  const { failed } = await applyObjects(deps.client.as(targetAccount(object)), objects, { restoreUid: object.metadata.uid, force: false });
  if (failed.length > 0) throw fail('VolumeRestoreFailed', `${some(failed.map((f) => `${f.id}: ${f.message}`))}.`);
}

interface VolumeState {
  readonly volume: RestoredVolume;
  /** Bound, or waiting for a pod by the rules of its class. */
  readonly settled: boolean;
  /** The storage reports an error. */
  readonly failed: boolean;
}

async function observeClaims(object: AppRestore, claims: readonly RestoredClaim[], imports: readonly ImportedSnapshot[], deps: OperatorDeps): Promise<VolumeState[]> {
  const labelSelector = `${labels.restore}=${object.metadata.uid}`;
  const [{ items }, classes] = await Promise.all([deps.client.list(persistentVolumeClaims, { namespace: targetNamespace(object), labelSelector }), waitingClasses(deps)]);
  const found = new Map(items.map((item) => [item.metadata.name, projectClaim(item)]));
  return Promise.all(
    claims.map(async (claim, i): Promise<VolumeState> => {
      const imported = imports[i];
      const base = { claim: claim.member.claim, snapshot: imported?.dataSource.name ?? claim.snapshot, ...(imported?.content === undefined ? {} : { content: imported.content }) };
      const live = found.get(claim.member.claim);
      if (live === undefined) return pending(base, imported?.message);
      if (live.phase === 'Bound') return { volume: { ...base, phase: 'Bound' }, settled: true, failed: false };
      if (live.phase === 'Lost') return { volume: { ...base, phase: 'Failed', message: 'The volume of the claim is lost.' }, settled: false, failed: true };
      if (classes.has(live.storageClassName ?? '')) return { ...pending(base, 'made when its first pod is scheduled (WaitForFirstConsumer)'), settled: true };
      const warning = await lastWarning(targetAccount(object), live.metadata.uid, deps);
      return { ...pending(base, warning ?? waiting(live)), failed: warning !== undefined };
    }),
  );
}

function pending(base: Omit<RestoredVolume, 'phase'>, message: string | undefined): VolumeState {
  return { volume: { ...base, phase: 'Pending', ...(message === undefined ? {} : { message: message.slice(0, 1024) }) }, settled: false, failed: false };
}

function waiting(claim: ClaimProjection): string {
  return `the storage makes ${claim.requested}`;
}

async function waitingClasses(deps: OperatorDeps): Promise<ReadonlySet<string>> {
  const { items } = await deps.client.list(storageClasses);
  return new Set(items.filter((c) => c['volumeBindingMode'] === 'WaitForFirstConsumer').map((c) => c.metadata.name));
}

function isOverdue(object: AppRestore, deps: OperatorDeps): boolean {
  const since = object.status?.startTime;
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
