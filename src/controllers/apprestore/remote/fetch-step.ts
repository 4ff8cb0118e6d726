import type { RestoreTransfer } from '../../../api/apprestore.js';
import type { AppRestore, BackupTarget } from '../../../api/kinds.js';
import { moverOutcome, type MoverPod } from '../../../movers/outcome.js';
import { locationOf, placeToRead } from '../../../movers/place.js';
import type { MoverSuccess } from '../../../movers/request.js';
import { AppError } from '../../../runtime/app-error.js';
import { accountOf } from '../../appsnapshot/gather.js';
import { requireAuthority } from '../../authority.js';
import type { OperatorDeps } from '../../deps.js';
import { failed, failureOf, millisToRetry, type Failure } from '../../movers/failures.js';
import { ensureMover, listMovers, removeMover } from '../../movers/jobs.js';
import { removeMoverObjects } from '../../movers/leftovers.js';
import { waitingFor } from '../../movers/waiting.js';
import { later, now, type StepResult } from '../../step.js';
import { requirePreconditions } from '../preconditions.js';
import { readerAccount, sourceNamespace, tell, type RestoreWriter } from '../steps.js';
import { sourceOf } from './document.js';
import { keep, readHeld } from './fetched.js';
import { fetchJob, listJob, moversOf, readerName, type ReadContext } from './objects.js';
import { choosePoint, verifiedIn, wantedOf } from './points.js';
import { keyOf, readTarget, requireMovers } from './target.js';

/** How often a mover that lists or fetches is looked at. */
const lookSeconds = 2;
/** Ids that a list is asked for. */
const mostWanted = 32;

/** Has the recovery points of the target listed, chooses the one that is meant, and has it fetched. Each mover is noted in status before it is made. */
export async function fetchStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const { transfer } = object.status ?? {};
  if (transfer === undefined) return begin(writer, deps);
  const pause = millisToRetry(transfer, deps.clock.now());
  if (pause > 0) return later(Math.max(0.1, pause / 1000));
  const target = await readTarget(object, deps);
  const context: ReadContext = { object, target, settings: deps.mover };
  const name = readerName(context, verbOf(transfer), transfer.attempt);
  const client = deps.client.as(readerAccount(object));
  const movers = await listMovers(client, readerAccount(object).namespace, moversOf(object).label);
  const job = movers.jobs.find(({ metadata }) => metadata.name === name);
  if (job === undefined) {
    await make(context, transfer, deps);
    return later(lookSeconds);
  }
  const outcome = moverOutcome(job, movers.pods);
  if (outcome.kind === 'running') {
    if (outcome.pod?.status?.phase !== 'Running') return wait(writer, await waitingFor(readerAccount(object), job, outcome.pod, deps));
    return transfer.phase === 'Fetching' ? read(writer, context, outcome.pod, deps) : later(lookSeconds);
  }
  // A mover that ends before what it holds was read has brought nothing.
  const failure = failureOf(outcome, target.metadata.name, ({ points }) => transfer.phase === 'Listing' && points !== undefined);
  if (failure !== undefined) return note(writer, target, transfer, failure, deps);
  try {
    if (outcome.kind === 'ended' && outcome.result.ok) await choose(writer, transfer, outcome.result, deps);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'RecoveryPointNotFound') throw error;
    // It may be written yet.
    return note(writer, target, transfer, { code: error.code, message: error.publicMessage, lockedBy: [] }, deps);
  }
  await removeMover(client, job);
  return now;
}

async function begin(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  await requirePreconditions(object, deps);
  await requireAuthority(deps.client, accountOf(object), []);
  const target = await readTarget(object, deps);
  await requireMovers(object, target, deps);
  const location = locationOf(target, sourceNamespace(object));
  await writer.write(
    { phase: 'Fetching', startTime: new Date(deps.clock.now()).toISOString(), transfer: { phase: 'Listing', attempt: 1, location } },
    { kind: 'working', reason: 'Fetching', message: `The recovery points at ${location} are listed.` },
  );
  return now;
}

function verbOf({ phase }: RestoreTransfer): 'list' | 'fetch' {
  return phase === 'Listing' ? 'list' : 'fetch';
}

