import type { Check } from '../../api/common.js';
import { AppError } from '../../runtime/app-error.js';
import type { CopiedApplication, RestoreContext } from '../adapter.js';
import { quoted } from '../hold/quoted.js';
import { copiesOfShards, danglingIndices, greenWithin, nodesOfCluster, refreshAll, stateOfCluster, type Health, type ShardCopy } from './answers.js';
import { checkpointsCheck, copiesCheck, danglingCheck, differences, healthCheck, identityCheck, membersCheck } from './checks.js';
import { membersOf } from './cluster.js';
import { firstOf, parseAnswer, restoredNodes, type Node } from './node.js';
import { indicesCheck, newClusterCheck } from './repository/checks.js';
import { documentsCheck } from './repository/documents.js';
import { snapshotOfCopy } from './repository/restore.js';

/** A copy replays its translogs; with three nodes of three shards on two cores that takes 32 to 107 s (measured). */
const greenSeconds = 300;
/** Of one request, which waits for the colour. */
const roundSeconds = 20;
/** Servers write indices of their own now and then: copies are looked at again before they are said to differ. */
const looks = 5;

/** Proof of a restore. Findings are checks; an exception means that the account lacks a right or the facts are not ours. */
export async function verify(app: CopiedApplication, context: RestoreContext): Promise<Check[]> {
  const nodes = await restoredNodes(app, context);
  try {
    return await firstOf(nodes, (node) => examine(app, node, context));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ApplicationNotReady') throw error;
    return [{ name: 'the cluster answers', outcome: 'Failed', message: error.publicMessage }];
  }
}

async function examine(app: CopiedApplication, node: Node, context: RestoreContext): Promise<Check[]> {
  const health = await untilGreen(node);
  const [state, { nodes }, copies] = await node.read([stateOfCluster, nodesOfCluster, copiesOfShards]);
  const pods = app.members.flatMap((member) => context.pods.get(member.pod) ?? []);
  const fromRepository = app.facts['repositoryLocation'] !== undefined;
  const common = [
    healthCheck(health, copies),
    fromRepository ? newClusterCheck(app, state) : identityCheck(app, state),
    membersCheck(membersOf(nodes, pods), app.members.map((member) => context.pods.get(member.pod)?.metadata.name ?? member.pod)),
    await dangling(node),
    ...(fromRepository ? [indicesCheck(await snapshotOfCopy(app, node), copies.map((c) => c.index))] : []),
  ];
  if (health.status !== 'green') return common;
  const agreed = await untilAgreed(node);
  const { positions } = app;
  return [...common, copiesCheck(agreed), ...(fromRepository ? [checkpointsCheck(positions, agreed, 'snapshot'), documentsCheck(positions, agreed)] : [checkpointsCheck(positions, agreed)])];
}

async function untilGreen(node: Node): Promise<Health> {
  const wanted = greenWithin(roundSeconds);
  for (let round = 1; ; round += 1) {
    const [answer] = await node.ask([wanted.path], { seconds: roundSeconds + 10, patienceSeconds: round === 1 ? 60 : 0 });
    // 408: the colour was not reached in time; the body is the same.
    const health = parseAnswer(answer?.status === 408 ? { ...answer, status: 200 } : answer, wanted, node.pod);
    if ((health.status === 'green' && !health.timed_out) || round * roundSeconds >= greenSeconds) return health;
  }
}

async function dangling(node: Node): Promise<Check> {
  const [answer] = await node.ask([danglingIndices.path]);
  if (answer?.status === 200) return danglingCheck(parseAnswer(answer, danglingIndices, node.pod).dangling_indices.map((i) => i.index_name));
  return { name: 'no dangling indices', outcome: 'Unknown', message: `GET _dangling answers ${answer?.status ?? 'nothing'}: ${quoted(answer?.body ?? '')}` };
}

/** What copies count is as old as their last refresh. */
async function untilAgreed(node: Node): Promise<readonly ShardCopy[]> {
  for (let look = 1; ; look += 1) {
    await node.read([refreshAll], { method: 'POST', seconds: 60 });
    const [copies] = await node.read([copiesOfShards]);
    if (look === looks || differences(copies).length === 0) return copies;
  }
}
