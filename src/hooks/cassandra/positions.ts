import { createHash } from 'node:crypto';
import { fail } from '../../api/errors.js';
import type { AdapterContext, Cap, Detected, Positions } from '../adapter.js';
import { nodesOf } from './node.js';
import { parseGossip, type GossipNode } from './ring.js';

/** A busy node writes all of its memtables; nodetool itself ends no sooner than they are on the disk. */
const flushSeconds = 300;

/** Longest value that status keeps. */
const valueLength = 256;

/**
 * Flushes every node, in parallel, so that little is left to replay, then asks who is in the ring. Positions: `schema`, and `started`:
 * each node with the generation of its start. Throws AppError ApplicationNotReady.
 */
export async function warmUp(app: Detected, context: AdapterContext): Promise<Positions> {
  await Promise.all(nodesOf(app, context).map((node) => node.nodetool(['flush'], flushSeconds)));
  const nodes = await gossip(app, context);
  return { schema: schemaOf(nodes), started: startsOf(nodes) };
}

/** The same after the release: `releasedSchema`, `releasedStarted`. Throws AppError ApplicationNotReady. */
export async function evidence(app: Detected, context: AdapterContext): Promise<Positions> {
  const nodes = await gossip(app, context);
  return { releasedSchema: schemaOf(nodes), releasedStarted: startsOf(nodes) };
}

async function gossip(app: Detected, context: AdapterContext): Promise<GossipNode[]> {
  const [node] = nodesOf(app, context);
  const found = node === undefined ? [] : parseGossip(await node.nodetool(['gossipinfo']));
  if (found.length >= app.pods.length) return found;
  throw fail('ApplicationNotReady', `Gossip of ${app.name} knows ${found.length} nodes, and the copy has ${app.pods.length}.`);
}

function schemaOf(nodes: readonly GossipNode[]): string {
  return bounded([...new Set(nodes.map((node) => node.schema))].sort().join(', '));
}

/** By host id: an address may change with a pod. */
function startsOf(nodes: readonly GossipNode[]): string {
  return bounded(nodes.map((node) => `${node.hostId} ${node.generation}`).sort().join(', '));
}

/** Values that are only compared with each other: one that is too long by its digest. */
function bounded(text: string): string {
  return text.length <= valueLength ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** A node that was started again in between was not held, whatever the holder says. Pure. */
export function contradictions(before: Positions, after: Positions): Cap[] {
  if (before['started'] !== undefined && before['started'] === after['releasedStarted']) return [];
  return [{ grade: 'CrashConsistent', reason: 'A node of Cassandra was started again, or left or joined the ring, during the window.' }];
}
