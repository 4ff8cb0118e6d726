import type { Check } from '../../api/common.js';
import type { CopiedApplication, Positions } from '../adapter.js';
import type { Health, ShardCopy, State } from './answers.js';
import { checkpointsOf, recordedCheckpoints } from './checkpoints.js';
import { isNeeded, type Member } from './cluster.js';
import { some, startedNot } from './words.js';

/** What a restored cluster says, judged. All pure. */

/** Every copy of every shard is there again. */
export function healthCheck(health: Health, copies: readonly ShardCopy[]): Check {
  const name = 'the cluster is green';
  const waiting = startedNot(copies);
  if (health.status === 'green' && waiting.length === 0) return { name, outcome: 'Passed', message: `${copies.length} copies of shards are started on ${health.number_of_nodes} nodes.` };
  return { name, outcome: 'Failed', message: `It is ${health.status}: ${waiting.length === 0 ? 'shards are still moving' : some(waiting)}. GET _cluster/allocation/explain says why.` };
}

export function identityCheck(app: CopiedApplication, state: State): Check {
  const name = 'same cluster UUID';
  const expected = app.facts['clusterUuid'];
  if (expected === undefined) return { name, outcome: 'Unknown', message: 'The copy carries no cluster UUID.' };
  if (state.cluster_uuid === expected) return { name, outcome: 'Passed', message: `Cluster UUID ${expected}.` };
  return { name, outcome: 'Failed', message: `The cluster is ${state.cluster_uuid}, the copy is of ${expected}: it runs on other data.` };
}

/**
 * The restored nodes are a cluster of their own: a clone has the identity of the original, which would take it in. Nodes without data and vote have no claim, so
 * that a copy does not know their pods.
 */
export function membersCheck(members: readonly Member[], pods: readonly string[]): Check {
  const name = 'the restored nodes are one cluster, and alone';
  const strangers = members.filter((m) => m.pod === undefined && isNeeded(m)).map((m) => m.name);
  const missing = pods.filter((pod) => !members.some((m) => m.pod === pod));
  if (strangers.length > 0) {
    return { name, outcome: 'Failed', message: `Nodes that are none of the restored pods: ${some(strangers)}. They may be those of the original: stop the restored pods and correct discovery.seed_hosts.` };
  }
  if (missing.length > 0) return { name, outcome: 'Failed', message: `Restored pods that are no node of the cluster: ${some(missing)}.` };
  return { name, outcome: 'Passed', message: `Nodes: ${some(members.map((m) => m.name))}.` };
}

/** Indices that are on disk and that the state of the cluster does not know. */
export function danglingCheck(indices: readonly string[]): Check {
  const name = 'no dangling indices';
  if (indices.length === 0) return { name, outcome: 'Passed' };
  return { name, outcome: 'Failed', message: `On the volumes, but unknown to the state of the cluster: ${some(indices)}.` };
}

/** Copies of shards that differ from their primary, in words. */
export function differences(copies: readonly ShardCopy[]): string[] {
  const primaries = new Map(copies.filter((c) => c.prirep === 'p').map((c) => [`${c.index}[${c.shard}]`, c]));
  const said = (copy: ShardCopy | undefined): string => `${copy?.docs ?? '?'} documents up to ${copy?.['seq_no.max'] ?? '?'}`;
  return copies.flatMap((c) => {
    const primary = primaries.get(`${c.index}[${c.shard}]`);
    if (primary !== undefined && c.docs !== undefined && c.docs === primary.docs && c['seq_no.max'] === primary['seq_no.max']) return [];
    return [`${c.index}[${c.shard}] on ${c.node ?? '?'}: ${said(c)}, its primary ${said(primary)}`];
  });
}

export function copiesCheck(copies: readonly ShardCopy[]): Check {
  const name = 'primaries and replicas agree';
  const different = differences(copies);
  if (different.length > 0) return { name, outcome: 'Failed', message: `${some(different)}.` };
  const replicas = copies.filter((c) => c.prirep === 'r').length;
  if (replicas === 0) return { name, outcome: 'Skipped', message: 'There are no replicas.' };
  return { name, outcome: 'Passed', message: `${replicas} replicas have the documents and the last sequence number of their primaries.` };
}

/** Nothing that was on all copies of a shard before the copy was begun is missing. */
export function checkpointsCheck(positions: Positions, copies: readonly ShardCopy[], begun: 'hold' | 'snapshot' = 'hold'): Check {
  const name = `nothing before the ${begun} is missing`;
  const { recorded, shards } = recordedCheckpoints(positions);
  const found = checkpointsOf(copies);
  const behind = [...recorded].flatMap(([shard, before]) => {
    const now = found.get(shard);
    return now !== undefined && now < before ? [`${shard} is at ${now}, and was at ${before}`] : [];
  });
  const absent = [...recorded.keys()].filter((shard) => !found.has(shard));
  if (behind.length > 0) return { name, outcome: 'Failed', message: `Global checkpoints are behind those before the ${begun}: ${some(behind)}.` };
  if (absent.length > 0) return { name, outcome: 'Unknown', message: `Shards that had a position before the ${begun} and are not in the copy: ${some(absent)}. Their indices may have been deleted in between.` };
  if (positions['shards'] === undefined) return { name, outcome: 'Unknown', message: 'The copy carries no positions.' };
  if (recorded.size === 0) return { name, outcome: shards === 0 ? 'Skipped' : 'Unknown', message: shards === 0 ? 'No shard had taken a write.' : 'Status had no room for the positions.' };
  const part = recorded.size < shards ? ` Status had room for no more: ${shards - recorded.size} were not compared.` : '';
  return { name, outcome: 'Passed', message: `The global checkpoints of ${recorded.size} of ${shards} shards are not behind those before the ${begun}.${part}` };
}
