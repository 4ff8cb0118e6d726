import { labels } from '../../../api/common.js';
import type { AppRestore, BackupTarget } from '../../../api/kinds.js';
import { recoveryPointFile } from '../../../api/recoverypoint.js';
import { moverId, moverJob, moverLabels, type MoverJob, type MoverSettings } from '../../../movers/job.js';
import { moverName } from '../../../movers/names.js';
import { limitsOf, placeToRead } from '../../../movers/place.js';
import type { MoverTask } from '../../../movers/request.js';
import type { KubeObject, OwnerReference } from '../../../runtime/object.js';
import type { MoversOf } from '../../movers/leftovers.js';
import type { RestoredClaim } from '../restore-set.js';
import { isElsewhere, isStaged, readerAccount, readerNamespace, sourceNamespace } from '../steps.js';
import { keyOf } from './target.js';

/** What the movers of one restore are made from. */
export interface ReadContext {
  readonly object: AppRestore;
  readonly target: BackupTarget;
  readonly settings: MoverSettings;
}

/** Listing and fetching read little. */
const shortSeconds = 3600;

/** All movers of a restore. */
export function moversOf(object: AppRestore): MoversOf {
  return { namespace: readerNamespace(object), label: { key: labels.restore, value: object.metadata.uid } };
}

/** Name of the mover that lists the recovery points or fetches one. Pure. */
export function readerName({ object, target }: Pick<ReadContext, 'object' | 'target'>, verb: 'list' | 'fetch', attempt: number): string {
  return moverName(target.metadata.uid, verb, object.metadata.uid, attempt);
}

/** Name of the mover that fills a claim. Pure. */
export function fillerName({ object, target }: Pick<ReadContext, 'object' | 'target'>, claim: string, attempt: number): string {
  return moverName(target.metadata.uid, 'restore', object.metadata.uid, claim, attempt);
}

/** The mover that lists recovery points. Pure. */
export function listJob(context: ReadContext, attempt: number, wanted: readonly string[]): KubeObject {
  return job(context, readerName(context, 'list', attempt), { verb: 'list', wanted: [...wanted] }, { deadlineSeconds: shortSeconds });
}

/** The mover that fetches a recovery point, and holds it until it was read. Pure. */
export function fetchJob(context: ReadContext, attempt: number, snapshotId: string): KubeObject {
  return job(context, readerName(context, 'fetch', attempt), { verb: 'fetch', snapshotId }, { deadlineSeconds: shortSeconds });
}

/** The mover that fills a claim with the content of one of the copy, on a node where the pod that uses it may run. `privileged`: as root. Pure. */
export function restoreJob(context: ReadContext, { volume: { claim, content }, placement }: Pick<RestoredClaim, 'volume' | 'placement'>, { into, attempt, privileged }: { readonly into: string; readonly attempt: number; readonly privileged: boolean }): KubeObject {
  if (content.kind !== 'repository') throw new TypeError(`${claim} is in no repository`);
  const { snapshotId, tree, runAs } = content;
  return job(context, fillerName(context, claim, attempt), { verb: 'restore', claim, snapshotId, tree, everybody: privileged }, { destination: { claim: into, of: claim }, placement, privileged, ...(runAs === undefined ? {} : { runAs }) });
}

function job(context: ReadContext, name: string, task: MoverTask, more: Partial<MoverJob>): KubeObject {
  const { object, target, settings } = context;
  const namespace = sourceNamespace(object);
  return moverJob(
    {
      name,
      account: readerAccount(object).name,
      target,
      keySecret: keyOf(object, target),
      owner: ownerOf(context),
      worksFor: { restore: object.metadata.uid },
      request: {
        place: placeToRead(target, namespace, object.status?.transfer?.repositoryId),
        host: namespace,
        task,
        limits: limitsOf(target.spec, task.verb === 'restore' ? target.spec.concurrency : 1),
        dead: [],
      },
      runAs: { user: moverId, group: moverId, groups: [] },
      privileged: false,
      ...more,
    },
    settings,
  );
}

/** The restore, where it is in the same namespace: an owner elsewhere counts as gone. */
export function ownerOf({ object, target }: Pick<ReadContext, 'object' | 'target'>): OwnerReference {
  const { apiVersion, kind, metadata } = isElsewhere(object) && !isStaged(object) ? target : object;
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid };
}

/** Names of the Secrets that hold what was fetched: the document, and the parts of the configuration. Pure. */
export function fetchedNames({ metadata }: AppRestore, parts: number): { readonly document: string; readonly parts: readonly string[] } {
  const name = (what: string): string => `stillpoint-${metadata.uid}-${what}`;
  return { document: name('document'), parts: Array.from({ length: parts }, (_, i) => name(`capture-${i}`)) };
}

/** A Secret with a file that was fetched. Pure. */
export function fetchedSecret(context: Pick<ReadContext, 'object' | 'target'>, name: string, content: Buffer): KubeObject {
  const { object, target } = context;
  const key = name === fetchedNames(object, 0).document ? recoveryPointFile : 'capture';
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: readerNamespace(object), labels: moverLabels(target.metadata.uid, { restore: object.metadata.uid }), ownerReferences: [ownerOf(context)] },
    type: 'Opaque',
    immutable: true,
    data: { [key]: content.toString('base64') },
  };
}
