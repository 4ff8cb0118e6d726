import type { Check } from '../../../api/common.js';
import type { Positions } from '../../adapter.js';
import type { ShardCopy } from '../answers.js';
import { packed, recordedCheckpoints, unpacked } from '../checkpoints.js';
import { some } from '../words.js';
import { usersIndices } from './indices.js';

/** How many values of the positions are for documents. */
const valueCount = 4;

/** Documents of each index, summed over its primaries; without those of which one does not say its number. */
function documentsOf(copies: readonly ShardCopy[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { index, docs = Number.NaN } of copies.filter((c) => c.prirep === 'p')) sums.set(index, (sums.get(index) ?? 0) + docs);
  return new Map([...sums].filter(([, documents]) => !Number.isNaN(documents)));
}

/**
 * `documents.N` = `index=documents …` of the indices that nobody wrote to while the snapshot was taken, as many as status has room for; `documents` = how many there were.
 * Of the others nobody knows how many the snapshot has. Pure. @param noted where shards stood before it @param after with counts that are up to date @param indices in the snapshot
 */
export function documentPositions(noted: Positions, after: readonly ShardCopy[], indices: readonly string[]): Positions {
  const { recorded } = recordedCheckpoints(noted);
  const moved = after.filter((c) => c.prirep === 'p' && (recorded.get(`${c.index}[${c.shard}]`) ?? -1) !== c['seq_no.max']);
  const written = new Set(moved.map((c) => c.index));
  const documents = documentsOf(after);
  const still = usersIndices(indices).flatMap((index) => (written.has(index) || !documents.has(index) ? [] : [[index, documents.get(index) ?? 0] as const]));
  return packed('documents', still, valueCount);
}

/** Where nobody wrote, exactly as many as in the snapshot. Pure. */
export function documentsCheck(positions: Positions, copies: readonly ShardCopy[]): Check {
  const name = 'as many documents as in the snapshot';
  const { numbers, count } = unpacked('documents', positions);
  if (count === undefined) return { name, outcome: 'Unknown', message: 'The copy carries no numbers of documents.' };
  if (numbers.size === 0) return { name, outcome: 'Skipped', message: 'No index is known to have stayed as it was while the snapshot was taken.' };
  const found = documentsOf(copies);
  const wrong = [...numbers].filter(([index, documents]) => found.get(index) !== documents).map(([index, documents]) => `${index} has ${found.get(index) ?? 'no'}, and had ${documents}`);
  if (wrong.length > 0) return { name, outcome: 'Failed', message: `Numbers of documents differ: ${some(wrong)}.` };
  const documents = [...numbers.values()].reduce((sum, n) => sum + n, 0);
  return { name, outcome: 'Passed', message: `${documents} documents in ${numbers.size} of ${count} indices that nobody wrote to while the snapshot was taken.` };
}
