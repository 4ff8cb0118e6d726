import type { Blocker } from '../adapter.js';
import type { PodView } from '../view.js';
import type { Health, Nodes, ShardCopy } from './answers.js';
import { some, startedNot } from './words.js';

/** A node as the cluster lists it. */
export interface Member {
  /** Persistent id, which a copy keeps. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly roles: readonly string[];
  /** Pod of the application that it runs in; undefined when none of them has its address. */
  readonly pod: string | undefined;
}

/** The nodes of a cluster, each with its pod, by name. A clone has the names of its original, so the address decides. Pure. @param pods those of the application */
export function membersOf(nodes: Nodes, pods: readonly PodView[]): Member[] {
  return Object.entries(nodes)
    .map(([id, { name, version, roles, ip }]) => {
      const there = pods.filter((p) => p.podIP === ip);
      // Pods in the network of their machine share its address.
      const pod = there.length > 1 ? there.find((p) => p.metadata.name === name) : there[0];
      return { id, name, version, roles, pod: pod?.metadata.name };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export type Distribution = 'Elasticsearch' | 'OpenSearch';

/** OpenSearch has no flavours of a build (both are forks of one code). Pure. */
export function distributionOf(nodes: Nodes): Distribution {
  return Object.values(nodes).some((node) => node.build_flavor !== undefined) ? 'Elasticsearch' : 'OpenSearch';
}

const votes = (roles: readonly string[]): boolean => roles.some((role) => role === 'master' || role === 'cluster_manager');
const holdsData = (roles: readonly string[]): boolean => roles.some((role) => role === 'data' || role.startsWith('data_') || role === 'search' || role === 'warm');

/** True when the state of the cluster or its documents are on the node's volumes. */
export function isNeeded({ roles }: Pick<Member, 'roles'>): boolean {
  return votes(roles) || holdsData(roles);
}

/** The role of a member in words that fit a label. */
export function roleOf({ roles }: Pick<Member, 'roles'>): string {
  const parts = [...(votes(roles) ? ['master'] : []), ...(holdsData(roles) ? ['data'] : [])];
  return parts.length === 0 ? 'coordinating' : parts.join('-');
}

/** Nodes of the cluster that the copy would lack, and pods that are no node of it. Pure. @param ofRepository the copy is of the repository that all of them mount */
export function membershipBlockers(name: string, members: readonly Member[], pods: readonly string[], ofRepository = false): Blocker[] {
  const lacking = members.filter((m) => m.pod === undefined && isNeeded(m));
  const joined = new Set(members.map((m) => m.pod));
  const strangers = pods.filter((pod) => !joined.has(pod));
  const blockers: Blocker[] = [];
  if (lacking.length > 0) {
    const names = lacking.map((m) => `${m.name} (${roleOf(m)})`);
    const selected = 'name the application in spec.applications with a selector that matches all of its pods';
    const way = ofRepository ? `let each of them mount the claim of the repository, and ${selected}` : `${selected}, and let spec.selector match their claims`;
    blockers.push({
      code: 'DataOutsideSet',
      message: `The cluster of ${name} has nodes that are not among its pods in the copy: ${some(names)}. A copy needs every node that holds data or votes: ${way}.`,
    });
  }
  if (strangers.length > 0) {
    blockers.push({
      code: 'ApplicationNotReady',
      message: `Pods of ${name} that are no node of its cluster: ${some(strangers)}. Wait until they have joined; if they are another cluster, name each in spec.applications with a selector of its own.`,
    });
  }
  return blockers;
}

/** Anything but a green cluster at rest: what was acknowledged may have one copy only, on a node that is behind. Pure. */
export function healthBlockers(name: string, health: Health, copies: readonly ShardCopy[]): Blocker[] {
  const { status, relocating_shards: relocating, initializing_shards: initializing, unassigned_shards: unassigned } = health;
  if (status === 'green' && relocating + initializing + unassigned === 0) return [];
  const waiting = startedNot(copies);
  const which = waiting.length === 0 ? '' : ` (${some(waiting)})`;
  const way = unassigned > 0 ? `GET _cluster/allocation/explain says why a shard has no node: add one, or lower index.number_of_replicas` : 'wait until the shards have come to rest';
  return [
    {
      code: 'ApplicationNotReady',
      message: `The cluster of ${name} is ${status}, with ${unassigned} unassigned, ${initializing} initializing and ${relocating} relocating copies of shards${which}; it must be green and at rest: ${way}.`,
    },
  ];
}
