import type { Blocker } from '../adapter.js';
import type { PartitionProblem, Quorum } from './reports.js';

/** A follower of the metadata that had everything so long ago is behind; less is the time between two of its fetches (KafkaRaftClient, fetch wait 500 ms). */
const lagMillis = 2000;

/** Most that a message names. */
const most = 5;

/** What keeps a cluster from being whole, in words; empty when it is. Pure. */
export function unhealthy(quorum: Quorum | undefined, problems: readonly PartitionProblem[]): string[] {
  return [...quorumProblems(quorum), ...partitionProblems(problems)];
}

function quorumProblems(quorum: Quorum | undefined): string[] {
  if (quorum === undefined) return ['the quorum of controllers does not say how it is'];
  if (quorum.leader < 0) return ['the quorum of controllers has no leader'];
  if (quorum.lag > 0 && quorum.lagMillis < 0) return [`a controller lacks ${quorum.lag} records of metadata, and this leader has not heard of it yet`];
  if (quorum.lag > 0 && quorum.lagMillis > lagMillis) return [`a controller is ${quorum.lag} records of metadata and ${quorum.lagMillis} ms behind the leader`];
  return [];
}

function partitionProblems(problems: readonly PartitionProblem[]): string[] {
  const offline = problems.filter((p) => p.leader === undefined);
  const behind = problems.filter((p) => p.leader !== undefined);
  return [
    ...(offline.length === 0 ? [] : [`${count(offline)} without a leader (${named(offline)})`]),
    ...(behind.length === 0 ? [] : [`${count(behind)} with fewer replicas in sync than there are (${named(behind)})`]),
  ];
}

const count = ({ length }: readonly unknown[]): string => `${length} partition${length === 1 ? '' : 's'}`;

/** `orders-3 on 0,1,2: 0,2 in sync`, the first ones. */
function named(problems: readonly PartitionProblem[]): string {
  const texts = problems.slice(0, most).map((p) => `${p.topic}-${p.partition} on ${p.replicas.join(',')}: ${p.inSync.length === 0 ? 'none' : p.inSync.join(',')} in sync`);
  return [...texts, ...(problems.length > most ? [`and ${problems.length - most} more`] : [])].join('; ');
}

/** As one blocker of a plan: what is wrong is often seen in more than one place. */
export function healthBlockers(name: string, quorum: Quorum | undefined, problems: readonly PartitionProblem[]): Blocker[] {
  const found = unhealthy(quorum, problems);
  if (found.length === 0) return [];
  return [{ code: 'ApplicationNotReady', message: `${name} is not whole: ${found.join('; ')}. A copy would have to be completed by what it lacks; it is tried again.` }];
}
