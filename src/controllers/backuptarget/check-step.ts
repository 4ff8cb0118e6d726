import type { TargetTask } from '../../api/backuptarget.js';
import { labels } from '../../api/common.js';
import { fail, type ErrorCode } from '../../api/errors.js';
import type { BackupTarget } from '../../api/kinds.js';
import { isForTargetAlone, moverId, moverJob } from '../../movers/job.js';
import { moverPolicy } from '../../movers/network.js';
import { moverName } from '../../movers/names.js';
import { moverOutcome } from '../../movers/outcome.js';
import { keySecretOf, limitsOf, locationOf, placeOf } from '../../movers/place.js';
import type { MoverSuccess, MoverTask } from '../../movers/request.js';
import type { Client } from '../../runtime/client.js';
import { findCondition, type ConditionInput } from '../../runtime/conditions.js';
import type { KubeObject } from '../../runtime/object.js';
import { networkPolicies } from '../../runtime/resource.js';
import { accountOf } from '../appsnapshot/gather.js';
import { requireAuthority, rightsToMove } from '../authority.js';
import type { OperatorDeps } from '../deps.js';
import { deadHosts, ensureMover, listMovers, removeMover } from '../movers/jobs.js';
import { requireSecrets, rightsToSecrets } from '../movers/secrets.js';
import { waitingFor } from '../movers/waiting.js';
import { requirePolicies } from '../policies.js';
import { later, now, type StepResult } from '../step.js';
import { ensureKey } from './key.js';
import { ownerOf, tell, type TargetWriter } from './steps.js';

const lookSeconds = 2;
/** A check reads and writes little. */
const deadlineSeconds = 10 * 60;
/** Maintenance reads much, and may write much. */
const maintenanceSeconds = 24 * 60 * 60;

/** What a check needs is there; its number is noted before its Job is made. Throws AppError. */
export async function beginCheck(writer: TargetWriter, { round, task }: { readonly round: number; readonly task: TargetTask }, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const account = accountOf(object);
  await requirePolicies(deps.client, deps.agentNamespace);
  await requireAuthority(deps.client, account, [...rightsToMove, ...rightsToSecrets(object)]);
  requireClaim(object, deps);
  const client = deps.client.as(account);
  if (await ensureKey(client, object)) {
    const name = keySecretOf(object);
    tell(deps, object, 'Warning', 'KeyMade', `The key of the copies is in Secret ${name}. Without it none of them can be read: keep it outside of this cluster as well: kubectl -n ${account.namespace} get secret ${name} -o jsonpath={.data.password}`);
  }
  await requireSecrets(deps.client, account, object);
  await client.apply(networkPolicies, moverPolicy(object, `stillpoint-mover-${object.metadata.uid}`, ownerOf(object)), { force: true });
  await removeChecks(client, object);
  const first = object.status?.phase === undefined || object.status.phase === 'Pending';
  const { generation } = object.metadata;
  await writer.write(
    { phase: first ? 'Checking' : object.status?.phase, check: { task, round, generation, startedAt: new Date(deps.clock.now()).toISOString() } },
    first ? { kind: 'working', reason: 'Checking', message: 'Whether the target can be read and written is checked by a Job.' } : undefined,
  );
  return now;
}

/** Makes the Job of the check or finds it made; when it has ended, what it says is noted, and it is removed. */
export async function watchCheck(writer: TargetWriter, round: number, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const client = deps.client.as(accountOf(object));
  const task = taskOf(object);
  const name = moverName(object.metadata.uid, task.verb, round);
  const movers = await listMovers(client, object.metadata.namespace, { key: labels.target, value: object.metadata.uid });
  const job = movers.jobs.find((j) => j.metadata.name === name);
  if (job === undefined) {
    await ensureMover(client, await checkJob(object, name, task, client, deps));
    return later(lookSeconds);
  }
  const outcome = moverOutcome(job, movers.pods);
  switch (outcome.kind) {
    case 'running': {
      if (object.status?.phase === 'Checking' && outcome.pod?.status?.phase !== 'Running') {
        const message = `Whether the target can be read and written is checked by a Job that waits. ${await waitingFor(accountOf(object), job, outcome.pod, deps)}`;
        await writer.write({}, { kind: 'working', reason: 'Checking', message });
      }
      return later(lookSeconds);
    }
    case 'lost':
      await failed(writer, 'MoverFailed', `The check was lost: ${outcome.why}.`, [], deps);
      break;
    case 'ended':
      if (outcome.result.ok) await passed(writer, outcome.result, deps);
      else await failed(writer, outcome.result.code, outcome.result.message, outcome.result.lockedBy ?? [], deps);
  }
  await removeMover(client, job);
  return now;
}

/** Removes the Job of a check whose spec is not the newest any more. */
export async function abandonCheck(writer: TargetWriter, deps: OperatorDeps): Promise<StepResult> {
  await removeChecks(deps.client.as(accountOf(writer.object)), writer.object);
  await writer.write({ check: ended(writer.object, deps) });
  return now;
}

/** A pod that mounts a claim which is not there would wait without a word. Throws TargetBucketMissing. */
function requireClaim({ metadata, spec }: BackupTarget, deps: OperatorDeps): void {
  const name = spec.persistentVolumeClaim?.claimName;
  if (name === undefined || deps.caches.claims.get({ namespace: metadata.namespace, name }) !== undefined) return;
  throw fail('TargetBucketMissing', `spec.persistentVolumeClaim.claimName: there is no PersistentVolumeClaim ${name} in namespace ${metadata.namespace}.`);
}

