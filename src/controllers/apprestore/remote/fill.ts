import type { RestoredVolume } from '../../../api/apprestore.js';
import { annotations } from '../../../api/common.js';
import type { AppRestore } from '../../../api/kinds.js';
import { canonicalJson } from '../../../manifests/captured.js';
import { moverOutcome, type MoverOutcome } from '../../../movers/outcome.js';
import type { MoverProgress } from '../../../movers/request.js';
import type { Client } from '../../../runtime/client.js';
import { namespaces } from '../../../runtime/resource.js';
import type { OperatorDeps } from '../../deps.js';
import { ensureMover, listMovers, progressOf, type Movers } from '../../movers/jobs.js';
import { removeMoverObjects } from '../../movers/leftovers.js';
import { waitingFor } from '../../movers/waiting.js';
import type { RestoredClaim } from '../restore-set.js';
import { readerAccount, readerNamespace, tell, type RestoreWriter } from '../steps.js';
import type { VolumeFiller, VolumeState } from '../volume-filler.js';
import { advanceFilling, type Filling, type SeenFilling } from './advance.js';
import { fetchedNames, fillerName, moversOf, restoreJob, type ReadContext } from './objects.js';
import { readTarget, requireMovers } from './target.js';

/** More parts than a configuration has. */
const mostParts = 64;

/** Volumes from the repository of a BackupTarget: claims are made empty, and a mover fills each. */
export const targetFiller: VolumeFiller = {
  prepare(_, { volume, captured }) {
    const { claim, content } = volume;
    if (content.kind !== 'repository') throw new TypeError(`${claim} is in no repository`);
    return Promise.resolve({ from: { claim, snapshotId: content.snapshotId, bytesTotal: content.bytes }, captured, message: undefined });
  },

  fill: (writer, claims, states, deps) => fillByMovers(writer, { field: 'volumes', claims, into: ({ volume }) => volume.claim, keep: [] }, states, deps),
};

/** Claims that are there, and that movers fill. */
export interface ToFill {
  /** The part of status that speaks of them. */
  readonly field: 'volumes' | 'staged';
  readonly claims: readonly RestoredClaim[];
  /** Name of the claim that the content of one of the copy goes into. */
  readonly into: (claim: RestoredClaim) => string;
  /** Names of what carries the labels of movers and stays. */
  readonly keep: readonly string[];
}

/** Goes on with filling claims in the namespace in which the target is read; `states` tell of the claims alone. */
export async function fillByMovers(writer: RestoreWriter, toFill: ToFill, states: readonly VolumeState[], deps: OperatorDeps): Promise<readonly VolumeState[]> {
  const { object } = writer;
  const { transfer } = object.status ?? {};
  if (transfer === undefined) throw new Error('nothing was fetched');
  const target = await readTarget(object, deps);
  const context: ReadContext = { object, target, settings: deps.mover };
  const client = deps.client.as(readerAccount(object));
  const movers = await listMovers(client, readerNamespace(object), moversOf(object).label);
  const before: Filling = { transfer, volumes: states.map(({ volume }) => known(object.status?.[toFill.field], volume)) };
  const seen = await observe(context, before, movers, states, client, deps);
  const next = advanceFilling(before, seen);
  await note(writer, toFill.field, next, deps);
  const needed = new Set(next.volumes.filter(({ phase }) => phase === 'Restoring').map((volume) => nameOf(context, volume)));
  const fetched = fetchedNames(object, mostParts);
  const keep = new Set([...needed, fetched.document, ...fetched.parts, ...toFill.keep]);
  const left = movers.jobs.some(({ metadata }) => !needed.has(metadata.name)) ? await removeMoverObjects(client, moversOf(object), keep) : 0;
  const missing = next.volumes.filter((volume) => volume.phase === 'Restoring' && !movers.jobs.some(({ metadata }) => metadata.name === nameOf(context, volume)));
  if (missing.length > 0) await make(context, toFill, missing, client, deps);
  // A volume that one pod at a time may have is free when its mover is gone.
  return states.map((state, i) => stateOf(state, next.volumes[i] ?? state.volume, left, next.transfer.message));
}

