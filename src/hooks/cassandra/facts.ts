import type { PodAddress } from './health.js';
import type { Instance } from './preflight.js';

/** Longest value that status keeps. */
const valueLength = 512;

/** One member of the ring at the time of the copy. */
export interface RingMember {
  readonly hostId: string;
  readonly address: string;
}

/** As `HOSTID ADDRESS`, so many in one value that it stays within its length. */
const membersInValue = 6;

/** What a restore needs to know, as text; never a secret. */
export function factsOf(instances: readonly Instance[], pods: readonly PodAddress[]): Record<string, string> {
  const first = instances[0];
  if (first === undefined) return {};
  const { clusterName, commitLog, storagePort, directories } = first.configuration;
  const own = new Set(pods.map((p) => p.address));
  const ring = first.view.ring.filter((node) => own.has(node.address)).map((node) => `${node.hostId} ${node.address}`);
  const values: string[] = [];
  for (let at = 0; at < ring.length; at += membersInValue) values.push(ring.slice(at, at + membersInValue).join(', '));
  const facts: Record<string, string> = {
    clusterName,
    nodes: String(ring.length),
    ...Object.fromEntries(values.map((value, n) => [`ring.${n}`, value])),
    storagePort: String(storagePort),
    commitLog: `${commitLog.sync}, ${commitLog.buffered ?? 'memory-mapped'}`,
    directories: directories.map((d) => `${d.what}: ${d.path}`).join('; '),
    claims: instances.map((i) => `${i.pod}: ${[...new Set(Object.values(i.data.claims))].join(', ')}`).join('; '),
  };
  return Object.fromEntries(Object.entries(facts).map(([key, text]) => [key, text.slice(0, valueLength)]));
}

/** The ring of the facts; undefined when they are not ours, or not all of it is there. */
export function ringOf(facts: Readonly<Record<string, string>>): readonly RingMember[] | undefined {
  const members: RingMember[] = [];
  for (let n = 0; facts[`ring.${n}`] !== undefined; n++) {
    for (const text of (facts[`ring.${n}`] ?? '').split(', ')) {
      const [hostId = '', address = ''] = text.split(' ');
      members.push({ hostId, address });
    }
  }
  return members.length > 0 && String(members.length) === facts['nodes'] ? members : undefined;
}
