import { fail } from '../../../api/errors.js';
import type { AdapterContext, Detected, Leftover, OnlineEvidence, OnlineSession, Positions, Preflight } from '../../adapter.js';
import { copiesOfShards, refreshAll, type ShardCopy } from '../answers.js';
import { firstOf, nodesOf, parseAnswer, type Node } from '../node.js';
import { snapshotsNamed, type SnapshotInfo } from './answers.js';
import { documentPositions } from './documents.js';
import { ensureSnapshot, failureOf, findSnapshot, isOf, judge, notedShards, progressOf, removeSnapshot, snapshotName, type Target } from './snapshot.js';

/** In the positions, when the server has no snapshot of the copy any more. */
const removed: Positions = { liveSnapshot: 'removed' };

/**
 * Takes the server's own snapshot before anything is cut. Throws AppError: RepositorySnapshotRunning when it takes longer than an attempt waits, RepositorySnapshotFailed
 * when it is anything but whole.
 */
export async function beginSnapshot(app: Detected, { facts }: Preflight, context: AdapterContext): Promise<OnlineSession> {
  const target: Target = { repository: facts['repository'] ?? '', setId: context.setId };
  const nodes = await nodesOf(app, context);
  const { outcome, info } = await firstOf(nodes, (node) => ensureSnapshot(node, target));
  if (outcome === 'running') throw fail('RepositorySnapshotRunning', progressOf(target.repository, info));
  if (outcome === 'failed') throw fail('RepositorySnapshotFailed', failureOf(target.repository, info));
  const noted = notedShards(info);
  return new TakenSnapshot(nodes, target, info, { ...noted, ...documentPositions(noted, await firstOf(nodes, refreshedCopies), info.indices) });
}

/** Counts of documents are as old as the last refresh; where it may not be asked for there are none. */
async function refreshedCopies(node: Node): Promise<readonly ShardCopy[]> {
  const [refreshed] = await node.ask([refreshAll.path], { method: 'POST', seconds: 60 });
  if (refreshed?.status !== 200) return [];
  const [copies] = await node.read([copiesOfShards]);
  return copies;
}

/** The snapshot is whole and on the disk before the window opens: there is nothing to end, and nothing to let go. */
class TakenSnapshot implements OnlineSession {
  readonly #nodes: readonly Node[];
  readonly #target: Target;
  readonly #info: SnapshotInfo;
  readonly #positions: Positions;

  constructor(nodes: readonly Node[], target: Target, info: SnapshotInfo, positions: Positions) {
    this.#nodes = nodes;
    this.#target = target;
    this.#info = info;
    this.#positions = positions;
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** What is still there after the cut was there at the cut. */
  async evidence(): Promise<OnlineEvidence> {
    const { repository, setId } = this.#target;
    const { uuid, start_time_in_millis: start = 0, end_time_in_millis: end = 0 } = this.#info;
    const now = await firstOf(this.#nodes, (node) => findSnapshot(node, repository, snapshotName(setId)));
    if (now === undefined || now.uuid !== uuid || judge(now) !== 'taken') {
      throw fail('RepositorySnapshotFailed', `Somebody removed the snapshot ${snapshotName(setId)} from repository ${repository} before its claim was cut.`);
    }
    return { positions: { snapshotUuid: uuid, snapshotTaken: `${time(start)} ${time(end)}`, ...this.#positions }, startFiles: [] };
  }

  close(): void {
    // Nothing is open.
  }
}

const time = (millis: number): string => new Date(millis).toISOString();

/** Removes the snapshots of all attempts of a copy from the live repository; those of others stay, whatever their names. Throws AppError. */
export async function forgetSnapshots(app: Detected, { facts, positions, copyId }: Leftover, context: AdapterContext): Promise<Positions> {
  const { repository } = facts;
  if (app.mode !== 'Repository' || repository === undefined || positions['liveSnapshot'] === removed['liveSnapshot']) return {};
  await firstOf(await nodesOf(app, context), async (node) => {
    const wanted = snapshotsNamed(repository, `${snapshotName(copyId)}*`);
    const [answer] = await node.ask([wanted.path]);
    // The repository is registered no more.
    if (answer?.status === 404) return;
    const own = parseAnswer(answer, wanted, node.pod).snapshots.filter((info) => isOf(info, copyId));
    for (const { snapshot } of own) await removeSnapshot(node, repository, snapshot);
  });
  return removed;
}
