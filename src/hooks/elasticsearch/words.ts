import type { ShardCopy } from './answers.js';

/** A list for people: the first five. */
export function some(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? `, and ${names.length - 5} more` : ''}`;
}

/** Copies of shards that are not started, each in words. Pure. */
export function startedNot(copies: readonly ShardCopy[]): string[] {
  return copies.filter((c) => c.state !== 'STARTED').map((c) => `${c.index}[${c.shard}] ${c.prirep === 'p' ? 'primary' : 'replica'} ${c.state.toLowerCase()}`);
}
