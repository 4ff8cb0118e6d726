import type { PreviousVolume } from '../../../api/apprestore.js';
import { fail } from '../../../api/errors.js';
import type { AppRestore } from '../../../api/kinds.js';
import { persistentVolumeClaims } from '../../../runtime/resource.js';
import type { OperatorDeps } from '../../deps.js';
import { later, now, type StepResult } from '../../step.js';
import { readSource, type RestoreSource } from '../source.js';
import { count, some, targetAccount, tell, type RestoreWriter } from '../steps.js';
import { plannedVolume } from '../volumes-step.js';
import { othersBeside } from './beside.js';
import { planInPlace } from './plan.js';
import { putToRest, workloadsToRest } from './rest.js';
import { look, seenOf, type Sight } from './sight.js';
import { replaceNext, type SwapAction } from './swap.js';
import { keepVolume } from './volumes.js';
import { oldVolumes } from './words.js';

/** Pods and claims wake the restore up when they go; volumes and attachments do not. */
const lookSeconds = 2;

interface Next {
  readonly previous: PreviousVolume;
  readonly action: SwapAction;
}

/**
 * Frees the names of the claims that are replaced: their volumes are made to outlive them, what uses them is stopped, and only when nothing is seen to use them they
 * are deleted. Each phase is noted before its first change.
 */
export async function swapStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  if (writer.object.status?.phase === 'Planned') return begin(writer, deps);
  const { object } = writer;
  const sight = await look(object, deps);
  const next = (object.status?.previousVolumes ?? []).map((previous): Next => ({ previous, action: replaceNext(previous, seenOf(sight, previous.claim, previous.volume), object.metadata) }));
  const stuck = next.flatMap(({ previous, action }) => (action.kind === 'stuck' ? [`${previous.claim}: ${action.why}`] : []));
  if (stuck.length > 0) throw fail('VolumeRestoreFailed', `Nothing more is replaced: ${some(stuck)}.`);
  if (await keepAll(writer, next, sight, deps)) return now;
  const isStopping = object.status?.phase === 'Stopping';
  if (isStopping || sight.users.length > 0) {
    const users = await stop(object, deps);
    if (users.length > 0) return waitFor(writer, users);
  }
  if (!isStopping) return replace(writer, next, deps);
  await writer.write({ phase: 'Swapping' }, { kind: 'working', reason: 'Swapping', message: `Nothing uses the claims any more; ${count(next.length, 'claim')} are replaced.` });
  return now;
}

/** What was planned is looked at once more, and what is there now is noted, before anything is stopped. */
async function begin(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const source = await readSource(object, deps);
  const { previousVolumes, stopped, refuse } = await planInPlace(object, source, deps);
  const refused = [...refuse, ...(await othersBeside(object, namesOf(source), deps))];
  if (refused.length > 0) {
    // What it waits for may wait for it.
    await writer.write({ phase: 'Pending' });
    throw fail('RestoreRefused', `Nothing was begun: ${some(refused)}.`, { afterSeconds: 30 });
  }
  const message = `${count(stopped.length, 'workload')} are stopped, to replace ${count(previousVolumes.length, 'claim')} in place.`;
  const volumes = source.set.claims.map(plannedVolume);
  await writer.write({ phase: 'Stopping', previousVolumes: [...previousVolumes], stopped: [...stopped], volumes }, { kind: 'working', reason: 'Stopping', message }, previousVolumes.length === 0 ? [oldVolumes.none()] : []);
  tell(deps, object, 'Normal', 'Stopping', message);
  return now;
}

function namesOf({ set }: RestoreSource): ReadonlySet<string> {
  return new Set(set.claims.map(({ volume }) => volume.claim));
}

/** True: something was changed, and is looked at again. */
async function keepAll({ object }: RestoreWriter, next: readonly Next[], { claims, volumes }: Sight, deps: OperatorDeps): Promise<boolean> {
  const kept = next.filter(({ action }) => action.kind === 'keep');
  for (const { previous } of kept) {
    const volume = volumes.get(previous.volume);
    const claim = claims.get(previous.claim);
    if (volume !== undefined) await keepVolume(deps.client, object, previous, volume, claim?.metadata.uid === previous.claimUid ? claim : undefined);
  }
  return kept.length > 0;
}

/** Who still uses the claims after everything was scaled to zero: what was seen before may have been followed by another pod. */
async function stop(object: AppRestore, deps: OperatorDeps): Promise<readonly string[]> {
  await putToRest(object, deps);
  return (await look(object, deps)).users;
}

async function waitFor(writer: RestoreWriter, users: readonly string[]): Promise<StepResult> {
  const workloads = workloadsToRest(writer.object).map(({ resource, name }) => `${resource}/${name}`);
  await writer.write({}, { kind: 'working', reason: 'Stopping', message: `${workloads.length === 0 ? '' : `Scaled to zero: ${some(workloads)}. `}Waiting until nothing uses the claims: ${some(users)}.` });
  return later(lookSeconds);
}

async function replace(writer: RestoreWriter, next: readonly Next[], deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const client = deps.client.as(targetAccount(object));
  const { namespace } = object.metadata;
  for (const { previous, action } of next) if (action.kind === 'deleteClaim') await client.delete(persistentVolumeClaims, { namespace, name: previous.claim }, { uid: action.uid });
  const previousVolumes = next.map(({ previous, action }): PreviousVolume => (action.kind === 'done' ? { ...previous, state: 'Kept' } : previous));
  const open = next.filter(({ action }) => action.kind !== 'done').map(({ previous }) => previous.claim);
  if (open.length === 0) {
    await writer.write({ previousVolumes }, { kind: 'working', reason: 'Swapping', message: 'The claims are gone, their volumes are kept.' }, previousVolumes.length === 0 ? [] : [oldVolumes.kept(previousVolumes)]);
    return now;
  }
  await writer.write({ previousVolumes }, { kind: 'working', reason: 'Swapping', message: `Waiting until these claims are gone: ${some(open)}.` });
  return later(lookSeconds);
}
