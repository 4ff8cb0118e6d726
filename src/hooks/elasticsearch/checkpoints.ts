import type { Positions } from '../adapter.js';
import type { ShardCopy } from './answers.js';

/** Longest value that status keeps, and how many values are for shards: 16 in all, the rest are of {@link warmUp} and of the evidence. */
const valueLength = 256;
const valueCount = 6;

/** Where each shard stands, by `index[shard]`: everything up to its global checkpoint is on all of its copies. */
type Checkpoints = ReadonlyMap<string, number>;

/** The checkpoints of all primaries that say one. Pure. */
export function checkpointsOf(copies: readonly ShardCopy[]): Checkpoints {
  return new Map(copies.flatMap((c) => (c.prirep === 'p' && c['seq_no.global_checkpoint'] !== undefined ? [[`${c.index}[${c.shard}]`, c['seq_no.global_checkpoint']]] : [])));
}

/**
 * `shards.N` = `index[shard]=checkpoint …`, as many as status has room for: indices of users first, hidden ones then. `shards` = how many there were.
 * A shard that has not taken an operation yet (-1) proves nothing and is left out. Pure.
 */
export function shardPositions(copies: readonly ShardCopy[]): Positions {
  const written = [...checkpointsOf(copies)].filter(([, checkpoint]) => checkpoint >= 0);
  const hidden = (name: string): number => (name.startsWith('.') ? 1 : 0);
  const words = written.sort(([a], [b]) => hidden(a) - hidden(b) || (a < b ? -1 : 1)).map(([name, checkpoint]) => `${name}=${checkpoint}`);
  const values: string[] = [];
  for (const word of words) {
    const last = values.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= valueLength) values[values.length - 1] = `${last} ${word}`;
    else if (values.length < valueCount && word.length <= valueLength) values.push(word);
    else break;
  }
  return { shards: String(words.length), ...Object.fromEntries(values.map((value, n) => [`shards.${n}`, value])) };
}

/** The checkpoints in positions of {@link shardPositions}, and how many shards there were. Pure. */
export function recordedCheckpoints(positions: Positions): { readonly recorded: Checkpoints; readonly shards: number } {
  const words = Object.entries(positions).flatMap(([key, value]) => (/^shards\.\d+$/.test(key) ? value.split(' ') : []));
  const entries = words.flatMap((word) => {
    const [, name, checkpoint] = /^(.+\[\d+\])=(\d+)$/.exec(word) ?? [];
    return name === undefined ? [] : [[name, Number(checkpoint)] as const];
  });
  return { recorded: new Map(entries), shards: Number(positions['shards'] ?? entries.length) };
}
