import { setTimeout as pause } from 'node:timers/promises';
import type { Check } from '../../api/common.js';
import { AppError } from '../../runtime/app-error.js';
import type { CopiedApplication, RestoreContext } from '../adapter.js';
import { ask, type Seen } from './cluster.js';
import { endsInPositions, shorter } from './ends.js';
import { quorumText } from './facts.js';
import { unhealthy } from './health.js';
import { clientPropertiesOf, Member } from './member.js';
import { nodeId, rolesOf } from './node.js';
import { parseEnds, parseGroups, parseHanging, parseProblems, parseQuorum, type Quorum } from './reports.js';

/** The nodes of a copy check their logs, elect leaders, and followers catch up: half a minute on two cores. */
const patienceMillis = 120_000;
const pauseMillis = 1000;
/** How often a node is asked that has not answered: a connection may be lost on a busy one. */
const looks = 3;

/** Proof of a restore. Findings are checks; an exception means that the account lacks a right. */
export async function verify(app: CopiedApplication, context: RestoreContext): Promise<Check[]> {
  const clientProperties = await clientPropertiesOf(app.facts['credentialsSecret'], context.secret);
  const checks: Check[] = [];
  const seen: Seen[] = [];
  const { exec, account, namespace, signal } = context;
  for (const { pod, container } of app.members) {
    const found = context.pods.get(pod);
    if (found === undefined) checks.push({ name: `node ${pod} answers`, outcome: 'Failed', message: 'The pod was not restored.' });
    else await finding(checks, `node ${pod} answers`, async () => {
      const member = new Member({ exec, account, namespace, signal, clientProperties, pod: found.metadata.name, container });
      seen.push({ member, node: await patiently(() => member.look([]), signal) });
      return [];
    });
  }
  const brokers = seen.filter(({ node }) => rolesOf(node).includes('broker'));
  if (checks.length > 0) return checks;
  await finding(checks, 'cluster is whole', () => wholeChecks(app, seen, brokers, signal));
  await finding(checks, 'records', () => recordChecks(app, brokers));
  await finding(checks, 'no hanging transactions', () => transactionCheck(brokers));
  return checks;
}

/** Adds what a step finds; a server that does not answer as expected is a finding as well. */
async function finding(checks: Check[], name: string, step: () => Promise<Check[]>): Promise<void> {
  try {
    checks.push(...(await step()));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ApplicationNotReady') throw error;
    checks.push({ name, outcome: 'Failed', message: error.publicMessage });
  }
}

async function patiently<T>(look: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let i = 1; ; i += 1) {
    try {
      return await look();
    } catch (error) {
      if (i === looks || !(error instanceof AppError) || error.code !== 'ApplicationNotReady') throw error;
      await pause(pauseMillis, undefined, { signal });
    }
  }
}

/** Waits until the quorum has a leader and every replica is in sync, within bounds; then says who is in the cluster. */
async function wholeChecks(app: CopiedApplication, seen: readonly Seen[], brokers: readonly Seen[], signal: AbortSignal): Promise<Check[]> {
  const end = performance.now() + patienceMillis;
  for (;;) {
    const { quorum, problems } = await lookAt(brokers);
    if (quorum !== undefined && problems.length === 0) {
      return [{ name: 'cluster is whole', outcome: 'Passed', message: `Quorum: ${quorumText(quorum)}; every replica of every partition is in sync.` }, ...identityChecks(app, seen, quorum)];
    }
    if (performance.now() > end) return [{ name: 'cluster is whole', outcome: 'Failed', message: `After ${patienceMillis / 1000} s ${problems.join('; ')}.` }, ...(quorum === undefined ? [] : identityChecks(app, seen, quorum))];
    await pause(pauseMillis, undefined, { signal });
  }
}

/** On a busy node the tools may be late: who does not answer yet is asked again. */
async function lookAt(brokers: readonly Seen[]): Promise<{ readonly quorum: Quorum | undefined; readonly problems: readonly string[] }> {
  try {
    const answer = await ask(brokers, 'quorum', 'problems');
    const quorum = parseQuorum(answer('quorum'));
    return { quorum, problems: unhealthy(quorum, parseProblems(answer('problems'))) };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'ApplicationNotReady') throw error;
    return { quorum: undefined, problems: [error.publicMessage] };
  }
}

