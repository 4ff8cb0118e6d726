import type { StagedVolume } from '../../../api/apprestore.js';
import { labels } from '../../../api/common.js';
import { fail } from '../../../api/errors.js';
import { isAlreadyExists } from '../../../runtime/api-error.js';
import type { KubeObject } from '../../../runtime/object.js';
import { persistentVolumeClaims, volumeSnapshots, type ResourceType } from '../../../runtime/resource.js';
import { readSingleClasses } from '../../../snapshots/capability.js';
import { getOrUndefined } from '../../../runtime/get-or-undefined.js';
import type { OperatorDeps } from '../../deps.js';
import { later, now, type StepResult } from '../../step.js';
import { projectClaim } from '../../views.js';
import type { RestoredClaim } from '../restore-set.js';
import { readSource } from '../source.js';
import { count, finalFailure, readerAccount, some, targetNamespace, type RestoreWriter } from '../steps.js';
import { observeClaims, ownClaims, plannedVolume, textOfState } from '../volumes-step.js';
import { fillByMovers, targetFiller } from './fill.js';
import type { ReadContext } from './objects.js';
import { classToCut, stagedClaim, stagedName, stagedSnapshot } from './staged.js';
import { readTarget, requireMovers } from './target.js';

/** Claims and snapshots wake the restore up; what a driver only says in an event is seen this often. */
const lookSeconds = 5;

/**
 * Fills the volumes of the copy in the namespace of the restore, by the target and the Secrets that it has there, and cuts each. From then on they are restored as from an
 * AppSnapshot: the namespace that is restored into gets no Secret of the target, and runs no mover.
 */
export async function stageStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const { set } = await readSource(object, deps);
  const claims = await ownClaims(object, set.claims, deps);
  if (object.status?.phase !== 'Staging') {
    await writer.write({ phase: 'Staging', staged: claims.map(plannedVolume) }, { kind: 'working', reason: 'Staging', message: `${count(claims.length, 'volume')} are filled in namespace ${object.metadata.namespace}.` });
  }
  const context: ReadContext = { object, target: await readTarget(object, deps), settings: deps.mover };
  await makeClaims(context, claims, deps);
  const names = new Map(claims.map(({ volume }) => [volume.claim, stagedName(object, volume)] as const));
  const prepared = await Promise.all(claims.map((claim) => targetFiller.prepare(object, claim, deps)));
  const there = await observeClaims(object, prepared, { account: readerAccount(object), nameOf: (claim) => names.get(claim) ?? claim }, deps);
  const states = await fillByMovers(writer, { field: 'staged', claims, into: ({ volume }) => stagedName(object, volume), keep: [...names.values()] }, there, deps);
  const staged = states.map(({ volume }): StagedVolume => volume);
  const open = states.filter((state) => !state.settled);
  if (open.length === 0) return cut(writer, context, claims, staged, deps);
  const message = `Waiting in namespace ${object.metadata.namespace} for ${some(open.map(textOfState))}.`;
  if (states.some((state) => state.failed)) throw finalFailure('VolumeRestoreFailed', message);
  await writer.write({ staged }, { kind: 'working', reason: writer.object.status?.transfer?.reason ?? 'Staging', message });
  return later(lookSeconds);
}

/** As the account: what its quota refuses is refused. */
async function makeClaims(context: ReadContext, claims: readonly RestoredClaim[], deps: OperatorDeps): Promise<void> {
  const { object, target } = context;
  const client = deps.client.as(readerAccount(object));
  const { items } = await client.list(persistentVolumeClaims, { namespace: object.metadata.namespace, labelSelector: `${labels.restore}=${object.metadata.uid}` });
  const found = new Set(items.map(({ metadata }) => metadata.name));
  const missing = claims.filter(({ volume }) => !found.has(stagedName(object, volume)));
  if (missing.length > 0) await requireMovers(object, target, deps);
  for (const claim of missing) await ensure(context, persistentVolumeClaims, stagedClaim(context, claim), deps);
}

/** Cuts what was filled. Snapshot and driver are in status before the snapshot is made. */
async function cut(writer: RestoreWriter, context: ReadContext, claims: readonly RestoredClaim[], staged: readonly StagedVolume[], deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const drivers = await driversOf(context, deps);
  const named = claims.flatMap(({ volume }) => {
    const own = staged.find(({ claim }) => claim === volume.claim);
    const name = stagedName(object, volume);
    const driver = own?.driver ?? drivers.get(name);
    return own === undefined ? [] : [driver === undefined ? own : { ...own, snapshot: name, driver }];
  });
  await writer.write({ staged: named });
  const unknown = named.flatMap(({ claim, driver }) => (driver === undefined ? [`${claim} (its volume is not known yet)`] : []));
  const waits = unknown.length > 0 ? unknown : await makeSnapshots(context, claims, named, deps);
  if (waits.length > 0) {
    await writer.write({}, { kind: 'working', reason: 'Staging', message: `Filled in namespace ${object.metadata.namespace}, and cut there. Waiting for ${some(waits)}.` });
    return later(lookSeconds);
  }
  await writer.write({ phase: 'RestoringVolumes' }, { kind: 'working', reason: 'RestoringVolumes', message: `${count(named.length, 'volume')} were filled and cut, and are imported into ${targetNamespace(object)}.` });
  return now;
}

/** By the name of the claim. */
async function driversOf({ object }: ReadContext, deps: OperatorDeps): Promise<ReadonlyMap<string, string>> {
  const { items } = await deps.client.list(persistentVolumeClaims, { namespace: object.metadata.namespace, labelSelector: `${labels.restore}=${object.metadata.uid}` });
  const known = items.map((item) => projectClaim(item)).map(({ metadata, volumeName }) => [metadata.name, volumeName === undefined ? undefined : deps.caches.volumes.get(volumeName)?.driver] as const);
  return new Map(known.flatMap(([name, driver]) => (driver === undefined ? [] : [[name, driver] as const])));
}

/** Resolves with what is not ready, and why. */
async function makeSnapshots(context: ReadContext, claims: readonly RestoredClaim[], staged: readonly StagedVolume[], deps: OperatorDeps): Promise<string[]> {
  const { object } = context;
  const classes = await readSingleClasses(deps.client);
  const waits: string[] = [];
  for (const { volume } of claims) {
    const { snapshot: name = '', driver = '' } = staged.find(({ claim }) => claim === volume.claim) ?? {};
    const found = await getOrUndefined(deps.client, volumeSnapshots, { namespace: object.metadata.namespace, name });
    if (found === undefined) await ensure(context, volumeSnapshots, stagedSnapshot(context, volume, classToCut(classes, driver)), deps);
    const status = found?.['status'] as { readyToUse?: boolean; error?: { message?: string } } | undefined;
    if (status?.readyToUse !== true) waits.push(`${volume.claim} (${status?.error?.message ?? 'the storage cuts it'})`);
  }
  return waits;
}

/** As the account. What is there was made by an earlier try of this restore. Throws VolumeRestoreFailed. */
async function ensure({ object }: ReadContext, type: ResourceType, wanted: KubeObject, deps: OperatorDeps): Promise<void> {
  const client = deps.client.as(readerAccount(object));
  try {
    await client.create(type, wanted);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { namespace = '', name } = wanted.metadata;
    const found = await getOrUndefined(client, type, { namespace, name });
    if (found !== undefined && found.metadata.labels?.[labels.restore] !== object.metadata.uid) throw fail('VolumeRestoreFailed', `${type.kind} ${name} exists and does not belong to this restore. Delete it: its name is needed.`, { cause: error });
  }
}
