import type { CopyStatus } from '../../../api/appsnapshot.js';
import { labels } from '../../../api/common.js';
import { backupTargets, type AppSnapshot, type BackupTarget } from '../../../api/kinds.js';
import { moverName } from '../../../movers/names.js';
import { moverOutcome } from '../../../movers/outcome.js';
import { locationOf } from '../../../movers/place.js';
import { ApiError, isNotFound } from '../../../runtime/api-error.js';
import { AppError } from '../../../runtime/app-error.js';
import type { Client } from '../../../runtime/client.js';
import { findCondition } from '../../../runtime/conditions.js';
import { namespaces } from '../../../runtime/resource.js';
import { requireAuthority, rightsToMove } from '../../authority.js';
import type { OperatorDeps } from '../../deps.js';
import { failed, failureOf } from '../../movers/failures.js';
import { deadHosts, ensureMover, listMovers, removeMover } from '../../movers/jobs.js';
import { moversOfSnapshot, removeMoverObjects } from '../../movers/leftovers.js';
import { requireSecrets, rightsToSecrets } from '../../movers/secrets.js';
import { accountOf } from '../gather.js';
import { tell, type SnapshotWriter } from '../steps.js';
import type { BegunCopy } from './advance.js';
import { copiesOf, isOver } from './choose.js';
import { forgetJob } from './objects.js';
import { copiedCondition, copiesChange, writeCopy } from './status.js';

/** How long a target is asked to forget a copy before the object goes without it. */
const patienceMillis = 10 * 60_000;

/** The snapshots go: copies that are not complete cannot be completed any more. True when nothing of their movers is left. */
export async function abandonCopies(writer: SnapshotWriter, deps: OperatorDeps): Promise<boolean> {
  const { object } = writer;
  const copies = copiesOf(object);
  if (copies.every(isOver)) return true;
  const sealed = (copy: CopyStatus): boolean => copy.phase === 'Cleaning';
  if ((await removeMoverObjects(deps.client.as(accountOf(object)), moversOfSnapshot(object), new Set())) > 0) return false;
  const message = 'Its snapshots expired before it was complete.';
  const ended = copies.map((copy): CopyStatus => (isOver(copy) ? copy : sealed(copy) ? { ...copy, phase: 'Complete' } : { ...copy, phase: 'Failed', reason: 'CopyUnfinished', message, retryAt: undefined }));
  await writer.write(copiesChange(ended), undefined, [copiedCondition(ended)]);
  return true;
}

/**
 * The object is deleted: movers end, and what the spec does not retain is removed from the targets. True when that is done, or given up: a target that is gone or does not
 * answer for ten minutes does not hold the object, and in a namespace that goes as a whole every copy stays.
 */
export async function forgetCopies(writer: SnapshotWriter, deps: OperatorDeps): Promise<boolean> {
  const { object } = writer;
  const open = copiesOf(object).filter((copy) => mayHaveSomething(copy));
  if (open.length === 0) return true;
  try {
    return await forgetEach(writer, open, deps);
  } catch (error) {
    if (!(error instanceof AppError) && !(error instanceof ApiError)) throw error;
    if (!isGivenUp(object, deps)) {
      deps.log.info('copies are not forgotten yet', { error: error.message });
      return false;
    }
    keep(object, open, error instanceof AppError ? error.publicMessage : error.message, deps);
    return true;
  }
}

function mayHaveSomething({ id, phase }: CopyStatus): boolean {
  return id !== undefined && phase !== 'Pending' && phase !== 'Forgotten';
}

async function forgetEach(writer: SnapshotWriter, open: readonly CopyStatus[], deps: OperatorDeps): Promise<boolean> {
  const { object } = writer;
  const client = deps.client.as(accountOf(object));
  const unwanted = object.spec.forgetCopies ?? [];
  const retained = (copy: CopyStatus): boolean => !unwanted.includes(copy.target) && object.spec.copies?.find((c) => c.targetRef.name === copy.target)?.deletionPolicy !== 'Delete';
  if (await isNamespaceLeaving(object, deps)) {
    keep(object, open.filter((copy) => !retained(copy)), 'The namespace is being deleted.', deps);
    return true;
  }
  const names = open.map((copy) => forgetName(copy));
  // Beside the movers that forget nothing of it must work on the repository.
  const { jobs } = await listMovers(client, object.metadata.namespace, { key: labels.appSnapshot, value: object.metadata.uid });
  const forgetting = jobs.filter((job) => names.includes(job.metadata.name));
  const left = await removeMoverObjects(client, moversOfSnapshot(object), new Set(forgetting.map((job) => job.metadata.name)));
  if (left > 0) return false;
  const toForget = open.find((copy) => !retained(copy));
  if (toForget === undefined) return true;
  await forgetOne(writer, toForget, client, deps);
  return false;
}

