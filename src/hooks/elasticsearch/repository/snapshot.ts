import { fail } from '../../../api/errors.js';
import { AppError } from '../../../runtime/app-error.js';
import type { Positions } from '../../adapter.js';
import { quoted } from '../../hold/quoted.js';
import { copiesOfShards } from '../answers.js';
import { shardPositions } from '../checkpoints.js';
import { parseAnswer, type Node } from '../node.js';
import { some } from '../words.js';
import { acknowledgedAt, pathOf, snapshotsNamed, timeOfServer, type SnapshotInfo } from './answers.js';
import { isServers } from './indices.js';

/** The server is waited for so long; then the attempt ends, and a later one finds what it has made. */
const waitSeconds = 120;
/** Of a removal, which waits for what it ends. */
const removeSeconds = 60;
/** A snapshot that an interrupted attempt has left is used if it was complete for no longer than this: a copy is no older than it looks. */
const freshMillis = 600_000;

/** Where the snapshot of an attempt is taken. */
export interface Target {
  readonly repository: string;
  readonly setId: string;
}

/** Its name says whose it is, and an attempt that comes again finds it. */
export const snapshotName = (setId: string): string => `stillpoint-${setId}`;
/** In its metadata: the set id. A snapshot without it is somebody else's, whatever its name. */
const mark = 'stillpoint';
/** Metadata holds 1024 bytes: so many values of {@link shardPositions} fit. */
const shardValues = 3;

/** True for one that an attempt has taken whose set id begins so. Pure. */
export function isOf({ snapshot, metadata }: SnapshotInfo, copyId: string): boolean {
  const set = metadata?.[mark];
  return typeof set === 'string' && set.startsWith(copyId) && snapshot === snapshotName(set);
}

/** Where each shard of users stood right before, as whoever took it has noted with it. Pure. */
export function notedShards({ metadata }: SnapshotInfo): Positions {
  return Object.fromEntries(Object.entries(metadata ?? {}).filter((entry): entry is [string, string] => /^shards(\.\d+)?$/.test(entry[0]) && typeof entry[1] === 'string'));
}

/** The snapshot of this name; undefined when there is none. */
export async function findSnapshot(node: Node, repository: string, name: string): Promise<SnapshotInfo | undefined> {
  const [{ snapshots }] = await node.read([snapshotsNamed(repository, name)]);
  return snapshots.find((s) => s.snapshot === name);
}

/** What is known of a snapshot: partial is not taken, and neither is anything that the server has another word for. Pure. */
export function judge(info: SnapshotInfo): 'taken' | 'running' | 'failed' {
  if (info.state === 'IN_PROGRESS') return 'running';
  const whole = info.failures?.length === 0 && info.shards !== undefined && info.shards.failed === 0 && info.shards.successful === info.shards.total;
  return info.state === 'SUCCESS' && whole && info.include_global_state !== false ? 'taken' : 'failed';
}

/** In a sentence, for people who wait. Pure. */
export function progressOf(repository: string, { snapshot, shards }: SnapshotInfo): string {
  const done = shards === undefined || shards.total === 0 ? '' : `: ${shards.successful} of ${shards.total} shards are done`;
  return `The server is taking the snapshot ${snapshot} in its repository ${repository}${done}.`;
}

/** Why a snapshot that has ended is not taken. Pure. */
export function failureOf(repository: string, { snapshot, state, reason, failures = [], shards }: SnapshotInfo): string {
  const which = failures.map((f) => `${f.index ?? '?'}[${f.shard_id ?? '?'}]: ${quoted(f.reason ?? 'no reason')}`);
  const why = which.length > 0 ? some(which) : quoted(reason ?? 'the server gives no reason');
  return `The snapshot ${snapshot} in repository ${repository} ended as ${state}, with ${shards?.failed ?? 'an unknown number of'} of ${shards?.total ?? 'its'} shards failed: ${why.replace(/\.$/, '')}. It is removed, and taken anew.`;
}

/**
 * The snapshot of the attempt, whole: what an interrupted attempt has left of it, or a new one. Resolves with what came of it; a failed one is removed already. Throws as
 * requests do, and RepositorySnapshotFailed when the server refuses.
 */
export async function ensureSnapshot(node: Node, target: Target): Promise<{ readonly outcome: 'taken' | 'running' | 'failed'; readonly info: SnapshotInfo }> {
  const { repository, setId } = target;
  const name = snapshotName(setId);
  const left = await findSnapshot(node, repository, name);
  if (left !== undefined && !isOf(left, setId)) {
    throw fail('RepositoryNotUsable', `Repository ${repository} has a snapshot ${name} that this copy has not taken: remove it, or make another AppSnapshot.`);
  }
  if (left !== undefined && (judge(left) === 'running' || (judge(left) === 'taken' && (await isFresh(node, left))))) return { outcome: judge(left), info: left };
  if (left !== undefined) await removeSnapshot(node, repository, name);
  const refusal = await begin(node, target);
  const info = await findSnapshot(node, repository, name);
  if (info === undefined) throw refusal ?? fail('RepositorySnapshotFailed', `The server took the snapshot ${name} in repository ${repository}, and does not list it.`);
  const outcome = judge(info);
  if (outcome === 'failed') await removeSnapshot(node, repository, name);
  return { outcome, info };
}

async function isFresh(node: Node, { end_time_in_millis: ended = 0 }: SnapshotInfo): Promise<boolean> {
  const [[time]] = await node.read([timeOfServer]);
  return time !== undefined && time.epoch * 1000 - ended < freshMillis;
}

/** Waits as long as it may. Resolves with what stood in the way, if anything: whether the snapshot is there all the same is for the repository to say. */
async function begin(node: Node, { repository, setId }: Target): Promise<AppError | undefined> {
  const name = snapshotName(setId);
  const [copies] = await node.read([copiesOfShards]);
  // Every index, hidden ones and those of the server itself, and the state of the cluster.
  const body = { indices: '*', expand_wildcards: 'all', include_global_state: true, partial: false, metadata: { [mark]: setId, ...shardPositions(copies.filter((c) => !isServers(c.index)), shardValues) } };
  try {
    const [answer] = await node.ask([`${pathOf(repository, name)}?wait_for_completion=true`], { method: 'PUT', body, seconds: waitSeconds });
    if (answer !== undefined && answer.status >= 200 && answer.status < 300) return undefined;
    if (answer?.status === 401 || answer?.status === 403) parseAnswer(answer, snapshotsNamed(repository, name), node.pod);
    return fail('RepositorySnapshotFailed', `The server does not take the snapshot ${name} in repository ${repository}: ${answer?.status ?? 'no answer'} ${quoted(answer?.body ?? '')}`);
  } catch (error) {
    if (error instanceof AppError && error.code === 'ApplicationNotReady') return error;
    throw error;
  }
}

/** Removes it, also one that is under way; one that is gone is no error. Throws as requests do. */
export async function removeSnapshot(node: Node, repository: string, name: string): Promise<void> {
  const path = pathOf(repository, name);
  const [answer] = await node.ask([path], { method: 'DELETE', seconds: removeSeconds });
  if (answer?.status !== 404) parseAnswer(answer, acknowledgedAt(path), node.pod);
}
