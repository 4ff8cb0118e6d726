import { AppError } from '../../runtime/app-error.js';
import type { AdapterContext, Blocker, Cap, Detected, Preflight } from '../adapter.js';
import { locate } from '../data-paths.js';
import { ask, lookAt, type Seen } from './cluster.js';
import { operatorOf } from './detect.js';
import { factsOf } from './facts.js';
import { healthBlockers } from './health.js';
import { clusterIdOf, millisOf, nodeId, rolesOf, versionOf, type KafkaNode } from './node.js';
import { parseProblems, parseQuorum, type Quorum } from './reports.js';

/** Versions that this adapter knows, and the one that its tests run on. */
const known = { lowest: { major: 3, minor: 7 }, highestMajor: 4, tested: '4.3' };

/** Defaults of Kafka: a follower of the quorum calls an election after the first, a broker is fenced after the second (docs/kafka.md). */
const quorumFetchMillis = 2000;
const brokerSessionMillis = 9000;
/** So old may the last heartbeat of a broker be when it is frozen. */
const brokerHeartbeatMillis = 2000;

/** Looks at every node, and through a broker at the cluster. Reads only. Findings are blockers and caps, never exceptions, except for missing rights. */
export async function preflight(app: Detected, context: AdapterContext): Promise<Preflight> {
  const looked = await lookAt(app, context);
  const seen = looked.filter((result) => 'node' in result);
  const nodes = seen.map((s) => s.node);
  const located = nodes.map((node) => locateData(node, context));
  const blockers: Blocker[] = [
    ...looked.flatMap((result) => ('blocker' in result ? [result.blocker] : [])),
    ...nodes.flatMap(nodeBlockers),
    ...located.flatMap((l) => l.blockers),
    ...oneCluster(app, nodes),
  ];
  const cluster = blockers.length > 0 ? { blockers: [], quorum: undefined } : await lookAtCluster(app, seen);
  const operator = context.view.pods.filter((p) => app.pods.includes(p.metadata.name)).map(operatorOf).find((by) => by !== undefined);
  const claims = located.flatMap((l) => [...new Set(Object.values(l.claims))]);
  const version = nodes.map((n) => n.version).find((v) => v !== undefined);
  return {
    version,
    roles: Object.fromEntries(nodes.map((n) => [n.pod, [...rolesOf(n)].sort().join('-')])),
    blockers: [...blockers, ...cluster.blockers],
    caps: nodes.flatMap(capsOf).slice(0, 1),
    processName: nodes[0]?.processName ?? 'java',
    settleMillis: 0,
    gatePorts: [],
    softLimitMillis: Math.min(...nodes.map((n) => millisOf(n, 'controller.quorum.fetch.timeout.ms', quorumFetchMillis)), brokerSessionMillis),
    hardLimitMillis: Math.min(...nodes.map((n) => millisOf(n, 'broker.session.timeout.ms', brokerSessionMillis) - millisOf(n, 'broker.heartbeat.interval.ms', brokerHeartbeatMillis)), 60_000),
    facts: { ...factsOf(app, nodes, cluster.quorum, claims), ...untested(nodes), ...(operator !== undefined && { managedBy: operator }) },
  };
}

async function lookAtCluster(app: Detected, seen: readonly Seen[]): Promise<{ blockers: Blocker[]; quorum: Quorum | undefined }> {
  const brokers = seen.filter((s) => rolesOf(s.node).includes('broker'));
  try {
    const answer = await ask(brokers, 'quorum', 'problems');
    const quorum = parseQuorum(answer('quorum'));
    const blockers = [...healthBlockers(app.name, quorum, parseProblems(answer('problems'))), ...missingNodes(app, seen.map((s) => s.node), quorum)];
    return { blockers, quorum };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ApplicationNotReady') throw error;
    return { blockers: [{ code: 'ApplicationNotReady', message: error.publicMessage }], quorum: undefined };
  }
}

