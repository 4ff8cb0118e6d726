import type { CopyStatus } from '../../../api/appsnapshot.js';
import { labels } from '../../../api/common.js';
import { fail } from '../../../api/errors.js';
import { backupTargets, type AppSnapshot, type BackupTarget } from '../../../api/kinds.js';
import { moverOutcome } from '../../../movers/outcome.js';
import { locationOf } from '../../../movers/place.js';
import type { MoverProgress } from '../../../movers/request.js';
import { runAsOf, type ReadingPod } from '../../../movers/run-as.js';
import { ApiError, isConflict, isForbidden, isNotFound } from '../../../runtime/api-error.js';
import { AppError } from '../../../runtime/app-error.js';
import type { Client } from '../../../runtime/client.js';
import { pods } from '../../../runtime/resource.js';
import type { Caches } from '../../caches.js';
import type { OperatorDeps } from '../../deps.js';
import { listMovers, progressOf } from '../../movers/jobs.js';
import { waitingFor } from '../../movers/waiting.js';
import { later, now, type StepResult } from '../../step.js';
import { accountOf } from '../gather.js';
import { tell, type SnapshotWriter } from '../steps.js';
import { advance, isBegun, namesAtWork, type BegunCopy, type SeenMovers } from './advance.js';
import { isUnderWay, wantedCopies } from './choose.js';
import { moversOfSnapshot, removeMoverObjects } from '../../movers/leftovers.js';
import { makeMovers } from './make.js';
import { requireReady, targetSeconds } from './ready.js';
import { copyOf, writeCopy } from './status.js';

/** How often movers are asked how far they are. */
const lookSeconds = 3;

/** One round of work on the copy in one target. What stands in the way is noted there: the copies in other targets go on. */
export async function copyStep(writer: SnapshotWriter, targetName: string, deps: OperatorDeps): Promise<StepResult> {
  try {
    return await work(writer, targetName, deps);
  } catch (error) {
    const known = named(error);
    if (known === undefined) throw error;
    const copy = copyOf(writer.object, targetName);
    const retryAt = new Date(deps.clock.now() + known.afterSeconds * 1000).toISOString();
    if (copy.reason !== known.code) tell(deps, writer.object, 'Warning', known.code, known.publicMessage);
    const end = known.retry === 'never' && !isUnderWay(copy) ? { phase: 'Failed' as const, retryAt: undefined } : { retryAt };
    await writeCopy(writer, { ...copy, ...end, reason: known.code, message: known.publicMessage.slice(0, 2048) });
    // What runs already is looked after all the same.
    return isUnderWay(copy) ? later(lookSeconds) : now;
  }
}

async function work(writer: SnapshotWriter, name: string, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const client = deps.client.as(accountOf(object));
  const copy = copyOf(object, name);
  if (copy.phase === 'Cleaning') return clean(writer, copy, client, deps);
  const target = await readTarget(object, name, deps);
  const begun = isBegunAt(copy, target) ? copy : undefined;
  if (begun === undefined || !isUnderWay(begun)) requireReady(target);
  if (begun === undefined) {
    await writeCopy(writer, await beginCopy(object, copy, target, client, deps));
    return now;
  }
  const seen = await observe(object, begun, target, client, deps);
  const next = advance(begun, seen);
  await writeCopy(writer, next);
  report(object, copy, next, deps);
  count(object, copy, next, deps);
  if (next.phase === 'Cleaning') return now;
  const there = new Set(seen.outcomes.keys());
  // Of the copies in other targets as well: one whose target is in trouble may not be worked on now.
  const needed = namesAtWork(wantedCopies(writer.object));
  // What a crash has left beside the Jobs goes at the end, with all the rest.
  if ([...there].some((mover) => !needed.has(mover))) await removeMoverObjects(client, moversOfSnapshot(object), needed);
  await makeMovers({ object: writer.object, target, copy: next }, there, client, deps);
  return later(lookSeconds);
}

/** What the API server refuses to the account is for the user to see, but no failure of the AppSnapshot: that is ready. Conflicts and what was lost are tried again. */
export function named(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  if (!(error instanceof ApiError) || isConflict(error) || error.code < 400 || error.code >= 500 || error.code === 401 || error.code === 429) return undefined;
  return fail(isForbidden(error) ? 'AccountNotAllowed' : 'MoverFailed', error.message, { cause: error, afterSeconds: 30 });
}

