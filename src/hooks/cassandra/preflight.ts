import { AppError } from '../../runtime/app-error.js';
import type { AdapterContext, Blocker, Cap, Detected, Preflight } from '../adapter.js';
import { parseConfiguration, type Configuration } from './configuration.js';
import { findData, type FoundData } from './data.js';
import { operatorOf } from './detect.js';
import { durabilityCaps, settleMillis } from './durability.js';
import { factsOf } from './facts.js';
import { ringBlockers, schemaBlockers, toldTogether, versionBlockers, type PodAddress, type View } from './health.js';
import { nodesOf, type Node } from './node.js';
import { configurationProgram } from './programs.js';
import { parseDescription, parseStatus, type ClusterDescription } from './ring.js';

/** Peers and clients forgive much more (notes/quiesce.md, 4.3); the bound of every hold is 10 s anyway. */
const hardLimitMillis = 30_000;

/** One node as the preflight found it. */
export interface Instance {
  readonly pod: string;
  readonly configuration: Configuration;
  readonly data: FoundData;
  readonly view: View;
}

/** Looks at every node of the application. Reads only. Findings are blockers and caps, never exceptions, except for missing rights. */
export async function preflight(app: Detected, context: AdapterContext): Promise<Preflight> {
  const nodes = nodesOf(app, context);
  const [looked, described] = await Promise.all([Promise.all(nodes.map((node) => asked(() => look(node, context)))), asked(() => describe(nodes[0]))]);
  const instances = looked.filter((result) => 'configuration' in result);
  const description = 'blocker' in described ? undefined : described;
  const pods = addresses(app, context);
  const blockers = [
    ...looked.flatMap((result) => ('blocker' in result ? [result.blocker] : [])),
    ...('blocker' in described ? [described.blocker] : []),
    ...credentialBlockers(app),
    ...instances.flatMap((instance) => instance.data.blockers),
    ...(description === undefined ? [] : [...versionBlockers(app.name, description), ...schemaBlockers(app.name, description)]),
    // Also where a node did not answer: what the others see of it says more than its silence.
    ...ringBlockers(app.name, instances.map((i) => i.view), pods),
  ];
  const configurations = instances.map((i) => i.configuration);
  const settle = Math.max(0, ...configurations.map((c) => settleMillis(c.commitLog)));
  const operator = context.view.pods.filter((p) => app.pods.includes(p.metadata.name)).map(operatorOf).find((by) => by !== undefined);
  return {
    version: description?.versions[0],
    roles: Object.fromEntries(instances.map((i) => [i.pod, 'node'])),
    blockers: toldTogether(distinct(blockers)),
    caps: distinctCaps(configurations.flatMap((c) => capsOf(app.name, c))),
    processName: 'java',
    settleMillis: settle,
    gatePorts: settle === 0 ? [] : [...new Set(configurations.flatMap((c) => c.nativePorts))],
    softLimitMillis: Math.min(hardLimitMillis, ...configurations.map((c) => c.writeTimeoutMillis)),
    hardLimitMillis,
    facts: { ...factsOf(instances, pods), ...(operator !== undefined && { managedBy: operator }) },
  };
}

type Found<T> = T | { readonly blocker: Blocker };

/** A server that does not answer as it should is a blocker; everything else stays an exception. */
async function asked<T extends object>(look: () => Promise<T>): Promise<Found<T>> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ApplicationNotReady') throw error;
    return { blocker: { code: 'ApplicationNotReady', message: error.publicMessage } };
  }
}

async function look(node: Node, context: AdapterContext): Promise<Instance> {
  const configuration = parseConfiguration(node.pod, await node.lines('The look at the configuration', configurationProgram));
  const [data, status] = await Promise.all([findData(node, configuration, context), node.nodetool(['status'])]);
  return { pod: node.pod, configuration, data, view: { pod: node.pod, ring: parseStatus(status) } };
}

async function describe(node: Node | undefined): Promise<ClusterDescription> {
  if (node === undefined) throw new RangeError('an application without pods');
  return parseDescription(await node.nodetool(['describecluster']));
}

/** Nobody but the server's own container says how its JMX is entered. */
function credentialBlockers(app: Detected): Blocker[] {
  if (app.credentialsSecret === undefined) return [];
  return [{ code: 'HoldNotPossible', message: `${app.by}.credentialsSecretRef is not used for kind Cassandra, whose nodetool takes the password file that the server itself was started with: remove it.` }];
}

function addresses(app: Detected, { view }: AdapterContext): PodAddress[] {
  return app.pods.map((pod) => ({ pod, address: view.pods.find((p) => p.metadata.name === pod)?.podIP }));
}

function capsOf(name: string, { commitLog, overridden, file }: Configuration): Cap[] {
  const hidden: Cap = { grade: 'CrashConsistentSynced', reason: `Properties of the JVM may stand for lines of ${file} on ${name} (cassandra.config.allow_system_properties): how its commit log is synced is not known.` };
  return [...durabilityCaps(name, commitLog), ...(overridden ? [hidden] : [])];
}

function distinct(blockers: readonly Blocker[]): Blocker[] {
  return [...new Map(blockers.map((b) => [b.message, b])).values()];
}

function distinctCaps(caps: readonly Cap[]): Cap[] {
  return [...new Map(caps.map((c) => [c.reason, c])).values()];
}
