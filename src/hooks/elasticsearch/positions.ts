import { createHash } from 'node:crypto';
import type { AdapterContext, Cap, Detected, Positions } from '../adapter.js';
import { quoted } from '../hold/quoted.js';
import { copiesOfShards, flushAll, nodesOfCluster, stateOfCluster, type Nodes, type State } from './answers.js';
import { shardPositions } from './checkpoints.js';
import { firstOf, nodesOf, parseAnswer, type Node } from './node.js';

/** A flush of a busy cluster writes segments on every node. */
const flushSeconds = 240;

/**
 * Flushes every index, so that little is left for the sync and for the recovery of the copy, then notes where each shard stands. Positions: `flushed`,
 * `clusterUuid`, `master`, `stateVersion`, `nodes`, and the global checkpoints of the shards ({@link shardPositions}). Throws AppError ApplicationNotReady.
 */
export async function warmUp(app: Detected, context: AdapterContext): Promise<Positions> {
  // The server flushes what it takes a snapshot of.
  if (app.mode === 'Repository') return {};
  const nodes = await nodesOf(app, context);
  const flushed = await firstOf(nodes, flush);
  const [state, { nodes: listed }, copies] = await firstOf(nodes, (node) => node.read([stateOfCluster, nodesOfCluster, copiesOfShards]));
  const { clusterUuid, master, stateVersion, started } = positionsOf(state, listed);
  return { flushed, clusterUuid, master, stateVersion, nodes: started, ...shardPositions(copies) };
}

/** Not allowed or not done is no reason to stop: the copy is the same, only its start takes longer. */
async function flush(node: Node): Promise<string> {
  const [answer] = await node.ask([flushAll.path], { method: 'POST', seconds: flushSeconds });
  if (answer === undefined || answer.status !== 200) return `no: ${answer?.status ?? 'no'} ${quoted(answer?.body ?? '')}`.slice(0, 250);
  const { total, successful } = parseAnswer(answer, flushAll, node.pod)._shards;
  return `${successful} of ${total} copies of shards`;
}

/** Positions after the release: `releasedClusterUuid`, `releasedMaster`, `releasedStateVersion`, `releasedNodes`. Throws AppError ApplicationNotReady. */
export async function evidence(app: Detected, context: AdapterContext): Promise<Positions> {
  // Nothing was held: that the snapshot is whole, and was still there after the cut, is known already.
  if (app.mode === 'Repository') return {};
  const nodes = await nodesOf(app, context);
  const [state, { nodes: listed }] = await firstOf(nodes, (node) => node.read([stateOfCluster, nodesOfCluster]));
  const { clusterUuid, master, stateVersion, started } = positionsOf(state, listed);
  return { releasedClusterUuid: clusterUuid, releasedMaster: master, releasedStateVersion: stateVersion, releasedNodes: started };
}

function positionsOf(state: State, nodes: Nodes): { clusterUuid: string; master: string; stateVersion: string; started: string } {
  const master = nodes[state.master_node]?.name ?? state.master_node;
  return { clusterUuid: state.cluster_uuid, master, stateVersion: String(state.version), started: startsOf(nodes) };
}

/** Number of the nodes, and a digest of which they are and when each JVM started: of any size, and another one as soon as a node was restarted. */
function startsOf(nodes: Nodes): string {
  const starts = Object.entries(nodes).map(([id, { jvm }]) => `${id} ${jvm.start_time_in_millis}`);
  return `${starts.length} ${createHash('sha256').update(starts.sort().join('\n')).digest('hex').slice(0, 16)}`;
}

/**
 * What the two say against the copy. Positions that differ by what was written around the freeze, or another master after it, say nothing; a node that was
 * restarted was not held, whatever the holder says. Pure.
 */
export function contradictions(before: Positions, after: Positions): Cap[] {
  if (before['snapshotUuid'] !== undefined) return [];
  const caps: Cap[] = [];
  if (before['clusterUuid'] === undefined || before['clusterUuid'] !== after['releasedClusterUuid']) {
    caps.push({ grade: 'CrashConsistent', reason: 'After the window another cluster answers than before it.' });
  }
  if (before['nodes'] === undefined || before['nodes'] !== after['releasedNodes']) {
    caps.push({ grade: 'CrashConsistent', reason: `A node of the cluster was restarted, left or joined during the window (nodes before: ${countOf(before['nodes'])}, after: ${countOf(after['releasedNodes'])}).` });
  }
  if (!(Number(after['releasedStateVersion']) >= Number(before['stateVersion']))) {
    caps.push({ grade: 'CrashConsistent', reason: `The version of the cluster's state went from ${before['stateVersion'] ?? 'unknown'} to ${after['releasedStateVersion'] ?? 'unknown'} during the window.` });
  }
  return caps;
}

const countOf = (position: string | undefined): string => position?.split(' ')[0] ?? 'unknown';
