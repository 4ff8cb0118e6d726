import { fail } from '../../../api/errors.js';
import type { CopiedApplication, RestoreContext } from '../../adapter.js';
import { quoted } from '../../hold/quoted.js';
import { firstOf, parseAnswer, restoredNodes, type Node } from '../node.js';
import { some } from '../words.js';
import { acknowledgedAt, copiesOnTheirWay, pathOf, repositoriesOfCluster, requestTo, type CopyState, type SnapshotInfo } from './answers.js';
import { restoreExpressions, usersIndices } from './indices.js';
import { findSnapshot, judge } from './snapshot.js';

/** Registering asks every node whether it can read the repository. */
const registerSeconds = 60;
/** Of a restore that has no index to wait for. */
const stateSeconds = 240;

/** Name of the repository in a restored cluster, by which a repeated step knows that it has begun. */
export const restoredRepository = (app: Pick<CopiedApplication, 'setId'>): string => `stillpoint-${app.setId}`;

/**
 * Brings the data of a copied repository back into a cluster that has begun on empty volumes: registers the repository, read-only, and restores everything from the
 * snapshot of the copy. Does nothing for a copy of data volumes. Resolves with what it waits for. Throws AppError RestoreFailed for good when the cluster has data of
 * its own, or when the repository is not that of the copy.
 */
export async function afterStart(app: CopiedApplication, context: RestoreContext): Promise<string | undefined> {
  if (app.facts['repositoryLocation'] === undefined) return undefined;
  return firstOf(await restoredNodes(app, context), (node) => advance(app, node, context.namespace));
}

async function advance(app: CopiedApplication, node: Node, namespace: string): Promise<string | undefined> {
  const [registered, copies] = await node.read([repositoriesOfCluster, copiesOnTheirWay]);
  const present = [...new Set(copies.map((c) => c.index))];
  if (registered[restoredRepository(app)] === undefined) {
    refuseData(app, present, namespace);
    await register(app, node);
  }
  const info = await snapshotOfCopy(app, node);
  const wanted = usersIndices(info.indices);
  if (wanted.length === 0) {
    await restore(app, node, info, present, true);
    return undefined;
  }
  // The server makes all indices of a restore in one step: one of them is there, so the restore has begun.
  if (wanted.some((index) => present.includes(index))) return waitingFor(copies);
  await restore(app, node, info, present, false);
  return `Indices of ${app.name} are restored from its repository: ${wanted.length}`;
}

/** A restore into a cluster that somebody uses would mix two states. */
function refuseData(app: CopiedApplication, present: readonly string[], namespace: string): void {
  const found = usersIndices(present);
  if (found.length === 0) return;
  const message = `The cluster of ${app.name} in ${namespace} has indices already (${some(found)}), and a copy of mode Repository is restored into an empty one only: restore it into another namespace, or stop the servers and delete the claims of their data first.`;
  throw fail('RestoreFailed', message, { retry: 'never' });
}

/** Read-only: nothing that goes on in a clone can change what it was made from. */
async function register(app: CopiedApplication, node: Node): Promise<void> {
  const path = pathOf(restoredRepository(app));
  const body = { type: 'fs', settings: { location: app.facts['repositoryLocation'], readonly: true } };
  await node.read([acknowledgedAt(path)], { method: 'PUT', body, seconds: registerSeconds });
}

/** The snapshot of the copy in the repository of the copy. Throws AppError RestoreFailed for good for any other. */
export async function snapshotOfCopy(app: CopiedApplication, node: Node): Promise<SnapshotInfo> {
  const name = app.facts['snapshot'] ?? '';
  const info = await findSnapshot(node, restoredRepository(app), name);
  if (info !== undefined && info.uuid === app.positions['snapshotUuid'] && judge(info) === 'taken') return info;
  const what = info === undefined ? 'has no' : 'has another';
  throw fail('RestoreFailed', `The restored repository of ${app.name} (${app.facts['repositoryLocation'] ?? ''}) ${what} snapshot ${name}: it is not the one of the copy.`, { retry: 'never' });
}

/** OpenSearch with security refuses to restore the state of a cluster over its API. */
async function restore(app: CopiedApplication, node: Node, info: SnapshotInfo, present: readonly string[], wait: boolean): Promise<void> {
  const body = {
    indices: restoreExpressions({ indices: info.indices, streams: info.data_streams ?? [] }, present),
    ignore_unavailable: true,
    include_global_state: app.facts['distribution'] !== 'OpenSearch',
  };
  const path = `${pathOf(restoredRepository(app), info.snapshot)}/_restore?wait_for_completion=${wait}`;
  const [answer] = await node.ask([path], { method: 'POST', body, seconds: wait ? stateSeconds : registerSeconds });
  if (answer?.status === 400 || answer?.status === 500) throw fail('RestoreFailed', `The server in pod ${node.pod} does not restore the snapshot ${info.snapshot}: ${quoted(answer.body)}`);
  parseAnswer(answer, requestTo(path), node.pod);
}

/** Until every copy of every shard is there, or will not be: what has failed is for the checks to say. Pure. */
export function waitingFor(copies: readonly CopyState[]): string | undefined {
  const open = copies.filter((c) => c.state === 'INITIALIZING' || (c.state === 'UNASSIGNED' && c['unassigned.reason'] !== 'ALLOCATION_FAILED'));
  return open.length === 0 ? undefined : `Indices are restored from the repository: ${copies.length - open.length} of ${copies.length} copies of shards are there`;
}
