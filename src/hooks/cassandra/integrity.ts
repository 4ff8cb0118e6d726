import type { Check } from '../../api/common.js';
import type { Answer, Node } from './node.js';
import { nodetoolProgram, replayProgram } from './programs.js';

/** Reading everything takes as long as it takes; what is not done by then is unknown. */
const readingSeconds = 1800;

/** What the server wrote into its log while it replayed the commit log of the cut. */
export async function replayCheck(node: Node): Promise<Check> {
  return judgeReplay(`commit log replayed (${node.pod})`, await node.ask(replayProgram, [], 30));
}

/** Pure. */
export function judgeReplay(name: string, answer: Answer): Check {
  if (!('lines' in answer)) return { name, outcome: 'Unknown', message: `The log of the server could not be read: it ${answer.why}.` };
  if (answer.lines.includes('unknown')) return { name, outcome: 'Skipped', message: 'The server writes no system.log into its directory of logs.' };
  const error = answer.lines.find((line) => /Exception|replay error/.test(line));
  if (error !== undefined) return { name, outcome: 'Failed', message: `The commit log of the copy ends in the middle of a write: ${error.slice(0, 300)}` };
  if (answer.lines.length === 0) return { name, outcome: 'Unknown', message: 'The log of the server says nothing of a replay.' };
  return { name, outcome: 'Passed', message: answer.lines.at(-1)?.replace(/^.* - /, '') ?? '' };
}

/** Checksums and cells of every table on every node, then every replica against the others. */
export async function integrityChecks(nodes: readonly Node[]): Promise<Check[]> {
  const verified = await Promise.all(nodes.map(async (node) => judgeVerify(`nodetool verify (${node.pod})`, await node.ask(nodetoolProgram, ['verify', '--force', '--extended-verify'], readingSeconds))));
  const compared: Check[] = [];
  // In turn: each makes every replica of its ranges read them.
  for (const node of nodes) compared.push(judgePreview(`replicas agree (${node.pod})`, await node.ask(nodetoolProgram, ['repair', '--full', '--preview', '--partitioner-range'], readingSeconds)));
  return [...verified, ...compared];
}

/** Pure. */
export function judgeVerify(name: string, answer: Answer): Check {
  if ('lines' in answer) return { name, outcome: 'Passed', message: 'Every cell of every table can be read, and its checksums are right.' };
  const found = answer.known && /corrupt|invalid sstable|aborted verifying/i.test(answer.why);
  return { name, outcome: found ? 'Failed' : 'Unknown', message: `It ${answer.why}.` };
}

/**
 * A preview of a full repair compares everything that replicas have, and changes nothing. (`--validate` looks at repaired data only,
 * of which many clusters have none.) Replicas of a running cluster may differ as well, by writes that not all of them
 * acknowledged: a difference does not tell what it comes from. Pure.
 */
export function judgePreview(name: string, answer: Answer): Check {
  if (!('lines' in answer)) return { name, outcome: 'Unknown', message: `The comparison ${answer.why}.` };
  const commands = answer.lines.filter((line) => /\] Starting repair command #\d+/.test(line)).length;
  const equal = answer.lines.filter((line) => /\] Previewed data was in sync$/.test(line)).length;
  const different = [...new Set(answer.lines.filter((line) => /^\S+\.\S+ - \d+ ranges/.test(line)))];
  if (different.length > 0) {
    return { name, outcome: 'Unknown', message: `Replicas differ: ${different.slice(0, 8).join('; ').slice(0, 500)}. Those of the original may have differed, too: a full repair makes them equal.` };
  }
  if (commands > 0 && equal >= commands) return { name, outcome: 'Passed', message: 'The replicas of its ranges hold the same data (preview of a full repair).' };
  if (commands === 0 && answer.lines.length > 0 && answer.lines.every((line) => /No repair is needed for keyspace|Replication factor is 1/.test(line))) return { name, outcome: 'Skipped', message: 'No keyspace has several replicas.' };
  return { name, outcome: 'Unknown', message: `Of ${commands} comparisons ${equal} said that the data is the same; the others said nothing.` };
}
