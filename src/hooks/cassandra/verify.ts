import type { Check } from '../../api/common.js';
import { AppError } from '../../runtime/app-error.js';
import type { CopiedApplication, RestoreContext } from '../adapter.js';
import { ringOf } from './facts.js';
import { integrityChecks, replayCheck } from './integrity.js';
import { Node } from './node.js';
import { parseDescription, parseStatus } from './ring.js';
import { ringCheck, schemaCheck, type SeenRing } from './ring-checks.js';

/** Nodes that start one after the other see each other up some seconds after the last one takes clients. */
const patienceMillis = 90_000;

/** Proof of a restore. Findings are checks; an exception means that the account lacks a right. */
export async function verify(app: CopiedApplication, context: RestoreContext): Promise<Check[]> {
  const nodes = app.members.flatMap((member) => {
    const pod = context.pods.get(member.pod);
    return pod === undefined ? [] : [{ node: nodeOf(member, context), address: pod.podIP ?? '' }];
  });
  const missing = app.members.filter((member) => !context.pods.has(member.pod)).map((m) => m.pod);
  if (missing.length > 0) return [{ name: ringName, outcome: 'Failed', message: `Pods were not restored: ${missing.join(', ')}.` }];
  const replayed = await Promise.all(nodes.map(({ node }) => checked(`commit log replayed (${node.pod})`, () => replayCheck(node))));
  const ring = await checked(ringName, () => settledRing(app, nodes, context.signal));
  const schema = await checked(schemaName, async () => schemaCheck(schemaName, app, parseDescription((await nodes[0]?.node.nodetool(['describecluster'])) ?? [])));
  // Replicas cannot be compared in a ring that is not whole.
  const integrity = ring.outcome === 'Passed' ? await integrityChecks(nodes.map((n) => n.node)) : [];
  return [...replayed, ring, schema, ...integrity];
}

const ringName = 'the ring is whole and its own';
const schemaName = 'one schema version';

function nodeOf(member: CopiedApplication['members'][number], { exec, account, namespace, secret, signal }: RestoreContext): Node {
  return new Node({ exec, account, namespace, pod: member.pod, container: member.container, secret, signal });
}

/** A server that does not answer is a finding. */
async function checked(name: string, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ApplicationNotReady') throw error;
    return { name, outcome: 'Failed', message: error.publicMessage };
  }
}

/** Asks every node until the ring is as it must be, or the time is over: nodetool takes seconds for each answer. */
async function settledRing(app: CopiedApplication, nodes: readonly { node: Node; address: string }[], signal: AbortSignal): Promise<Check> {
  const end = performance.now() + patienceMillis;
  for (;;) {
    const seen: SeenRing[] = await Promise.all(nodes.map(async ({ node }) => ({ pod: node.pod, ring: parseStatus(await node.nodetool(['status'])) })));
    const check = ringCheck(ringName, ringOf(app.facts), seen, nodes.map((n) => n.address));
    if (check.outcome === 'Passed' || signal.aborted || performance.now() > end) return check;
  }
}
