import { holdId } from '../../hooks/hold/hold-id.js';
import { lookOnNode, type NodeLook } from '../../hooks/hold/node-look.js';
import { notProvenUnmounted, unusedClaims, type UnusedClaim } from '../../hooks/hold/unused-claims.js';
import type { NamespaceView } from '../../hooks/view.js';
import { inParallel } from '../../runtime/in-parallel.js';
import type { KubeObject } from '../../runtime/object.js';
import { csiDrivers, csiNodes } from '../../runtime/resource.js';
import { getOrUndefined } from '../../runtime/get-or-undefined.js';
import type { OperatorDeps } from '../deps.js';
import { agentRef } from './agent-ref.js';

/** Claims of which only the nodes know whether they are mounted, and who is to be asked. */
export interface Lookout {
  readonly claims: readonly UnusedClaim[];
  /** Every node that could have one of them, with the drivers whose volumes it could have. */
  readonly nodes: readonly { readonly node: string; readonly drivers: ReadonlySet<string> }[];
}

/**
 * Finds the claims that no pod uses and whose driver needs no attachment: the API does not say where their volumes are. A pod that was deleted by force is
 * gone there at once, its processes may run on. Asked are the nodes that say that they have the driver, and every other with an agent: a driver that is
 * being restarted is not registered for a while.
 */
export async function lookoutFor(view: NamespaceView, claims: ReadonlySet<string>, deps: Pick<OperatorDeps, 'client' | 'caches' | 'agentNamespace'>): Promise<Lookout> {
  const unused = unusedClaims(view, claims);
  const drivers = [...new Set(unused.map((claim) => claim.driver))];
  const attaching = await Promise.all(drivers.map((driver) => needsAttachment(driver, deps)));
  const attachless = new Set(drivers.filter((_, i) => attaching[i] === false));
  if (attachless.size === 0) return { claims: [], nodes: [] };
  const registered = new Map((await deps.client.list(csiNodes)).items.map((item) => [item.metadata.name, driversOf(item)]));
  const withAgent = new Set(deps.caches.pods.list(deps.agentNamespace).flatMap(({ nodeName }) => (nodeName !== undefined && agentRef(deps, nodeName) !== undefined ? [nodeName] : [])));
  const nodes = [...new Set([...withAgent, ...registered.keys()])].map((node) => ({ node, drivers: withAgent.has(node) ? attachless : both(attachless, registered.get(node)) }));
  return { claims: unused.filter((claim) => attachless.has(claim.driver)), nodes: nodes.filter(({ drivers }) => drivers.size > 0) };
}

function both(a: ReadonlySet<string>, b: ReadonlySet<string> = new Set()): ReadonlySet<string> {
  return new Set([...a].filter((driver) => b.has(driver)));
}

/** Without a CSIDriver object volumes are attached. */
async function needsAttachment(driver: string, { client }: Pick<OperatorDeps, 'client'>): Promise<boolean> {
  const object = await getOrUndefined(client, csiDrivers, { name: driver });
  return (object?.['spec'] as { attachRequired?: boolean } | undefined)?.attachRequired !== false;
}

function driversOf(node: KubeObject): ReadonlySet<string> {
  const spec = node['spec'] as { drivers?: readonly { name: string }[] | null } | undefined;
  return new Set((spec?.drivers ?? []).map(({ name }) => name));
}

/** Asks the nodes, each once. By name of the claim: why it is not proven to be unmounted, with the way out. Never rejects: what is not known counts as mounted. */
export async function stillMounted({ claims, nodes }: Lookout, setId: string, deps: Pick<OperatorDeps, 'exec' | 'caches' | 'agentNamespace'>): Promise<ReadonlyMap<string, string>> {
  const asked = nodes.map(({ node, drivers }) => ({ node, volumes: claims.filter(({ driver }) => drivers.has(driver)) })).filter(({ volumes }) => volumes.length > 0);
  const looks = await inParallel(asked, ({ node, volumes }) => lookOnNode(node, agentRef(deps, node), holdId(setId, { node }), volumes, deps.exec));
  const of = (claim: UnusedClaim): NodeLook[] => looks.filter((_, i) => asked[i]?.volumes.includes(claim) === true);
  return notProvenUnmounted(claims, of);
}
