import { AppError } from '../../runtime/app-error.js';
import type { AdapterContext, Blocker, Cap, Detected, Preflight } from '../adapter.js';
import { copiesOfShards, dataPathsOfNodes, durabilityOfIndices, healthOf, nodesOfCluster, stateOfCluster } from './answers.js';
import { distributionOf, healthBlockers, isNeeded, membersOf, membershipBlockers, roleOf } from './cluster.js';
import { findData, type NodeData } from './data.js';
import { operatorOf } from './detect.js';
import { factsOf } from './facts.js';
import { firstOf, nodesOf, type Node } from './node.js';
import { lookForRepository } from './repository/preflight.js';
import { untestedFact, versionBlockers } from './versions.js';
import { some } from './words.js';

/** Held longer a node warns of its own file system (> 5 s) and timers; nothing else happens (seen by hand up to 10 s). */
const softLimitMillis = 10_000;
/** The master drops a node that fails three checks of 10 s each (cluster.fault_detection.follower_check). */
const hardLimitMillis = 30_000;

/** What holds for every finding: a JVM to stop, and nothing to wait for before that. */
const constant = { processName: 'java', settleMillis: 0, gatePorts: [], softLimitMillis, hardLimitMillis };

/** Looks at the cluster and at the volumes of every node. Reads only. Findings are blockers and caps, never exceptions, except for missing rights. */
export async function preflight(app: Detected, context: AdapterContext): Promise<Preflight> {
  const nodes = await nodesOf(app, context);
  try {
    return await lookAt(app, nodes, context);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ApplicationNotReady') throw error;
    return { ...constant, version: undefined, roles: {}, caps: [], facts: {}, blockers: [{ code: 'ApplicationNotReady', message: error.publicMessage }] };
  }
}

async function lookAt(app: Detected, nodes: readonly Node[], context: AdapterContext): Promise<Preflight> {
  const pods = context.view.pods.filter((p) => app.pods.includes(p.metadata.name));
  const [health, { nodes: listed }, state, copies, paths, durability] = await firstOf(nodes, (node) =>
    node.read([healthOf, nodesOfCluster, stateOfCluster, copiesOfShards, dataPathsOfNodes, durabilityOfIndices]),
  );
  const members = membersOf(listed, pods);
  const distribution = distributionOf(listed);
  const version = [...new Set(members.map((m) => m.version))].join(', ');
  const data: NodeData[] = await Promise.all(
    members.filter(isNeeded).flatMap(({ id, pod }) => {
      const node = nodes.find((n) => n.pod === pod);
      return node === undefined ? [] : [findData(node, (paths.nodes[id]?.fs.data ?? []).map((d) => d.path), context)];
    }),
  );
  const repository = app.mode === 'Repository' ? await lookForRepository(app, { nodes, members, data }, context) : undefined;
  const blockers: Blocker[] = [
    ...versionBlockers(app.name, distribution, version),
    ...membershipBlockers(app.name, members, app.pods, repository !== undefined),
    ...healthBlockers(app.name, health, copies),
    ...(repository?.blockers ?? data.flatMap((d) => d.blockers)),
  ];
  const managedBy = pods.map(operatorOf).find((by) => by !== undefined);
  const found = { clusterName: health.cluster_name, distribution, version, members, state, data: repository === undefined ? data : undefined };
  return {
    ...constant,
    version,
    roles: Object.fromEntries(members.flatMap((m) => (m.pod === undefined ? [] : [[m.pod, roleOf(m)]]))),
    blockers,
    // A snapshot has what is in memory, too.
    caps: repository === undefined ? durabilityCaps(app.name, durability) : [],
    facts: { ...factsOf(app, found, untestedFact(distribution, version)), ...repository?.facts, ...(managedBy !== undefined && { managedBy }) },
    ...(repository?.online !== undefined && { online: repository.online }),
  };
}

/** With durability `async` an acknowledged document may be in the memory of the server only, for index.translog.sync_interval (5 s). Pure. */
export function durabilityCaps(name: string, indices: Readonly<Record<string, { readonly settings: Readonly<Record<string, string>> }>>): Cap[] {
  const asynchronous = Object.entries(indices).flatMap(([index, { settings }]) => (settings['index.translog.durability']?.toLowerCase() === 'async' ? [index] : []));
  if (asynchronous.length === 0) return [];
  return [{ grade: 'CrashConsistentSynced', reason: `index.translog.durability is async on indices of ${name} (${some(asynchronous.sort())}): their acknowledged documents may be in memory only.` }];
}
