import type { Check } from '../../api/common.js';
import type { CopiedApplication } from '../adapter.js';
import type { RingMember } from './facts.js';
import type { ClusterDescription, RingNode } from './ring.js';

/** The ring as the node in a restored pod sees it. */
export interface SeenRing {
  readonly pod: string;
  readonly ring: readonly RingNode[];
}

/**
 * Every node sees exactly the host ids of the copy, all up, all at addresses of restored pods: nobody is missing, and nobody of
 * the original is there. Pure.
 * @param expected the ring of the copy; undefined when its facts are not ours
 * @param addresses of the restored pods
 */
export function ringCheck(name: string, expected: readonly RingMember[] | undefined, seen: readonly SeenRing[], addresses: readonly string[]): Check {
  if (expected === undefined) return { name, outcome: 'Unknown', message: 'The copy carries no facts of its ring.' };
  const problems = seen.flatMap(({ pod, ring }) => problemsOf(ring, expected, addresses).map((problem) => `${pod} ${problem}`));
  if (problems.length > 0) return { name, outcome: 'Failed', message: `${problems.slice(0, 8).join('; ')}.` };
  return { name, outcome: 'Passed', message: `${expected.length} nodes with the host ids of the copy, all up and normal in the view of each, all of them restored.` };
}

function problemsOf(ring: readonly RingNode[], expected: readonly RingMember[], addresses: readonly string[]): string[] {
  const ids = new Set(expected.map((member) => member.hostId));
  const found = new Set(ring.map((node) => node.hostId));
  return [
    ...ring.filter((node) => !addresses.includes(node.address)).map((node) => `knows the node ${node.address} (${node.hostId}), which is no restored pod`),
    ...ring.filter((node) => !ids.has(node.hostId)).map((node) => `knows the host id ${node.hostId}, which is not of the copy`),
    ...ring.filter((node) => node.state !== 'UN').map((node) => `sees ${node.address} in state ${node.state}`),
    ...[...ids].filter((id) => !found.has(id)).map((id) => `does not know the host id ${id}`),
  ];
}

/** One schema version, known by every node. Pure. */
export function schemaCheck(name: string, app: CopiedApplication, { name: cluster, schemas, unreachable }: ClusterDescription): Check {
  const versions = Object.keys(schemas);
  const expected = app.facts['clusterName'];
  if (cluster !== expected) return { name, outcome: 'Failed', message: `The cluster is called ${cluster ?? 'nothing'}, the copy is of ${expected ?? 'nothing'}.` };
  if (versions.length === 1 && unreachable === undefined) return { name, outcome: 'Passed', message: `Every node has the schema ${versions.join()}.` };
  return { name, outcome: 'Failed', message: unreachable === undefined ? `There are ${versions.length} schema versions: ${versions.join(', ')}.` : `Nodes do not say theirs: ${unreachable}.` };
}
