import type { Detected } from '../adapter.js';
import { clusterIdOf, nodeId, peersOf, rolesOf, type KafkaNode } from './node.js';
import type { Quorum } from './reports.js';

/** Longest value that status keeps. */
const valueLength = 512;

/**
 * What a restore needs to know, as text; never a secret. Each node has `node.ID` = `POD DIRECTORY,DIRECTORY…` (up to 20 of them: facts are few).
 * `peers` are the host names by which the nodes know each other.
 */
export function factsOf(app: Detected, nodes: readonly KafkaNode[], quorum: Quorum | undefined, claims: readonly string[]): Record<string, string> {
  const [first] = nodes;
  const clusterId = first === undefined ? undefined : clusterIdOf(first);
  const peers = [...new Set([...nodes.flatMap(peersOf), ...(quorum?.voterHosts ?? [])])];
  const facts: Record<string, string> = {
    ...(clusterId !== undefined && { clusterId }),
    ...(first?.version !== undefined && { clients: first.version }),
    controllers: nodes.filter((n) => rolesOf(n).includes('controller')).map((n) => n.pod).join(', '),
    ...(quorum !== undefined && { quorum: quorumText(quorum) }),
    peers: peers.join(', '),
    claims: claims.join('; '),
    ...Object.fromEntries(nodes.slice(0, 20).map((n) => [`node.${nodeId(n) ?? ''}`, `${n.pod} ${n.directories.map((d) => d.path).join(',')}`])),
    ...(app.credentialsSecret !== undefined && { credentialsSecret: app.credentialsSecret }),
  };
  return Object.fromEntries(Object.entries(facts).filter(([, text]) => text !== '').map(([key, text]) => [key, text.slice(0, valueLength)]));
}

/** Number and directories of a node of the copy; undefined when the facts do not say. */
export function nodeInFacts(facts: Readonly<Record<string, string>>, pod: string): { readonly id: string; readonly directories: readonly string[] } | undefined {
  const fact = Object.entries(facts).find(([key, text]) => key.startsWith('node.') && text.startsWith(`${pod} `));
  return fact === undefined ? undefined : { id: fact[0].slice('node.'.length), directories: fact[1].slice(pod.length + 1).split(',') };
}

/** `leader 1, epoch 7`. */
export function quorumText({ leader, epoch }: Quorum): string {
  return `leader ${leader}, epoch ${epoch}`;
}
