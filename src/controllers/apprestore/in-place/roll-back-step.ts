import type { PreviousVolume } from '../../../api/apprestore.js';
import { fail } from '../../../api/errors.js';
import type { AppRestore } from '../../../api/kinds.js';
import { persistentVolumeClaims } from '../../../runtime/resource.js';
import { requireAuthority, rightsToReplace } from '../../authority.js';
import type { OperatorDeps } from '../../deps.js';
import { removeMoverObjects } from '../../movers/leftovers.js';
import { inPlacePolicies, requirePolicies } from '../../policies.js';
import { later, now, type StepResult } from '../../step.js';
import { removeFixupPods } from '../fixup-pods.js';
import { moversOf } from '../remote/objects.js';
import { count, finalFailure, isFromTarget, some, targetAccount, tell, type RestoreWriter } from '../steps.js';
import { afterEnd } from './after-end.js';
import { putToRest, startAgain } from './rest.js';
import { look, seenOf, type Sight } from './sight.js';
import { returnNext, type SwapAction } from './swap.js';
import { bindVolume, createClaim, giveBackVolume, keepVolume } from './volumes.js';
import { claimsOf } from './wanted.js';
import { oldVolumes } from './words.js';

const lookSeconds = 2;

interface Next {
  readonly claim: string;
  /** Undefined: there was no such claim before. */
  readonly previous: PreviousVolume | undefined;
  readonly action: SwapAction;
}

/** Goes back to the old volumes, from wherever the restore is: what uses the claims is stopped, new claims go, claims of the same names get the old volumes, and what ran before runs again. */
export async function rollBackStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  if (object.status?.phase !== 'RollingBack') return afterEnd(writer, () => begin(writer, deps));
  // Pods of ours have the new claims, too.
  if ((await removeOwnPods(object, deps)) > 0) return later(1);
  if (plan(object, await look(object, deps)).some(({ action }) => action.kind === 'rest')) await putToRest(object, deps);
  // What was seen before the scaling may have been followed by another pod.
  const sight = await look(object, deps);
  const next = plan(object, sight);
  for (const one of next) await perform(object, one, next, sight, deps);
  const previousVolumes = (object.status.previousVolumes ?? []).map((volume) => returned(volume, next));
  const open = next.filter(({ action }) => action.kind !== 'done');
  if (open.length === 0) return end(writer, previousVolumes, deps);
  const waiting = open.map((one) => textOf(one, sight.users));
  await writer.write({ previousVolumes }, { kind: 'working', reason: 'RollingBack', message: `Going back to the old volumes: ${some(waiting)}.` });
  return later(lookSeconds);
}

/** Nothing is touched when not every old volume is there and free: some from before, and some from the copy, are no database. */
async function begin(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const { previousVolumes = [], stopped = [] } = object.status ?? {};
  if (previousVolumes.length === 0 && stopped.length === 0) throw finalFailure('RolledBack', 'Nothing was begun, and so there is nothing to go back from.');
  await requirePolicies(deps.client, deps.agentNamespace, inPlacePolicies);
  await requireAuthority(deps.client, targetAccount(object), rightsToReplace);
  const sight = await look(object, deps);
  const troubles = previousVolumes.flatMap((volume) => {
    const action = returnNext(volume, seenOf(sight, volume.claim, volume.volume), object.metadata);
    return action.kind === 'stuck' ? [`${volume.claim}: ${action.why}`] : [];
  });
  if (troubles.length > 0) throw fail('PreviousVolumesLost', `${some(troubles)}.`);
  const message = `Going back to ${count(previousVolumes.length, 'old volume')}.`;
  await writer.write({ phase: 'RollingBack', completionTime: undefined, verified: undefined }, { kind: 'working', reason: 'RollingBack', message });
  tell(deps, object, 'Normal', 'RollingBack', message);
  return now;
}

async function removeOwnPods(object: AppRestore, deps: OperatorDeps): Promise<number> {
  const movers = isFromTarget(object) ? await removeMoverObjects(deps.client.as(targetAccount(object)), moversOf(object), new Set()) : 0;
  return movers + (await removeFixupPods(object, deps));
}

function plan(object: AppRestore, sight: Sight): Next[] {
  const noted = new Map((object.status?.previousVolumes ?? []).map((volume) => [volume.claim, volume]));
  return [...claimsOf(object)].map((claim): Next => {
    const previous = noted.get(claim);
    const action: SwapAction = previous?.state === 'Returned' ? { kind: 'done' } : returnNext(previous, seenOf(sight, claim, previous?.volume), object.metadata);
    return { claim, previous, action };
  });
}

/** Volumes lose their protection only when every claim has its own. */
async function perform(object: AppRestore, { claim, previous, action }: Next, all: readonly Next[], { volumes }: Sight, deps: OperatorDeps): Promise<void> {
  const { namespace } = object.metadata;
  const account = deps.client.as(targetAccount(object));
  const volume = previous === undefined ? undefined : volumes.get(previous.volume);
  if (action.kind === 'deleteClaim') await account.delete(persistentVolumeClaims, { namespace, name: claim }, { uid: action.uid });
  if (previous === undefined || volume === undefined) return;
  switch (action.kind) {
    case 'keep':
      return keepVolume(deps.client, object, previous, volume, undefined);
    case 'createClaim':
      return createClaim(account, object, previous, volume);
    case 'bind':
      return bindVolume(deps.client, volume, action.uid);
    case 'giveBack':
      return all.every((other) => other.action.kind === 'done' || other.action.kind === 'giveBack') ? giveBackVolume(deps.client, previous, volume) : undefined;
    default:
  }
}

function returned(volume: PreviousVolume, next: readonly Next[]): PreviousVolume {
  return next.some(({ previous, action }) => previous?.claim === volume.claim && action.kind === 'done') ? { ...volume, state: 'Returned' } : volume;
}

const words: Readonly<Record<'keep' | 'deleteClaim' | 'createClaim' | 'bind' | 'giveBack' | 'done', string>> = {
  keep: 'its old volume is kept',
  deleteClaim: 'the new claim goes',
  createClaim: 'a claim for the old volume is made',
  bind: 'the old volume is bound',
  giveBack: 'the old volume gets its reclaim policy',
  done: 'done',
};

function textOf({ claim, action }: Next, users: readonly string[]): string {
  if (action.kind === 'rest') return `${claim} (waits for ${some(users)})`;
  return `${claim} (${action.kind === 'wait' || action.kind === 'stuck' ? action.why : words[action.kind]})`;
}

/** The workloads are started before the end is noted: whoever dies in between does it once more. */
async function end(writer: RestoreWriter, previousVolumes: PreviousVolume[], deps: OperatorDeps): Promise<never> {
  await writer.write({ previousVolumes, volumes: undefined }, undefined, previousVolumes.length === 0 ? [] : [oldVolumes.returned(previousVolumes)]);
  const { object } = writer;
  const gone = await startAgain(object, deps);
  const started = (object.status?.stopped ?? []).map(({ resource, name }) => `${resource}/${name}`).filter((id) => !gone.includes(id));
  const what = previousVolumes.length === 0 ? 'The claims that the restore has made are gone' : `${count(previousVolumes.length, 'claim')} have their old volumes again`;
  const missing = gone.length === 0 ? '' : ` Not there any more: ${some(gone)}.`;
  throw finalFailure('RolledBack', `${what}.${started.length === 0 ? '' : ` Running as before the restore: ${some(started)}.`}${missing} The configuration stays as the restore has applied it.`);
}