async function readTarget({ metadata }: AppSnapshot, name: string, deps: OperatorDeps): Promise<BackupTarget> {
  try {
    return await deps.client.get<BackupTarget>(backupTargets, { namespace: metadata.namespace, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw fail('BackupTargetNotFound', `spec.copies: there is no BackupTarget ${name} in namespace ${metadata.namespace}.`, { cause: error, afterSeconds: targetSeconds });
  }
}

/** A target that was made anew, or lies somewhere else now, has nothing of it. */
function isBegunAt(copy: CopyStatus, target: BackupTarget): copy is BegunCopy {
  return isBegun(copy) && copy.targetUid === target.metadata.uid && copy.location === locationOf(target);
}

async function beginCopy(object: AppSnapshot, copy: CopyStatus, target: BackupTarget, client: Client, deps: OperatorDeps): Promise<CopyStatus> {
  const { metadata, status } = object;
  const members = status?.members ?? [];
  const block = members.find(({ claim }) => deps.caches.claims.get({ namespace: metadata.namespace, name: claim })?.volumeMode === 'Block');
  if (block !== undefined) throw fail('UnsupportedVolume', `${block.claim} is a raw block volume: those cannot be written to a BackupTarget. Leave it out with spec.selector.`, { retry: 'never' });
  const volumes = members.map(async ({ claim, uid, pods: names = [] }) => ({ claim, uid, phase: 'Pending' as const, attempt: 0, runAs: plainRunAs(runAsOf(await readPods(client, metadata.namespace, names), claim)) }));
  return {
    target: copy.target,
    targetUid: target.metadata.uid,
    location: locationOf(target),
    phase: 'Copying',
    id: status?.setId ?? '',
    startedAt: new Date(deps.clock.now()).toISOString(),
    volumes: await Promise.all(volumes),
  };
}

function plainRunAs({ user, group, groups, fsGroup, seLinux }: ReturnType<typeof runAsOf>): NonNullable<NonNullable<CopyStatus['volumes']>[number]['runAs']> {
  return { user, group, groups: [...groups], ...(fsGroup === undefined ? {} : { fsGroup }), ...(seLinux === undefined ? {} : { seLinux: { ...seLinux } }) };
}

/** Those that are still there. */
async function readPods(client: Client, namespace: string, names: readonly string[]): Promise<ReadingPod[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      try {
        return [await client.get<ReadingPod>(pods, { namespace, name })];
      } catch (error) {
        if (isNotFound(error)) return [];
        throw error;
      }
    }),
  );
  return found.flat();
}

async function observe(object: AppSnapshot, copy: BegunCopy, target: BackupTarget, client: Client, deps: OperatorDeps): Promise<SeenMovers> {
  const movers = await listMovers(client, object.metadata.namespace, { key: labels.appSnapshot, value: object.metadata.uid });
  const outcomes = new Map(movers.jobs.map((job) => [job.metadata.name, moverOutcome(job, movers.pods)]));
  const progress = new Map<string, MoverProgress>();
  const troubles: string[] = [];
  const ownNames = namesAtWork([copy]);
  for (const job of movers.jobs.filter(({ metadata }) => ownNames.has(metadata.name))) {
    const { name } = job.metadata;
    const outcome = outcomes.get(name);
    if (outcome?.kind !== 'running') continue;
    if (outcome.pod?.status?.phase !== 'Running') {
      troubles.push(await waitingFor(accountOf(object), job, outcome.pod, deps));
      continue;
    }
    const said = await progressOf(client, outcome.pod);
    if (said !== undefined) progress.set(name, said);
  }
  const own = copy.volumes.filter((volume) => volume.phase === 'Copying').length;
  const slots = object.spec.suspend || target.spec.suspend ? 0 : Math.max(0, target.spec.concurrency - own - copyingElsewhere(object, target, deps.caches));
  return { outcomes, progress, slots, waiting: troubles[0], now: deps.clock.now() };
}

/** Volumes of other AppSnapshots of the namespace that are copied to the target now, as the cache knows them. */
function copyingElsewhere({ metadata }: AppSnapshot, target: BackupTarget, caches: Pick<Caches, 'appSnapshots'>): number {
  return caches.appSnapshots
    .list(metadata.namespace)
    .filter((other) => other.metadata.uid !== metadata.uid)
    .flatMap((other) => other.status?.copies ?? [])
    .filter((copy) => copy.target === target.metadata.name && copy.phase === 'Copying')
    .flatMap((copy) => copy.volumes ?? [])
    .filter((volume) => volume.phase === 'Copying').length;
}

/** Only when nothing is left of its movers is the copy complete. */
async function clean(writer: SnapshotWriter, copy: CopyStatus, client: Client, deps: OperatorDeps): Promise<StepResult> {
  if ((await removeMoverObjects(client, moversOfSnapshot(writer.object), namesAtWork(wantedCopies(writer.object)))) > 0) return later(lookSeconds);
  await writeCopy(writer, { ...copy, phase: 'Complete' });
  tell(deps, writer.object, 'Normal', 'CopyComplete', `The copy is complete in ${copy.target}: recovery point ${copy.recoveryPoint ?? ''} of ${copy.volumes?.length ?? 0} volumes, ${copy.bytesTotal ?? 0} bytes, of which ${copy.bytesAdded ?? 0} were added to the repository.`);
  return now;
}

/** What movers have done since. */
function count({ metadata }: AppSnapshot, before: CopyStatus, { target, volumes }: BegunCopy, deps: OperatorDeps): void {
  for (const [i, { phase, bytesTotal, bytesAdded }] of volumes.entries()) {
    if (phase === 'Done' && before.volumes?.[i]?.phase !== 'Done') deps.metrics.moved({ namespace: metadata.namespace, target }, { read: bytesTotal ?? 0, added: bytesAdded ?? 0 });
  }
}

/** Tells of a failure when it is a new one. */
function report(object: AppSnapshot, before: CopyStatus, after: CopyStatus, deps: OperatorDeps): void {
  if (after.reason === undefined || after.message === undefined || (after.failures ?? 0) <= (before.failures ?? 0) || before.reason === after.reason) return;
  tell(deps, object, 'Warning', after.reason, after.message);
}
