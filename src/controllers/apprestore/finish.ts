import type { RestoredVolume } from '../../api/apprestore.js';
import { apiGroup, apiVersion, labels } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import { appSnapshots, type AppRestore, type AppSnapshot } from '../../api/kinds.js';
import { applyObjects } from '../../manifests/apply.js';
import { isConflict, isNotFound } from '../../runtime/api-error.js';
import { conditionTime } from '../../runtime/conditions.js';
import { persistentVolumeClaims } from '../../runtime/resource.js';
import type { Caches } from '../caches.js';
import { sourceKeys } from '../copy-keys.js';
import type { OperatorDeps } from '../deps.js';
import { now, type StepResult } from '../step.js';
import { summarize } from './check-summary.js';
import { compareWithTarget, refusals, toApply } from './compare.js';
import { nextForOldVolumes, unjudged } from './in-place/words.js';
import type { RestoreSet } from './restore-set.js';
import { readSource } from './source.js';
import { count, existingOf, isFromTarget, some, targetAccount, targetNamespace, tell, type RestoreWriter } from './steps.js';

/** Owner of the one field of an AppSnapshot that a restore writes. */
const fieldManager = 'stillpoint-restore';

/** The checks are passed: what was held back is made, then the restore is Ready. */
export async function finish(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const source = writer.object.spec.what === 'All' ? await readSource(writer.object, deps) : undefined;
  if (source !== undefined) await applyGate(writer.object, source.set, deps);
  const volumes = await boundVolumes(writer.object, deps);
  const { object } = writer;
  const at = deps.clock.now();
  const unproven = source?.drill === true ? unprovenOf(source.set, volumes ?? []) : [];
  const verified = unproven.length > 0 ? false : object.status?.verified;
  if (verified === true) await markVerified(object, at, deps);
  const reason = verified === false ? 'RestoredNotVerified' : 'Restored';
  const message = `${sentence(object, unproven)}${nextForOldVolumes(object)}`;
  const rtoSeconds = Math.round((at - Date.parse(object.status?.startTime ?? new Date(at).toISOString())) / 1000);
  await writer.write({ phase: 'Ready', verified, volumes, completionTime: new Date(at).toISOString(), rtoSeconds: Math.max(0, rtoSeconds) }, { kind: 'ready', reason, message }, unjudged(object, verified));
  tell(deps, object, 'Normal', reason, message);
  return now;
}

/** Autoscalers, Jobs and whatever else acts by itself. */
async function applyGate(object: AppRestore, set: Pick<RestoreSet, 'gate'>, deps: OperatorDeps): Promise<void> {
  const client = deps.client.as(targetAccount(object));
  const plans = await compareWithTarget(object, set.gate, deps, '');
  const { failed } = await applyObjects(client, toApply(plans), { restoreUid: object.metadata.uid, force: existingOf(object) === 'Adopt' });
  const errors = [...refusals(plans), ...failed.map((f) => `${f.id}: ${f.message}`)];
  if (errors.length > 0) throw fail('RestoreFailed', `${some(errors)}.`);
}

/** Claims of classes that wait for a pod are bound by now. */
export async function boundVolumes(object: AppRestore, deps: OperatorDeps): Promise<RestoredVolume[] | undefined> {
  const before = object.status?.volumes;
  if (before?.some((v) => v.phase !== 'Bound') !== true) return before;
  const { items } = await deps.client.list(persistentVolumeClaims, { namespace: targetNamespace(object), labelSelector: `${labels.restore}=${object.metadata.uid}` });
  const bound = new Set(items.filter((c) => (c['status'] as { phase?: string } | undefined)?.phase === 'Bound').map((c) => c.metadata.name));
  return before.map((v) => (bound.has(v.claim) ? { claim: v.claim, ...(v.snapshot === undefined ? {} : { snapshot: v.snapshot }), ...(v.content === undefined ? {} : { content: v.content }), phase: 'Bound' } : v));
}

/** What of the copy a drill has not shown to be good, whatever its checks say: data that no pod has mounted. Pure. */
export function unprovenOf({ unproven }: Pick<RestoreSet, 'unproven'>, volumes: readonly RestoredVolume[]): string[] {
  return [...unproven, ...volumes.filter(({ phase }) => phase !== 'Bound').map(({ claim }) => `claim ${claim}: no pod has asked for its volume`)];
}

