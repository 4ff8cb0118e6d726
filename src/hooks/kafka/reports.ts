/** What the quorum says of itself: `kafka-metadata-quorum describe --status`. */
export interface Quorum {
  readonly clusterId: string;
  /** Negative when there is none. */
  readonly leader: number;
  readonly epoch: number;
  /** Records by which the slowest voter is behind. */
  readonly lag: number;
  /** How long ago it had everything, ms; negative when the leader does not know. */
  readonly lagMillis: number;
  readonly voters: readonly number[];
  readonly observers: readonly number[];
  /** Host names of voters that are kept in the log itself; empty for voters of the configuration. */
  readonly voterHosts: readonly string[];
}

/** Reads the status of the quorum, as versions 3.3 and later print it; undefined when a field lacks. */
export function parseQuorum(lines: readonly string[]): Quorum | undefined {
  const field = (name: string): string | undefined => lines.map((line) => new RegExp(`^${name}:\\s+(.*)$`).exec(line)?.[1]?.trim()).find((value) => value !== undefined);
  const [clusterId, leader, epoch, lag, voters] = ['ClusterId', 'LeaderId', 'LeaderEpoch', 'MaxFollowerLag', 'CurrentVoters'].map(field);
  if (clusterId === undefined || leader === undefined || epoch === undefined || lag === undefined || voters === undefined) return undefined;
  const numbers = [leader, epoch, lag].map(Number);
  if (numbers.some((n) => !Number.isSafeInteger(n))) return undefined;
  const [leaderId = -1, leaderEpoch = -1, maxLag = -1] = numbers;
  const hosts = [...voters.matchAll(/:\/\/([^"/]*):\d+/g)].map((match) => match[1] ?? '');
  return {
    clusterId,
    leader: leaderId,
    epoch: leaderEpoch,
    lag: maxLag,
    lagMillis: Number(field('MaxFollowerLagTimeMs') ?? -1),
    voters: nodeIds(voters),
    observers: nodeIds(field('CurrentObservers') ?? '[]'),
    voterHosts: [...new Set(hosts)],
  };
}

/** `[{"id": 0, "directoryId": …}, …]`, before version 4 `[0,1]`. */
function nodeIds(text: string): number[] {
  const named = [...text.matchAll(/"id": ?(\d+)/g)].map((match) => Number(match[1]));
  return named.length > 0 ? named : [...text.matchAll(/\d+/g)].map((match) => Number(match[0]));
}

/** A partition that lacks replicas: `kafka-topics --describe --under-replicated-partitions`. */
export interface PartitionProblem {
  readonly topic: string;
  readonly partition: number;
  /** Undefined: it is offline. */
  readonly leader: number | undefined;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

/** Partitions whose set in sync is smaller than their replicas; lines of any other form are left out. */
export function parseProblems(lines: readonly string[]): PartitionProblem[] {
  return lines.flatMap((line) => {
    const [, topic, partition, leader, replicas = '', inSync = ''] = /Topic: (\S+)\s+Partition: (\d+)\s+Leader: (\S+)\s+Replicas: (\S*)\s+Isr: ?([\d,]*)/.exec(line) ?? [];
    if (topic === undefined || partition === undefined || leader === undefined) return [];
    const ids = (text: string): number[] => text.split(',').filter((id) => id !== '').map(Number);
    return [{ topic, partition: Number(partition), leader: /^\d+$/.test(leader) ? Number(leader) : undefined, replicas: ids(replicas), inSync: ids(inSync) }];
  });
}

/** Where the log of each partition ends, by `topic:partition`. */
export type Ends = ReadonlyMap<string, number>;

/** Reads `topic:partition:offset` lines of `kafka-get-offsets`. Throws RangeError on a line of another form: an offset that lacks is none. */
export function parseEnds(lines: readonly string[]): Map<string, number> {
  return new Map(
    lines.map((line) => {
      const [, partition, offset] = /^([\w.-]+:\d+):(\d+)$/.exec(line.trim()) ?? [];
      if (partition === undefined || offset === undefined) throw new RangeError(`no offset: ${line}`);
      return [partition, Number(offset)];
    }),
  );
}

/** What a consumer group has committed of a partition. */
export interface GroupOffset {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly committed: number;
  /** Undefined when the partition has no log any more, or none yet. */
  readonly end: number | undefined;
}

/** Reads `kafka-consumer-groups --describe --offsets --all-groups`; partitions without a committed offset are left out. */
export function parseGroups(lines: readonly string[]): GroupOffset[] {
  return lines.flatMap((line) => {
    const [, group, topic, partition, committed, end] = /^(.+?)\s+([\w.-]+)\s+(\d+)\s+(\d+)\s+(\d+|-)\s/.exec(`${line} `) ?? [];
    if (group === undefined || topic === undefined) return [];
    return [{ group, topic, partition: Number(partition), committed: Number(committed), end: end === '-' ? undefined : Number(end) }];
  });
}

/** Transactions that no coordinator will end, as `topic:partition`: `kafka-transactions find-hanging`. */
export function parseHanging(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [, topic, partition] = /^([\w.-]+)\s+(\d+)\s+\d+\s+\d+\s/.exec(line) ?? [];
    return topic === undefined || partition === undefined ? [] : [`${topic}:${partition}`];
  });
}