/** One round of removing a copy from its target. Phase Forgotten says that it is done, or given up. Beside it no mover may work on the repository. */
export async function forgetOne(writer: SnapshotWriter, copy: CopyStatus, client: Client, deps: OperatorDeps): Promise<void> {
  const { object } = writer;
  const target = await findTarget(object, copy, deps);
  if (target === undefined || isGivenUp(object, deps)) {
    keep(object, [copy], target === undefined ? 'The BackupTarget is gone or was changed.' : (copy.message ?? 'The target did not answer in time.'), deps);
    return writeCopy(writer, { ...copy, phase: 'Forgotten' });
  }
  const movers = await listMovers(client, object.metadata.namespace, { key: labels.appSnapshot, value: object.metadata.uid });
  const job = movers.jobs.find((j) => j.metadata.name === forgetName(copy));
  const outcome = job === undefined ? undefined : moverOutcome(job, movers.pods);
  if (outcome?.kind === 'running') return;
  if (outcome === undefined) return begin(object, copy, target, client, deps);
  const failure = failureOf(outcome, copy.target, ({ removed }) => removed !== undefined);
  if (failure !== undefined) return writeCopy(writer, { ...failed(copy, failure, deps.clock.now()), forgetAttempt: (copy.forgetAttempt ?? 0) + 1, lockedBy: failure.lockedBy.slice(0, 16) });
  const removed = outcome.kind === 'ended' && outcome.result.ok ? outcome.result.removed : undefined;
  // First, so that nothing is left of it; after a crash in between it is made again, and finds nothing to remove.
  if (job !== undefined) await removeMover(client, job);
  await writeCopy(writer, { ...copy, phase: 'Forgotten', failures: undefined, retryAt: undefined, message: undefined, reason: undefined, lockedBy: undefined });
  tell(deps, object, 'Normal', 'CopyForgotten', `The copy was removed from ${copy.target}: ${removed ?? 0} snapshots of set ${copy.id ?? ''}.`);
}

async function begin(object: AppSnapshot, copy: CopyStatus, target: BackupTarget, client: Client, deps: OperatorDeps): Promise<void> {
  await requireAuthority(deps.client, accountOf(object), [...rightsToMove, ...rightsToSecrets(target)]);
  await requireSecrets(deps.client, accountOf(object), target);
  const context = { object, target, copy: copy as BegunCopy, dead: await deadHosts(client, target, copy.lockedBy ?? []), privileged: false, settings: deps.mover };
  await ensureMover(client, forgetJob(context, forgetName(copy)));
}

/** Name of the mover that forgets a copy. */
export function forgetName({ targetUid = '', id = '', forgetAttempt = 0 }: CopyStatus): string {
  return moverName(targetUid, 'forget', id, forgetAttempt);
}

/** The target, if it is still the one that the copy was written to. */
async function findTarget({ metadata }: AppSnapshot, copy: CopyStatus, deps: OperatorDeps): Promise<BackupTarget | undefined> {
  try {
    const target = await deps.client.get<BackupTarget>(backupTargets, { namespace: metadata.namespace, name: copy.target });
    return target.metadata.uid === copy.targetUid && locationOf(target) === copy.location ? target : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The namespace is being deleted as a whole: nothing is forgotten in targets then. */
export async function isNamespaceLeaving({ metadata }: AppSnapshot, deps: Pick<OperatorDeps, 'client'>): Promise<boolean> {
  return (await deps.client.get(namespaces, { name: metadata.namespace })).metadata.deletionTimestamp !== undefined;
}

/** While a restore read from the copy nobody asked the target. */
function isGivenUp({ metadata, status }: AppSnapshot, deps: OperatorDeps): boolean {
  const freed = findCondition(status?.conditions, 'InUse')?.lastTransitionTime;
  const since = Math.max(Date.parse(metadata.deletionTimestamp ?? ''), freed === undefined ? 0 : Date.parse(freed));
  return deps.clock.now() - since > patienceMillis;
}

function keep(object: AppSnapshot, copies: readonly CopyStatus[], why: string, deps: OperatorDeps): void {
  for (const copy of copies) tell(deps, object, 'Warning', 'CopyKept', `The copy stays in ${copy.location ?? copy.target}, under the tag set=${copy.id ?? ''}. ${why}`);
}
