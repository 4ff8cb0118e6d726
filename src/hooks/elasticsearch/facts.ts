import type { Detected } from '../adapter.js';
import type { State } from './answers.js';
import type { Distribution, Member } from './cluster.js';
import type { NodeData } from './data.js';

/** Longest value that status keeps. */
const valueLength = 512;
/** Status keeps 32 facts. */
const mostElsewhere = 20;

export interface Found {
  readonly clusterName: string;
  readonly distribution: Distribution;
  readonly version: string;
  readonly members: readonly Member[];
  readonly state: State;
  /** Undefined for a copy of a repository. */
  readonly data: readonly NodeData[] | undefined;
}

/**
 * What a restore needs to know, as text. Never a secret: `credentialsSecret` is a name. Members whose data path is another than the first's have `dataPath.N` =
 * `POD PATH` (pod names are too long for keys). `vendorSupported` is for people: see docs/elasticsearch.md.
 */
export function factsOf(app: Detected, found: Found, untested: string | undefined): Record<string, string> {
  const { data, state, members } = found;
  const [first] = data ?? [];
  const elsewhere = (data ?? []).filter((d) => d.paths.join() !== first?.paths.join()).slice(0, mostElsewhere);
  const facts: Record<string, string> = {
    distribution: found.distribution,
    clusterName: found.clusterName,
    clusterUuid: state.cluster_uuid,
    nodes: String(members.length),
    ...(data !== undefined && {
      dataPath: first?.paths[0] ?? '',
      ...Object.fromEntries(elsewhere.map((d, n) => [`dataPath.${n}`, `${d.pod} ${d.paths[0] ?? ''}`])),
      claims: [...new Set(data.flatMap((d) => d.claims))].join(', '),
    }),
    vendorSupported: String(data === undefined),
    ...(untested !== undefined && { untested }),
    ...(app.credentialsSecret !== undefined && { credentialsSecret: app.credentialsSecret }),
  };
  return Object.fromEntries(Object.entries(facts).map(([key, text]) => [key, text.slice(0, valueLength)]));
}

/** The data path of a member of the copy; empty when the facts are not ours. */
export function dataPathOf(facts: Readonly<Record<string, string>>, pod: string): string {
  const own = Object.entries(facts).find(([key, text]) => key.startsWith('dataPath.') && text.startsWith(`${pod} `));
  return own === undefined ? (facts['dataPath'] ?? '') : own[1].slice(pod.length + 1);
}
