import type { AppSnapshotStatus, CopyStatus } from '../../../api/appsnapshot.js';
import type { AppSnapshot } from '../../../api/kinds.js';
import { canonicalJson } from '../../../manifests/captured.js';
import type { ConditionInput } from '../../../runtime/conditions.js';
import type { SnapshotWriter } from '../steps.js';
import { copiesOf } from './choose.js';

/** Writes one copy into status, with what follows for all of them; nothing when it is there already. */
export async function writeCopy(writer: SnapshotWriter, copy: CopyStatus): Promise<void> {
  const { object } = writer;
  const copies = copiesOf(object).map((other) => (other.target === copy.target ? plain(copy) : other));
  if (canonicalJson(copies) === canonicalJson(object.status?.copies ?? [])) return;
  await writer.write(copiesChange(copies), undefined, [copiedCondition(copies)]);
}

/** Fields of status that follow from the copies. Pure. */
export function copiesChange(copies: CopyStatus[]): Pick<AppSnapshotStatus, 'copies' | 'copiesComplete'> {
  const wanted = copies.filter((copy) => copy.phase !== 'Forgotten');
  return { copies, copiesComplete: `${wanted.filter((copy) => copy.phase === 'Complete').length}/${wanted.length}` };
}

/** Whether the copy is in every target that is to have it. Pure. */
export function copiedCondition(copies: readonly CopyStatus[]): ConditionInput {
  const type = 'Copied';
  const wanted = copies.filter((copy) => copy.phase !== 'Forgotten');
  const open = wanted.filter((copy) => copy.phase !== 'Complete');
  if (wanted.length === 0) return { type, status: 'False', reason: 'CopiesForgotten', message: `Removed from ${copies.map((copy) => copy.target).join(', ')}.` };
  if (open.length === 0) return { type, status: 'True', reason: 'CopiesComplete', message: `Complete in ${wanted.map((copy) => copy.target).join(', ')}.` };
  const troubled = open.find((copy) => copy.reason !== undefined);
  const message = open.map((copy) => `${copy.target}: ${stateOf(copy)}`).join(' ');
  return { type, status: 'False', reason: troubled?.reason ?? 'Copying', message };
}

/** Without numbers that change all the time: a condition that says the same is no event. */
function stateOf({ phase, message, retryAt }: CopyStatus): string {
  if (message === undefined) return `${phase}.`;
  return retryAt === undefined ? message : `${message} It is tried again at ${retryAt}; what is in the target stays.`;
}

/** As the API server gives it back: without what is undefined. */
function plain(copy: CopyStatus): CopyStatus {
  return JSON.parse(JSON.stringify(copy)) as CopyStatus;
}

/** The entry of a target. Throws an Error when the spec does not name it. */
export function copyOf(object: AppSnapshot, target: string): CopyStatus {
  const copy = copiesOf(object).find((c) => c.target === target);
  if (copy === undefined) throw new Error(`${target} is no target of this AppSnapshot`);
  return copy;
}
