import type { ErrorCode } from '../../api/errors.js';
import { paths, type MoverRequest, type MoverSuccess } from '../request.js';
import type { resticArguments } from './arguments.js';
import { meaningOf } from './classify.js';
import { listed, recoveryPointsOf } from './contents.js';
import type { MoverSurroundings } from './mover.js';
import { readSnapshots, type ResticNode } from './output.js';
import type { ResticRun } from './run.js';

type Task<Verb> = Extract<MoverRequest['task'], { verb: Verb }>;
type Said = Omit<MoverSuccess, 'ok' | 'repositoryId'>;

/** What reading the repository works with. */
export interface Reading {
  readonly own: MoverSurroundings;
  readonly arguments: ReturnType<typeof resticArguments>;
  /** Throws when the call has failed. */
  readonly good: (run: ResticRun) => Promise<ResticRun>;
  readonly refused: (code: ErrorCode, message: string) => Error;
}

/** The recovery points of the namespace. Where some cannot be read nobody knows which is the newest; those that are asked for by id are enough if all of them are there. */
export async function listPoints({ own, arguments: args, good }: Reading, { wanted }: Task<'list'>): Promise<Said> {
  const run = await own.restic.run(args.listed());
  const points = run.code === undefined ? recoveryPointsOf(readSnapshots(run.stdout)) : [];
  const isEnough = wanted.length > 0 && wanted.every((id) => points.some((point) => point.id === id));
  if (run.code !== undefined || !isEnough) await good(run);
  return { points: listed(points, wanted), total: points.length };
}

/** The document of a recovery point and the parts of its configuration. */
export async function fetchPoint(reading: Reading, { snapshotId }: Task<'fetch'>): Promise<Said> {
  const { own, arguments: args } = reading;
  await requireRestored(reading, await own.restic.run(args.fetch(snapshotId)));
  return { snapshotId };
}

/**
 * Fills the volume of a claim. What was written by an earlier try stays where it is right: restic compares what is there. When it says that it is done, everything is on
 * the disk: the pod may be gone, and its node may die, before anybody else writes it out.
 */
export async function restoreVolume(reading: Reading, task: Task<'restore'>): Promise<Said> {
  const { own, arguments: args, good, refused } = reading;
  const [found] = readSnapshots((await good(await own.restic.run(args.read(task.snapshotId)))).stdout);
  // Removed by whoever may: nothing of that is damage.
  if (found === undefined) throw refused('RecoveryPointNotFound', `snapshot ${task.snapshotId} was removed from the repository`);
  if (found.id !== task.snapshotId || found.tree !== task.tree) throw refused('TargetDamaged', `snapshot ${task.snapshotId} is not in the repository as it was written`);
  const note = task.everybody ? undefined : await requireOwn(reading, task);
  const run = await own.restic.run(args.restore(task.snapshotId), (message) => {
    if (message.kind === 'progress') own.onProgress(message.progress);
  });
  const bytes = await requireRestored(reading, run);
  await own.settle(`${paths.volumes}/${task.claim}`);
  return { bytes, ...(note === undefined ? {} : { note }) };
}

/** Who is not root gives nothing to others, and restic does not say so: it is asked before. Resolves with what the root of the volume will not be like. */
async function requireOwn({ own, arguments: args, good, refused }: Reading, { claim, snapshotId }: Task<'restore'>): Promise<string | undefined> {
  const root = `${paths.volumes}/${claim}`;
  const foreign: ResticNode[] = [];
  let rootNode: ResticNode | undefined;
  let count = 0;
  const run = await own.restic.run(args.nodes(snapshotId), (message) => {
    if (message.kind !== 'node') return;
    const { node } = message;
    if (node.path === root) rootNode = node;
    if (!node.path.startsWith(`${root}/`) || own.isOwn(node)) return;
    count += 1;
    if (foreign.length < 3) foreign.push(node);
  });
  await good(run);
  const names = foreign.map(({ path, user, group }) => `${path} of user ${user}, group ${group}`).join('; ');
  if (count > 0) throw refused('MoverCannotWrite', `${count} files belong to others than the user of the mover: ${names}`);
  // Made by mkfs and the kubelet, not by us: most applications do not care.
  if (rootNode === undefined || rootNode.user === 0) return undefined;
  return `The root of the volume stays with user 0; in the copy it belongs to user ${rootNode.user}. Only a mover that writes as root can give it away.`;
}

/** Bytes that are there now. A file that could not be written is named; what is wrong with the volume is not said of the target. */
async function requireRestored({ good, refused }: Reading, run: ResticRun): Promise<number> {
  const end = run.messages.find((m) => m.kind === 'restored');
  if (run.code === undefined && end !== undefined) return end.bytes;
  const first = run.messages.find((m) => m.kind === 'unreadable');
  if (first !== undefined) throw refused(codeOf(first.message), `${first.item}: ${first.message}`);
  await good(run);
  throw refused('MoverFailed', 'restic ended without saying what it has restored');
}

function codeOf(message: string): ErrorCode {
  const meant = meaningOf(message);
  if (meant === 'TargetNotWritable') return 'MoverCannotWrite';
  return meant === 'TargetFull' ? 'VolumeRestoreFailed' : (meant ?? 'MoverFailed');
}
