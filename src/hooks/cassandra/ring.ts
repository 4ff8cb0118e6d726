/** A node as `nodetool status` shows it. */
export interface RingNode {
  /** `UN`: up and normal. */
  readonly state: string;
  readonly address: string;
  readonly hostId: string;
}

/** The ring as one node sees it. Pure. */
export function parseStatus(lines: readonly string[]): RingNode[] {
  return lines.flatMap((line) => {
    const [, state, address, hostId] = /^([UD?][NLJMRS?])\s+(\S+)\s.*\s([0-9a-f]{8}-[0-9a-f-]{27})\s+\S+\s*$/.exec(line) ?? [];
    return state === undefined || address === undefined || hostId === undefined ? [] : [{ state, address: canonical(address), hostId }];
  });
}

/** Java writes IPv6 in full, the API server as short as it can be. */
function canonical(address: string): string {
  return address.includes(':') && URL.canParse(`http://[${address}]`) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

/** What `nodetool describecluster` says. */
export interface ClusterDescription {
  readonly name: string | undefined;
  /** Schema version → the nodes that have it. */
  readonly schemas: Readonly<Record<string, string>>;
  /** Nodes that did not say theirs. */
  readonly unreachable: string | undefined;
  readonly versions: readonly string[];
}

/** Pure. */
export function parseDescription(lines: readonly string[]): ClusterDescription {
  const schemas: Record<string, string> = {};
  const versions: string[] = [];
  let unreachable: string | undefined;
  for (const line of lines) {
    const [, key = '', nodes = ''] = /^\s+(\S+): \[(.*)\]\s*$/.exec(line) ?? [];
    if (key === 'UNREACHABLE') unreachable = nodes;
    else if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(key)) schemas[key] = nodes;
    else if (/^\d+\.\d+/.test(key)) versions.push(key);
  }
  const name = lines.map((line) => /^\s+Name: (.+)$/.exec(line)?.[1]).find((found) => found !== undefined);
  return { name, schemas, unreachable, versions };
}

/** A node as gossip has it. */
export interface GossipNode {
  readonly address: string;
  readonly hostId: string;
  /** Changes with every start of the server. */
  readonly generation: string;
  readonly schema: string;
}

/** Nodes of `nodetool gossipinfo` that belong to the ring. Pure. */
export function parseGossip(lines: readonly string[]): GossipNode[] {
  const nodes: { address: string; values: Map<string, string> }[] = [];
  for (const line of lines) {
    const [, address] = /^\S*\/(\S+?)(?::\d+)?$/.exec(line) ?? [];
    const [, name, value] = /^\s+([A-Za-z_]+):(.*)$/.exec(line) ?? [];
    if (address !== undefined) nodes.push({ address: address.replace(/^\[|\]$/g, ''), values: new Map() });
    else if (name !== undefined && value !== undefined) nodes.at(-1)?.values.set(name, value);
  }
  return nodes.flatMap(({ address, values }) => {
    // Values but the generation carry their own version first.
    const of = (name: string): string | undefined => values.get(name)?.replace(/^\d+:/, '');
    const status = of('STATUS_WITH_PORT') ?? of('STATUS') ?? '';
    const hostId = of('HOST_ID');
    return hostId === undefined || /^(LEFT|removed)/.test(status) ? [] : [{ address, hostId, generation: values.get('generation') ?? '', schema: of('SCHEMA') ?? '' }];
  });
}
