import type { Blocker } from '../adapter.js';
import type { ClusterDescription, RingNode } from './ring.js';

/** Versions that this adapter knows; 5.0 is the one that its tests run on. From 5.1 on the ring is kept otherwise (CEP-21). */
const known = { lowest: 4.0, highest: 5.0 };

/** The ring as the node in a pod sees it. */
export interface View {
  readonly pod: string;
  readonly ring: readonly RingNode[];
}

export interface PodAddress {
  readonly pod: string;
  readonly address: string | undefined;
}

/** Every node runs a version that is known, and all the same one. Pure. */
export function versionBlockers(name: string, { versions }: ClusterDescription): Blocker[] {
  const unknown = versions.find((version) => !(Number.parseFloat(version) >= known.lowest && Number.parseFloat(version) <= known.highest));
  if (unknown !== undefined) {
    const way = 'Name it in spec.applications with kind Generic to copy it without what this adapter proves.';
    return [{ code: 'HoldNotPossible', message: `${name} runs Cassandra ${unknown}; ${known.lowest.toFixed(1)} to ${known.highest.toFixed(1)} are known. ${way}` }];
  }
  if (versions.length === 1) return [];
  const found = versions.length === 0 ? 'says no version' : `runs several versions (${versions.join(', ')})`;
  return [{ code: 'ApplicationNotReady', message: `${name} ${found}: wait until the upgrade is over.` }];
}

/**
 * The health gate: every node is up and normal in everybody's view, the ring is the pods of the copy and nobody else, and
 * there is one schema. Pure.
 */
export function ringBlockers(name: string, views: readonly View[], { schemas, unreachable }: ClusterDescription, pods: readonly PodAddress[]): Blocker[] {
  const blockers: Blocker[] = [];
  for (const { pod, ring } of views) {
    if (ring.length === 0) blockers.push(notReady(`nodetool status in pod ${pod} of ${name} shows no node.`));
    for (const node of ring.filter((n) => n.state !== 'UN')) blockers.push(notReady(`Pod ${pod} of ${name} sees the node ${node.address} (${node.hostId}) in state ${node.state}; every node must be UN, up and normal.`));
  }
  const ring = new Map(views.flatMap((view) => view.ring).map((node) => [node.hostId, node]));
  const addresses = new Set(pods.map((p) => p.address));
  for (const node of ring.values()) {
    if (addresses.has(node.address)) continue;
    blockers.push({ code: 'DataOutsideSet', message: `The node ${node.address} (${node.hostId}) belongs to the ring of ${name}, but no pod of the copy has that address: let spec.selector match the claims of every node.` });
  }
  const member = new Set([...ring.values()].map((node) => node.address));
  for (const { pod, address } of pods.filter((p) => p.address === undefined || !member.has(p.address))) {
    blockers.push(notReady(`Pod ${pod} (${address ?? 'no address'}) is no node of the ring of ${name}.`));
  }
  const versions = Object.keys(schemas);
  if (versions.length !== 1) blockers.push(notReady(`The nodes of ${name} have ${versions.length} schema versions (${versions.join(', ')}); they must agree on one.`));
  if (unreachable !== undefined) blockers.push(notReady(`Nodes of ${name} do not say their schema version: ${unreachable}.`));
  return blockers;
}

function notReady(message: string): Blocker {
  return { code: 'ApplicationNotReady', message };
}