/** `Restored 2 volumes and 9 objects into shop; 7 checks passed.` */
export function sentence(object: AppRestore, unproven: readonly string[] = []): string {
  const { status } = object;
  const volumes = status?.volumes ?? [];
  const made = (status?.plan?.create?.length ?? 0) + (status?.plan?.change?.length ?? 0);
  // The plan counts the claims of restored volumes as objects, too.
  const objects = object.spec.what === 'Volumes' ? 0 : made - volumes.length;
  const parts = [...(object.spec.what === 'Configuration' ? [] : [count(volumes.length, 'volume')]), ...(object.spec.what === 'Volumes' ? [] : [count(objects, 'object')])];
  const waiting = volumes.filter((v) => v.phase === 'Pending').map((v) => v.claim);
  const held = object.spec.what === 'Volumes' && waiting.length > 0 ? ` Made when their first pod is scheduled: ${some(waiting)}.` : '';
  return `Restored ${parts.join(' and ')} into ${targetNamespace(object)}${checked(object, unproven)}.${held}`;
}

function checked(object: AppRestore, unproven: readonly string[]): string {
  if (object.spec.what !== 'All') return '';
  if (!object.spec.verify.enabled) return '; not checked (spec.verify.enabled: false)';
  const { passed, unknown, skipped } = summarize((object.status?.applications ?? []).flatMap((a) => a.checks ?? []));
  const left = skipped.length === 0 ? '' : `, ${skipped.length} skipped`;
  if (object.status?.verified === true && unproven.length === 0) return `; ${count(passed.length, 'check')} passed${left}`;
  return `; not verified: ${count(passed.length, 'check')} passed${left}${unknown.length === 0 ? '' : `, unknown: ${some(unknown)}`}${unproven.length === 0 ? '' : `, not run: ${some(unproven)}`}`;
}

interface Verified {
  readonly name: string;
  readonly uid: string;
  /** BackupTarget that it was read from; undefined: its snapshots were. */
  readonly target?: string;
}

/**
 * The AppSnapshot of this namespace whose copy was restored. From a target: the one that has written exactly that recovery point; its id in the repository is the digest of all that it
 * names, so that no other content counts for it. Pure.
 */
export function verifiedCopy(object: AppRestore, copiesThere: readonly AppSnapshot[]): Verified | undefined {
  const { appSnapshot, uid, recoveryPoint, location } = object.status?.source ?? {};
  if (appSnapshot !== undefined && uid !== undefined) return { name: appSnapshot, uid };
  if (recoveryPoint === undefined || location === undefined) return undefined;
  for (const { metadata, status } of copiesThere) {
    const copy = status?.copies?.find((c) => c.phase === 'Complete' && c.location === location && c.recoveryPoint === recoveryPoint);
    if (metadata.namespace === object.metadata.namespace && copy !== undefined) return { name: metadata.name, uid: metadata.uid, target: copy.target };
  }
  return undefined;
}

function copiesRead(object: AppRestore, caches: Pick<Caches, 'appSnapshots'>): AppSnapshot[] {
  return isFromTarget(object) ? sourceKeys(object).flatMap((key) => caches.appSnapshots.by('copy', key)) : [];
}

/** Of an AppSnapshot, if there is one of what was restored. Only the one field, under a field manager of its own. A copy that is gone meanwhile has nothing to be told. */
async function markVerified(object: AppRestore, at: number, deps: OperatorDeps): Promise<void> {
  const copy = verifiedCopy(object, copiesRead(object, deps.caches));
  if (copy === undefined) return;
  const { namespace, name } = object.metadata;
  const { target } = copy;
  const verified = { at: conditionTime(new Date(at)), by: `${namespace}/${name}`, checks: object.status?.checksPassed ?? 0, ...(target === undefined ? {} : { target }) };
  const body = { apiVersion: `${apiGroup}/${apiVersion}`, kind: appSnapshots.kind, metadata: { name: copy.name, namespace, uid: copy.uid }, status: { verified } };
  try {
    await deps.client.apply(appSnapshots, body, { subresource: 'status', fieldManager, force: true });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
    deps.log.info('the copy is gone; its verification is not recorded', { appSnapshot: copy.name });
  }
}