/** The same cluster, and nobody in it but the nodes of the copy: a clone that had joined the original would see more. */
function identityChecks(app: CopiedApplication, seen: readonly Seen[], quorum: Quorum): Check[] {
  const expected = app.facts['clusterId'];
  const nodes = new Set(seen.map(({ node }) => nodeId(node)));
  const strangers = [...quorum.voters, ...quorum.observers].filter((id) => !nodes.has(id));
  return [
    expected === undefined
      ? { name: 'same cluster id', outcome: 'Unknown', message: 'The copy carries no cluster id.' }
      : { name: 'same cluster id', outcome: quorum.clusterId === expected ? 'Passed' : 'Failed', message: quorum.clusterId === expected ? `Cluster ${expected}.` : `The cluster is ${quorum.clusterId}, the copy is of ${expected}.` },
    strangers.length === 0
      ? { name: 'only nodes of the copy', outcome: 'Passed', message: `Nodes ${[...nodes].join(', ')}.` }
      : { name: 'only nodes of the copy', outcome: 'Failed', message: `Nodes ${strangers.join(', ')} are in the cluster and not in the copy.` },
  ];
}

async function recordChecks(app: CopiedApplication, brokers: readonly Seen[]): Promise<Check[]> {
  const answer = await ask(brokers, 'ends', 'groups');
  return [endsCheck(app, answer('ends')), groupsCheck(answer('groups'))];
}

/** Everything that was acknowledged before the warm-up lies before the ends that it noted. Pure. */
export function endsCheck(app: Pick<CopiedApplication, 'positions'>, lines: readonly string[]): Check {
  const name = 'records of before the hold';
  const noted = endsInPositions('ends', app.positions);
  if (noted === undefined) return { name, outcome: 'Unknown', message: 'The copy does not say where its logs ended before the hold.' };
  let now;
  try {
    now = parseEnds(lines);
  } catch (error) {
    return { name, outcome: 'Unknown', message: `A partition does not say where it ends: ${error instanceof Error ? error.message : String(error)}` };
  }
  const lost = shorter(noted.ends, now);
  const rest = noted.partitions - noted.ends.size;
  if (lost.length > 0) return { name, outcome: 'Failed', message: `${lost.length} partitions end before they did then: ${lost.slice(0, 10).join(', ')}.`.slice(0, 2048) };
  if (noted.ends.size === 0 && rest > 0) return { name, outcome: 'Unknown', message: `None of ${noted.partitions} partitions was noted before the hold.` };
  return { name, outcome: 'Passed', message: `${noted.ends.size} partitions end where they did before the hold or later${rest > 0 ? `; ${rest} more were not noted` : ''}.` };
}

/** A group that has committed more than its partition holds would skip what comes next, or read all of it again. Pure. */
export function groupsCheck(lines: readonly string[]): Check {
  const name = 'group offsets within their logs';
  const groups = parseGroups(lines);
  const beyond = groups.filter((g) => g.end !== undefined && g.committed > g.end);
  if (beyond.length === 0) return { name, outcome: 'Passed', message: groups.length === 0 ? 'No group has committed an offset.' : `${groups.length} offsets of ${new Set(groups.map((g) => g.group)).size} groups.` };
  const named = beyond.slice(0, 10).map((g) => `${g.group}: ${g.topic}-${g.partition} at ${g.committed}, log ends at ${g.end ?? ''}`);
  return { name, outcome: 'Failed', message: `${beyond.length} of ${groups.length} offsets lie beyond the end of the log: ${named.join('; ')}.`.slice(0, 2048) };
}

/** Each broker by its own tools: what it leads and holds. */
async function transactionCheck(brokers: readonly Seen[]): Promise<Check[]> {
  const lists = await Promise.all(brokers.map(async ({ member, node }) => [...(await member.reports(node, `hanging:${nodeId(node) ?? -1}`)).values()].flat()));
  const hanging = [...new Set(lists.flatMap(parseHanging))];
  const name = 'no hanging transactions';
  if (hanging.length === 0) return [{ name, outcome: 'Passed', message: `No broker of ${brokers.length} holds a transaction that its coordinator does not know.` }];
  return [{ name, outcome: 'Failed', message: `${hanging.length} partitions hold a transaction that nobody will end, so that read_committed consumers stop there: ${hanging.slice(0, 20).join(', ')}.`.slice(0, 2048) }];
}
