import type { Positions } from '../adapter.js';
import type { ShardCopy } from './answers.js';

/** Longest value that status keeps, in bytes to be safe, and how many values are for shards: 16 in all, the rest are of {@link warmUp} and of the evidence. */
const valueLength = 256;
const valueCount = 6;

/** Where each shard stands, by `index[shard]`: everything up to its global checkpoint is on all of its copies. */
type Checkpoints = ReadonlyMap<string, number>;

/** The checkpoints of all primaries that say one. Pure. */
export function checkpointsOf(copies: readonly ShardCopy[]): Checkpoints {
  return new Map(copies.flatMap((c) => (c.prirep === 'p' && c['seq_no.global_checkpoint'] !== undefined ? [[`${c.index}[${c.shard}]`, c['seq_no.global_checkpoint']]] : [])));
}

/**
 * `shards.N` = `index[shard]=checkpoint …`, as many as there is room for. A shard that has not taken an operation yet (-1) proves nothing and is left out. Pure.
 * @param most values
 */
export function shardPositions(copies: readonly ShardCopy[], most = valueCount): Positions {
  return packed('shards', [...checkpointsOf(copies)].filter(([, checkpoint]) => checkpoint >= 0), most);
}

/** The checkpoints in positions of {@link shardPositions}, and how many shards there were. Pure. */
export function recordedCheckpoints(positions: Positions): { readonly recorded: Checkpoints; readonly shards: number } {
  const { numbers, count } = unpacked('shards', positions);
  return { recorded: numbers, shards: count ?? numbers.size };
}

/** `key.N` = `name=number …`, as many as `most` values have room for: indices of users first, hidden ones then. `key` = how many there were. Pure. */
export function packed(key: string, numbers: readonly (readonly [name: string, number: number])[], most: number): Positions {
  const hidden = (name: string): number => (name.startsWith('.') ? 1 : 0);
  const words = [...numbers].sort(([a], [b]) => hidden(a) - hidden(b) || (a < b ? -1 : 1)).map(([name, number]) => `${name}=${number}`);
  const values: string[] = [];
  for (const word of words) {
    const last = values.at(-1);
    if (last !== undefined && Buffer.byteLength(`${last} ${word}`) <= valueLength) values[values.length - 1] = `${last} ${word}`;
    else if (values.length < most && Buffer.byteLength(word) <= valueLength) values.push(word);
    else break;
  }
  return { [key]: String(words.length), ...Object.fromEntries(values.map((value, n) => [`${key}.${n}`, value])) };
}

/** What {@link packed} has put in; `count` is undefined when it never did. Pure. */
export function unpacked(key: string, positions: Positions): { readonly numbers: ReadonlyMap<string, number>; readonly count: number | undefined } {
  const words = Object.entries(positions).flatMap(([k, value]) => (k.startsWith(`${key}.`) ? value.split(' ') : []));
  const entries = words.flatMap((word) => {
    const [, name, number] = /^(.+)=(\d+)$/.exec(word) ?? [];
    return name === undefined ? [] : [[name, Number(number)] as const];
  });
  const count = positions[key];
  return { numbers: new Map(entries), count: count === undefined ? undefined : Number(count) };
}