/** Resolves the log directories to claims. */
function locateData(node: KafkaNode, context: AdapterContext): ReturnType<typeof locate> {
  const pod = context.view.pods.find((p) => p.metadata.name === node.pod);
  const container = pod?.containers.find((c) => c.name === node.container);
  if (pod === undefined || container === undefined) return { claims: {}, blockers: [{ code: 'ApplicationNotReady', message: `Pod ${node.pod} has no container ${node.container} any more.` }] };
  const paths = node.directories.map(({ path }) => ({ what: `log directory of node ${nodeId(node) ?? 'unknown'}`, path }));
  return locate(paths, pod, container, node.mounts, context.claims);
}

/** Each node by itself: KRaft, of a known version, with formatted volumes. */
export function nodeBlockers(node: KafkaNode): Blocker[] {
  const generic = 'Name it in spec.applications with kind Generic to copy it without what this adapter proves.';
  if (rolesOf(node).length === 0) {
    return [{ code: 'HoldNotPossible', message: `Pod ${node.pod} runs Kafka without process.roles, so with ZooKeeper, which no version since 4.0 has and this adapter does not know. ${generic}` }];
  }
  const version = versionOf(node);
  const { lowest, highestMajor } = known;
  const old = version !== undefined && (version.major < lowest.major || (version.major === lowest.major && version.minor < lowest.minor));
  if (old || (version?.major ?? 0) > highestMajor) {
    return [{ code: 'HoldNotPossible', message: `Pod ${node.pod} runs Kafka ${node.version ?? ''}; ${lowest.major}.${lowest.minor} to ${highestMajor}.x are known. ${generic}` }];
  }
  if (nodeId(node) !== undefined && clusterIdOf(node) !== undefined) return [];
  return [{ code: 'ApplicationNotReady', message: `The log directories of pod ${node.pod} (${node.directories.map((d) => d.path).join(', ')}) carry no meta.properties of one cluster: the node is not formatted, or cannot be read.` }];
}

function oneCluster(app: Detected, nodes: readonly KafkaNode[]): Blocker[] {
  const ids = new Set(nodes.flatMap((n) => clusterIdOf(n) ?? []));
  if (ids.size > 1) return [{ code: 'ApplicationNotReady', message: `The pods of ${app.name} are not one cluster (cluster ids ${[...ids].join(', ')}): name each cluster in spec.applications with a selector of its own.` }];
  if (nodes.length === 0 || nodes.some((n) => rolesOf(n).length === 0 || rolesOf(n).includes('broker'))) return [];
  return [{ code: 'DataOutsideSet', message: `No pod of ${app.name} is a broker (${app.pods.join(', ')}): name controllers and brokers together in one entry of spec.applications, and let their claims belong to the copy.` }];
}

/** Voters and observers of the metadata are all nodes that run; those that are down show as partitions that lack replicas. */
export function missingNodes(app: Detected, nodes: readonly KafkaNode[], quorum: Quorum | undefined): Blocker[] {
  const present = new Set(nodes.map(nodeId));
  const missing = [...new Set([...(quorum?.voters ?? []), ...(quorum?.observers ?? [])])].filter((id) => !present.has(id)).sort((a, b) => a - b);
  if (missing.length === 0) return [];
  const who = missing.length === 1 ? `Node ${missing[0] ?? ''}` : `Nodes ${missing.join(', ')}`;
  return [
    {
      code: 'DataOutsideSet',
      message: `${who} of the cluster belong${missing.length === 1 ? 's' : ''} to no pod of ${app.name} (${app.pods.join(', ')}): a copy of a part of a cluster is none. Name all its pods, controllers as well, in one entry of spec.applications, and let spec.selector match their claims.`,
    },
  ];
}

/** What the node's own settings take from the grade. */
export function capsOf(node: KafkaNode): Cap[] {
  if (node.properties['remote.log.storage.system.enable'] !== 'true') return [];
  return [{ grade: 'CrashConsistent', reason: `Tiered storage is on (remote.log.storage.system.enable on ${node.pod}): records that were moved to it are outside of the copy, and the original goes on deleting them.` }];
}

function untested(nodes: readonly KafkaNode[]): Record<string, string> {
  const others = [...new Set(nodes.map((n) => n.version ?? 'of an unknown version'))].filter((v) => !v.startsWith(`${known.tested}.`));
  return others.length === 0 ? {} : { untested: `Kafka ${others.join(', ')} was not run against by our tests, which use ${known.tested}` };
}
