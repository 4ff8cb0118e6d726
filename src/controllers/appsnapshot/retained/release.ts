import type { AppSnapshot } from '../../../api/kinds.js';
import { keyText } from '../../../runtime/object.js';
import { releaseContents } from '../../../snapshots/retain.js';
import { restoresOfRetained } from '../../apprestore/in-use.js';
import type { OperatorDeps } from '../../deps.js';
import { isWritten, placeOf, unwritePoint } from '../../retained/store.js';
import { later, now, type StepResult } from '../../step.js';
import type { Verdict } from '../../status-writer.js';
import { isNamespaceLeaving } from '../copies/end.js';
import { contentCaches, tell, type SnapshotWriter } from '../steps.js';
import { chooseRetained, outlives } from './choose.js';
import { notRetained, readyVerdict } from './conditions.js';
import { retainStep } from './retain-step.js';

const removalSeconds = 2;
const restoreSeconds = 15;

/** The spec says Delete again: the copy stays, and goes with its object. A restore that reads from the recovery point is waited for. */
export async function releaseStep(writer: SnapshotWriter, deps: OperatorDeps): Promise<StepResult> {
  const users = restoresOfRetained(deps.caches, writer.object.metadata.uid);
  if (users.length > 0) {
    const names = users.map(({ metadata }) => keyText(metadata)).join(', ');
    await writer.write({}, undefined, [{ type: 'Retained', status: 'True', reason: 'InUse', message: `AppRestore ${names} is restoring from the retained recovery point, which goes when that has ended.` }]);
    return later(restoreSeconds);
  }
  return (await release(writer, deps, readyVerdict(writer.object))) ? now : later(removalSeconds);
}

/**
 * Undoes what `keep` did, in whole or in part: the Secret that makes it a recovery point goes first. True when nothing of it is left; otherwise call again. Without anything to
 * undo it does nothing.
 */
export async function release(writer: SnapshotWriter, deps: OperatorDeps, verdict?: Verdict): Promise<boolean> {
  const { retained } = writer.object.status ?? {};
  if (retained === undefined) return true;
  const { uid } = writer.object.metadata;
  if (retained.complete) await writer.write({ retained: { ...retained, complete: false } }, undefined, [notRetained('Releasing', 'It is being undone that snapshots and configuration are retained.')]);
  await unwritePoint(placeOf(deps), uid);
  if ((await releaseContents(deps.client, deps.group, contentCaches(deps), uid)) > 0) return false;
  await writer.write({ retained: undefined }, verdict, [notRetained('NotRetained', 'Snapshots and configuration go with this object.')]);
  return true;
}

/**
 * What becomes of the data when the object is deleted. `stays`: the recovery point is whole, so the object only lets go of it. `goes`: nothing of one is left. `again`: it is
 * not settled yet.
 */
export async function settleAtEnd(writer: SnapshotWriter, deps: OperatorDeps): Promise<'stays' | 'goes' | 'again'> {
  const { object } = writer;
  // A namespace does not wait for who reads elsewhere from what was retained of it; that stays whole.
  if (restoresOfRetained(deps.caches, object.metadata.uid).length > 0 && (await isWhole(object, deps)) && (await isNamespaceLeaving(object, deps))) return 'stays';
  if (outlives(object)) {
    if (await isWhole(object, deps)) return 'stays';
    if (!(await isNamespaceLeaving(object, deps))) {
      // What the object asks for is done before it goes; whoever does not want to wait for it sets spec.deletionPolicy to Delete.
      if (chooseRetained(object, deps.clock.now(), true).kind === 'retain') await retainStep(writer, deps);
      return 'again';
    }
    tell(deps, object, 'Warning', 'NotRetained', 'The namespace is being deleted before snapshots and configuration were retained; they go with it.');
  }
  return (await release(writer, deps)) ? 'goes' : 'again';
}

async function isWhole({ metadata, status }: AppSnapshot, deps: OperatorDeps): Promise<boolean> {
  return status?.retained?.complete === true && (await isWritten(placeOf(deps), metadata.uid));
}
