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

/** The health gate: every node is up and normal in every view that there is, and the ring is the pods of the copy and nobody else. Pure. */
export function ringBlockers(name: string, views: readonly View[], pods: readonly PodAddress[]): Blocker[] {
  // Nobody answered: nothing is known of any ring.
  if (views.length === 0) return [];
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
  return blockers;
}

/** The nodes agree on one schema, all of them. Pure. */
export function schemaBlockers(name: string, { schemas, unreachable }: ClusterDescription): Blocker[] {
  const blockers: Blocker[] = [];
  const versions = Object.keys(schemas);
  if (versions.length !== 1) blockers.push(notReady(`The nodes of ${name} have ${versions.length} schema versions (${versions.join(', ')}); they must agree on one.`));
  if (unreachable !== undefined) blockers.push(notReady(`Nodes of ${name} do not say their schema version: ${unreachable}.`));
  return blockers;
}

/** So many findings are told: a large ring may have one from each of its members. */
const most = 5;

/** All that is not ready as one finding, in the place of the first of them, since the first finding is the one that a plan tells. Pure. */
export function toldTogether(blockers: readonly Blocker[]): Blocker[] {
  const waits = blockers.filter(({ code }) => code === 'ApplicationNotReady');
  const rest = waits.length - most;
  const message = `${waits.slice(0, most).map((b) => b.message).join(' ')}${rest > 0 ? ` And ${rest} more.` : ''}`;
  return blockers.flatMap((b) => (b === waits[0] ? [{ ...b, message }] : waits.includes(b) ? [] : [b]));
}

function notReady(message: string): Blocker {
  return { code: 'ApplicationNotReady', message };
}