async function checkJob(target: BackupTarget, name: string, task: MoverTask, client: Client, deps: OperatorDeps): Promise<KubeObject> {
  return moverJob(
    {
      name,
      account: target.spec.serviceAccountName,
      target,
      keySecret: keySecretOf(target),
      owner: ownerOf(target),
      request: {
        place: placeOf(target),
        host: target.metadata.namespace,
        task,
        limits: limitsOf(target.spec, 1),
        dead: await deadHosts(client, target, target.status?.lockedBy ?? []),
      },
      runAs: { user: moverId, group: moverId, groups: [] },
      privileged: false,
      deadlineSeconds: task.verb === 'check' ? deadlineSeconds : maintenanceSeconds,
    },
    deps.mover,
  );
}

async function passed(writer: TargetWriter, result: MoverSuccess, deps: OperatorDeps): Promise<void> {
  const { object } = writer;
  if (object.status?.check?.task !== 'Check') return maintained(writer, undefined, [], deps);
  const repository = { location: locationOf(object), id: result.repositoryId, keySecret: keySecretOf(object) };
  const message = `Copies can be written to ${repository.location}, encrypted by the key in Secret ${repository.keySecret}.`;
  const wasReady = findCondition(object.status?.conditions, 'Ready')?.status === 'True';
  await writer.write(
    {
      phase: 'Ready',
      repository,
      check: ended(object, deps),
      failures: 0,
      lockedBy: undefined,
      lastReachable: new Date(deps.clock.now()).toISOString(),
      copies: result.copies ?? 0,
      oldestCopy: result.oldest,
      newestCopy: result.newest,
    },
    { kind: 'ready', reason: 'TargetReady', message },
  );
  if (!wasReady) tell(deps, object, 'Normal', 'TargetReady', message);
}

async function failed(writer: TargetWriter, code: ErrorCode, message: string, lockedBy: readonly string[], deps: OperatorDeps): Promise<void> {
  const { object } = writer;
  if (object.status?.check?.task !== 'Check') return maintained(writer, { code, message }, lockedBy, deps);
  const known = findCondition(object.status?.conditions, 'Ready');
  await writer.write(
    { phase: 'NotReady', check: ended(object, deps), failures: (object.status?.failures ?? 0) + 1, lockedBy: lockedBy.length === 0 ? undefined : [...lockedBy] },
    { kind: 'working', reason: code, message },
  );
  if (known?.reason !== code) tell(deps, object, 'Warning', code, message);
}

/** Maintenance that failed is no reason not to copy; damage is said loudly, and stays said until a verification finds none. */
async function maintained(writer: TargetWriter, failure: { readonly code: ErrorCode; readonly message: string } | undefined, lockedBy: readonly string[], deps: OperatorDeps): Promise<void> {
  const { object } = writer;
  const done = { endedAt: new Date(deps.clock.now()).toISOString(), succeeded: failure === undefined, ...(failure === undefined ? {} : { message: `${failure.code}: ${failure.message}`.slice(0, 2048) }) };
  const verifies = object.status?.check?.task === 'Verify';
  const maintenance = { ...object.status?.maintenance, ...(verifies ? { verify: done } : { prune: done }) };
  const change = { check: ended(object, deps), maintenance, lockedBy: lockedBy.length === 0 ? undefined : [...lockedBy] };
  await writer.write(change, undefined, verifies ? [soundness(failure, object.spec.maintenance.readPercent)] : []);
  if (failure !== undefined) tell(deps, object, 'Warning', failure.code, `${verifies ? 'Verification' : 'Prune'} of the repository: ${failure.message}`);
}

function soundness(failure: { readonly code: ErrorCode; readonly message: string } | undefined, readPercent: number): ConditionInput {
  const type = 'Sound';
  if (failure === undefined) return { type, status: 'True', reason: 'Verified', message: `All that the copies need is there; ${readPercent} % of the data were read and are as they were written.` };
  const damaged = failure.code === 'TargetDamaged';
  return { type, status: damaged ? 'False' : 'Unknown', reason: failure.code, message: failure.message };
}

/** What the round in status is for, as its mover is told. */
function taskOf({ spec, status }: BackupTarget): MoverTask {
  switch (status?.check?.task) {
    case 'Prune':
      return { verb: 'prune' };
    case 'Verify':
      return { verb: 'verify', readPercent: spec.maintenance.readPercent };
    default:
      return { verb: 'check' };
  }
}

function ended({ status }: BackupTarget, deps: OperatorDeps): NonNullable<BackupTarget['status']>['check'] {
  return status?.check === undefined ? undefined : { ...status.check, endedAt: new Date(deps.clock.now()).toISOString() };
}

/** Jobs of checks that nobody waits for: left by a crash between two steps, or by an older spec. */
async function removeChecks(client: Client, { metadata }: BackupTarget): Promise<void> {
  const { jobs } = await listMovers(client, metadata.namespace, { key: labels.target, value: metadata.uid });
  for (const job of jobs) if (isForTargetAlone(job.metadata.labels)) await removeMover(client, job);
}
