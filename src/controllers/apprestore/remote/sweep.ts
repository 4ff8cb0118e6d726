import type { AppRestore } from '../../../api/kinds.js';
import { labels } from '../../../api/common.js';
import { ApiError } from '../../../runtime/api-error.js';
import { AppError } from '../../../runtime/app-error.js';
import type { KubeObject } from '../../../runtime/object.js';
import { persistentVolumeClaims, volumeSnapshots } from '../../../runtime/resource.js';
import type { OperatorDeps } from '../../deps.js';
import { removeMoverObjects } from '../../movers/leftovers.js';
import { later, now, type StepResult } from '../../step.js';
import { isFromTarget, isStaged, readerAccount, targetNamespace, type RestoreWriter } from '../steps.js';
import { moversOf } from './objects.js';

const sweepSeconds = 2;
/** Until what the account may not remove, or the server does not, is tried again. */
const troubleSeconds = 60;

/** The restore has ended: its movers and what was fetched go. Trouble with that does not change how it ended. */
export async function sweepStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  let left: number;
  try {
    await removeUncut(object, deps);
    left = await removeMoverObjects(deps.client.as(readerAccount(object)), moversOf(object), new Set());
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof AppError)) throw error;
    deps.log.warn('what movers have left could not be removed', { error: error.message });
    return later(troubleSeconds);
  }
  if (left > 0) return later(sweepSeconds);
  await writer.write({ transfer: undefined });
  return now;
}

/** Claims that movers were to fill, and have not filled whole. Pure. */
export function unfinishedClaims({ status }: AppRestore): ReadonlySet<string> {
  return new Set((status?.volumes ?? []).filter((v) => v.snapshotId !== undefined && v.phase !== 'Bound').map(({ claim }) => claim));
}

/**
 * The restore is deleted: movers go, then claims that they have not filled whole, since a database that found half of its data would take it for all. Resolves with how
 * many objects are left; call again until none is.
 */
export async function removeUnfinished(object: AppRestore, deps: OperatorDeps): Promise<number> {
  const open = unfinishedClaims(object);
  // Nothing is made before status says so: where it says nothing the account is not asked for anything.
  if (!isFromTarget(object) || (object.status?.transfer === undefined && open.size === 0)) return 0;
  await removeUncut(object, deps);
  const client = deps.client.as(readerAccount(object));
  const left = await removeMoverObjects(client, moversOf(object), new Set());
  if (left > 0) return left;
  const namespace = targetNamespace(object);
  if (open.size === 0) return 0;
  const { items } = await client.list(persistentVolumeClaims, { namespace, labelSelector: `${labels.restore}=${object.metadata.uid}` });
  const unfinished = items.filter(({ metadata }) => open.has(metadata.name));
  for (const { metadata } of unfinished) {
    if (metadata.deletionTimestamp === undefined) await client.delete(persistentVolumeClaims, { namespace, name: metadata.name }, metadata.uid === undefined ? {} : { uid: metadata.uid });
  }
  return unfinished.length;
}

/** A staged snapshot that is not cut keeps the claim that it is to be cut of (finalizer of the snapshot controller). Those that are cut stay: a claim may still be filled from them. */
async function removeUncut(object: AppRestore, deps: OperatorDeps): Promise<void> {
  if (!isStaged(object)) return;
  const client = deps.client.as(readerAccount(object));
  const { namespace, uid } = object.metadata;
  const { items } = await client.list<Snapshot>(volumeSnapshots, { namespace, labelSelector: `${labels.restore}=${uid}` });
  for (const { metadata, status } of items) {
    if (status?.readyToUse === true || metadata.deletionTimestamp !== undefined) continue;
    await client.delete(volumeSnapshots, { namespace, name: metadata.name }, metadata.uid === undefined ? {} : { uid: metadata.uid });
  }
}

type Snapshot = KubeObject & { readonly status?: { readonly readyToUse?: boolean } };
