import { execFileSync } from 'node:child_process';
import { kubectl } from './kubectl.js';
import { processOne } from './host.js';

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly phase: string; readonly podIP?: string; readonly containerStatuses?: readonly { readonly containerID?: string }[] };
  }[];
}

const table = 'apart';

/** The pods of a namespace, closed to all others. */
export interface Apart {
  /** Packets of other pods that were dropped so far, by pod. */
  dropped(): Readonly<Record<string, number>>;
}

/**
 * Lets only the pods of the namespace itself, nodes and this machine in, in the network of each pod: what a NetworkPolicy does where the network
 * enforces it, which that of the test cluster does not. Counts what it drops. Goes with the pods; repeated, it counts anew.
 */
export async function keepApart(namespace: string): Promise<Apart> {
  const list = JSON.parse(await kubectl(['-n', namespace, 'get', 'pods', '-o', 'json'])) as Pods;
  const pods = list.items.flatMap(({ metadata, status: { phase, podIP, containerStatuses } }) => {
    const id = containerStatuses?.[0]?.containerID?.replace(/^containerd:\/\//, '');
    return phase !== 'Running' || podIP === undefined || id === undefined ? [] : [{ name: metadata.name, address: podIP, pid: processOne(id) }];
  });
  // Of probes, by the address of the node or of its end of the bridge, and of clients of the test.
  const nodes = (await kubectl(['get', 'nodes', '-o', 'jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}'])).split(' ');
  for (const { pid, address } of pods) {
    const bridge = addresses(inNetworkOf(pid, ['ip', '-json', 'route']), 'gateway');
    const machine = addresses(execFileSync('ip', ['-json', 'route', 'get', address], { encoding: 'utf8' }), 'prefsrc');
    const known = [...new Set([...pods.map((pod) => pod.address), ...nodes, ...bridge, ...machine])].join(', ');
    // What answers a pod of the namespace, the cluster's DNS above all, was asked by it.
    const drop = `chain in {\n type filter hook input priority 0\n iifname "lo" accept\n ct state established,related accept\n ip saddr != { ${known} } counter drop\n }`;
    inNetworkOf(pid, ['nft', '-f', '-'], `table inet ${table}\ndelete table inet ${table}\ntable inet ${table} {\n ${drop}\n}\n`);
  }
  return { dropped: () => Object.fromEntries(pods.map(({ name, pid }) => [name, packets(pid)])) };
}

/** A field of each route as `ip` prints it. */
function addresses(routes: string, field: 'gateway' | 'prefsrc'): string[] {
  return (JSON.parse(routes) as Partial<Record<typeof field, string>>[]).flatMap((route) => route[field] ?? []);
}

/** Throws when the rules are gone: nothing would have been counted. */
function packets(pid: number): number {
  const listed = inNetworkOf(pid, ['nft', 'list', 'table', 'inet', table]);
  const found = /counter packets (\d+)/.exec(listed);
  if (found === null) throw new Error(`no counter in ${listed}`);
  return Number(found[1]);
}

function inNetworkOf(pid: number, argv: readonly string[], input = ''): string {
  return execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, ...argv], { encoding: 'utf8', input });
}