/** What status knows of it: the claim alone says nothing of its content. */
function known(noted: readonly RestoredVolume[] | undefined, volume: RestoredVolume): RestoredVolume {
  const before = noted?.find(({ claim }) => claim === volume.claim);
  if (volume.phase === 'Failed') return volume;
  const attempt = before?.attempt ?? 0;
  const isSame = before !== undefined && before.phase !== 'Failed' && (before.uid === undefined || before.uid === volume.uid);
  // One that was made anew is empty, and no attempt comes twice.
  return isSame ? { ...before, ...(volume.uid === undefined ? {} : { uid: volume.uid }) } : { ...volume, phase: 'Pending', message: undefined, attempt };
}

function nameOf(context: ReadContext, { claim, attempt = 0 }: RestoredVolume): string {
  return fillerName(context, claim, attempt);
}

async function observe(context: ReadContext, { volumes }: Filling, movers: Movers, states: readonly VolumeState[], client: Client, deps: OperatorDeps): Promise<SeenFilling> {
  const outcomes = new Map<string, MoverOutcome>();
  const progress = new Map<string, MoverProgress>();
  const troubles: string[] = [];
  for (const volume of volumes.filter(({ phase }) => phase === 'Restoring')) {
    const job = movers.jobs.find(({ metadata }) => metadata.name === nameOf(context, volume));
    if (job === undefined) continue;
    const outcome = moverOutcome(job, movers.pods);
    outcomes.set(volume.claim, outcome);
    if (outcome.kind !== 'running') continue;
    if (outcome.pod?.status?.phase !== 'Running') {
      troubles.push(await waitingFor(readerAccount(context.object), job, outcome.pod, deps));
      continue;
    }
    const said = await progressOf(client, outcome.pod);
    if (said !== undefined) progress.set(volume.claim, said);
  }
  const mountable = new Set(states.filter(({ settled }) => settled).map(({ volume }) => volume.claim));
  return { outcomes, progress, mountable, waiting: troubles[0], concurrency: context.target.spec.concurrency, now: deps.clock.now() };
}

/** Written before anything of it is made. */
async function note(writer: RestoreWriter, field: ToFill['field'], { volumes, transfer }: Filling, deps: OperatorDeps): Promise<void> {
  const { object } = writer;
  const before = object.status;
  if (canonicalJson([volumes, transfer]) === canonicalJson([before?.[field], before?.transfer])) return;
  const noted = plain([...volumes]);
  await writer.write({ ...(field === 'staged' ? { staged: noted } : { volumes: noted }), transfer: plain(transfer) });
  if (transfer.reason !== undefined && before?.transfer?.reason !== transfer.reason) tell(deps, object, 'Warning', transfer.reason, transfer.message ?? '');
}

/** As the API server gives it back: without what is undefined. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

async function make(context: ReadContext, { claims, into }: ToFill, missing: readonly RestoredVolume[], client: Client, deps: OperatorDeps): Promise<void> {
  await requireMovers(context.object, context.target, deps);
  const privileged = await isPrivileged(context.object, deps);
  for (const { claim, attempt = 0 } of missing) {
    const restored = claims.find(({ volume }) => volume.claim === claim);
    if (restored !== undefined) await ensureMover(client, restoreJob(context, restored, { into: into(restored), attempt, privileged }));
  }
}

/** What only whoever may edit the Namespace can say. */
async function isPrivileged(object: AppRestore, deps: OperatorDeps): Promise<boolean> {
  const { metadata } = await deps.client.get(namespaces, { name: readerNamespace(object) });
  return metadata.annotations?.[annotations.privilegedMovers] === 'true';
}

function stateOf(state: VolumeState, volume: RestoredVolume, left: number, waits: string | undefined): VolumeState {
  if (!state.settled) return { ...state, volume: plain({ ...volume, phase: state.volume.phase, message: state.volume.message }) };
  if (volume.phase === 'Bound') return { ...state, settled: left === 0, volume: plain(volume), why: 'its mover is removed' };
  return { ...state, settled: false, volume: plain(volume), why: volume.message ?? waits ?? (volume.phase === 'Restoring' ? 'a mover fills it' : 'waits for its turn') };
}
