import type { Positions } from '../adapter.js';
import type { Ends } from './reports.js';

/** Longest value that status keeps, and how many of them the ends of one instant may take. */
const valueLength = 256;
const mostValues = 5;

/**
 * The ends of partitions as positions: `PREFIX.N` = `topic/FIRST=end,end,… topic/FIRST=…`, as many as fit, in the order of their names, and `PREFIXPartitions`
 * with how many there are in all. Pure.
 */
export function endsAsPositions(prefix: string, ends: Ends): Record<string, string> {
  const values: string[] = [];
  for (const run of runsOf(ends)) {
    const last = values.at(-1);
    if (last !== undefined && last.length + 1 + run.length <= valueLength) values[values.length - 1] = `${last} ${run}`;
    else if (values.length < mostValues) values.push(run);
    else break;
  }
  return { ...Object.fromEntries(values.map((value, n) => [`${prefix}.${n}`, value])), [`${prefix}Partitions`]: String(ends.size) };
}

/** Runs of partitions that follow each other, each no longer than a value. */
function runsOf(ends: Ends): string[] {
  const sorted = [...ends].map(([name, end]) => ({ topic: name.slice(0, name.lastIndexOf(':')), partition: Number(name.slice(name.lastIndexOf(':') + 1)), end }));
  sorted.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  const runs: string[] = [];
  let next: { topic: string; partition: number } | undefined;
  for (const { topic, partition, end } of sorted) {
    const last = runs.at(-1) ?? '';
    if (next?.topic === topic && next.partition === partition && last.length + 1 + String(end).length <= valueLength) runs[runs.length - 1] = `${last},${end}`;
    else runs.push(`${topic}/${partition}=${end}`);
    next = { topic, partition: partition + 1 };
  }
  // The name of a topic alone may have 249 characters.
  return runs.filter((run) => run.length <= valueLength);
}

/** The ends that positions hold, and how many partitions there were; undefined when they were not written. */
export function endsInPositions(prefix: string, positions: Positions): { readonly ends: Ends; readonly partitions: number } | undefined {
  const partitions = positions[`${prefix}Partitions`];
  if (partitions === undefined || !/^\d+$/.test(partitions)) return undefined;
  const ends = new Map<string, number>();
  for (const [key, value] of Object.entries(positions)) {
    if (!key.startsWith(`${prefix}.`)) continue;
    for (const run of value.split(' ')) {
      const [, topic = '', first = '', list = ''] = /^([\w.-]+)\/(\d+)=([\d,]+)$/.exec(run) ?? [];
      for (const [n, end] of list.split(',').entries()) if (topic !== '') ends.set(`${topic}:${Number(first) + n}`, Number(end));
    }
  }
  return { ends, partitions: Number(partitions) };
}

/** Partitions that end earlier in `after` than in `before`, or are not there; in words. */
export function shorter(before: Ends, after: Ends): string[] {
  return [...before].flatMap(([name, end]) => {
    const now = after.get(name);
    if (now !== undefined && now >= end) return [];
    return [now === undefined ? `${name} (${end}, now not there)` : `${name} (${end}, now ${now})`];
  });
}