/** What an earlier try has left goes first. */
async function make(context: ReadContext, transfer: RestoreTransfer, deps: OperatorDeps): Promise<void> {
  const { object, target } = context;
  await requireMovers(object, target, deps);
  const client = deps.client.as(readerAccount(object));
  await removeMoverObjects(client, moversOf(object), new Set());
  const { location } = transfer;
  const { id } = placeToRead(target, sourceNamespace(object), transfer.repositoryId);
  const wanted = wantedOf(object, verifiedIn(deps.caches, { location, repositoryId: id })).slice(0, mostWanted);
  await ensureMover(client, transfer.phase === 'Listing' ? listJob(context, transfer.attempt, wanted) : fetchJob(context, transfer.attempt, transfer.recoveryPoint ?? ''));
}

/** Attempts go on counting: a list that is asked for once more is another one. */
async function choose(writer: RestoreWriter, { location, attempt }: RestoreTransfer, { repositoryId, points = [], total = 0 }: MoverSuccess, deps: OperatorDeps): Promise<void> {
  const { object } = writer;
  const point = choosePoint(object, { points, total, verified: new Set(verifiedIn(deps.caches, { location, repositoryId })) });
  await writer.write(
    { transfer: { phase: 'Fetching', attempt, location, repositoryId, id: point.id, recoveryPoint: point.snapshotId } },
    { kind: 'working', reason: 'Fetching', message: `Recovery point ${point.id}, cut ${point.cutAt}, is fetched.` },
  );
}

/** Only when all of it is kept is it noted as fetched. */
async function read(writer: RestoreWriter, context: ReadContext, pod: MoverPod, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const { transfer } = object.status ?? {};
  const held = await readHeld(object, pod.metadata.name, deps);
  if (held === undefined || transfer === undefined) return later(lookSeconds);
  await keep(context, held, deps);
  const source = sourceOf(object, held.text, held.point, transfer);
  const { id, location, repositoryId, recoveryPoint } = transfer;
  await writer.write({ source, transfer: { phase: 'Fetched', attempt: 0, location, repositoryId, id, recoveryPoint } }, { kind: 'working', reason: 'Fetching', message: `Recovery point ${held.point.id} was fetched.` });
  await removeMover(deps.client.as(readerAccount(object)), { metadata: { name: readerName(context, 'fetch', transfer.attempt), namespace: readerAccount(object).namespace } });
  return now;
}

async function wait(writer: RestoreWriter, message: string): Promise<StepResult> {
  await writer.write({}, { kind: 'working', reason: 'Fetching', message });
  return later(lookSeconds);
}

/** Tried again under another name, later and later. */
async function note(writer: RestoreWriter, target: BackupTarget, transfer: RestoreTransfer, failure: Failure, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const said = inWords(object, target, transfer, failure);
  // What was removed since it was listed is looked for once more: `latest` is another one now, and a copy that was written again has its id.
  const from: RestoreTransfer = isRemoved(transfer, failure) ? { ...transfer, phase: 'Listing', id: undefined, recoveryPoint: undefined } : transfer;
  await writer.write({ transfer: { ...failed(from, said, deps.clock.now()), attempt: transfer.attempt + 1 } }, { kind: 'working', reason: said.code, message: said.message });
  if (transfer.reason !== said.code) tell(deps, object, 'Warning', said.code, said.message);
  return now;
}

function isRemoved({ phase }: RestoreTransfer, { code }: Failure): boolean {
  return phase === 'Fetching' && code === 'RecoveryPointNotFound';
}

/** What it means for a restore that a repository or a recovery point is not there, or has another key. */
function inWords(object: AppRestore, target: BackupTarget, transfer: RestoreTransfer, failure: Failure): Pick<Failure, 'code' | 'message'> {
  const { repositoryId, location, id = '' } = transfer;
  const namespace = sourceNamespace(object);
  if (isRemoved(transfer, failure)) {
    const message = `Recovery point ${id} was removed from ${location} after it was listed.`;
    return { code: failure.code, message: object.spec.from.recoveryPoint === id ? `spec.from.recoveryPoint: ${message}` : `${message} Another one is chosen.` };
  }
  if (failure.code === 'TargetRepositoryGone' && repositoryId === undefined && namespace !== target.metadata.namespace) {
    return { code: 'RecoveryPointNotFound', message: `There is no repository of namespace ${namespace} at ${location}. Correct spec.from.namespace, or the place in BackupTarget ${target.metadata.name}.` };
  }
  if (failure.code !== 'TargetKeyWrong') return failure;
  return { code: failure.code, message: `The repository of namespace ${namespace} at ${location} has another key than Secret ${keyOf(object, target)}. Put the key of that namespace into a Secret, and name it in spec.from.encryptionKeySecretRef of a new AppRestore.` };
}
