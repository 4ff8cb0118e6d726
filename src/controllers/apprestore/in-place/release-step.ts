import type { PreviousVolume } from '../../../api/apprestore.js';
import type { AppRestore } from '../../../api/kinds.js';
import { findCondition } from '../../../runtime/conditions.js';
import { requireAuthority, rightsToReplace } from '../../authority.js';
import type { OperatorDeps } from '../../deps.js';
import { inPlacePolicies, requirePolicies } from '../../policies.js';
import type { Verdict } from '../../status-writer.js';
import { now, onChange, type StepResult } from '../../step.js';
import { targetAccount, tell, type RestoreWriter } from '../steps.js';
import { afterEnd, tellOfOldVolumes } from './after-end.js';
import { look, seenOf, type Sight } from './sight.js';
import { releaseNext } from './swap.js';
import { giveBackVolume } from './volumes.js';
import { isConfirmed, isWhole, old } from './wanted.js';
import { nextForOldVolumes, notConfirmed, oldVolumes } from './words.js';

const notFilled = 'the restore has not filled every new one. Set it to Restore to go back to them.';

/** The user has confirmed the restored data: old volumes get the reclaim policy that they had, which decides. Noted first, so that nobody goes back to what may be gone. */
export function releaseStep(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  return afterEnd(writer, () => release(writer, deps));
}

async function release(writer: RestoreWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const volumes = object.status?.previousVolumes ?? [];
  const held = old(volumes, 'Bound', 'Kept');
  const sight = await look(object, deps);
  if (held.length > 0) {
    const why = isFilled(object, sight) ? (isConfirmed(object) ? undefined : notConfirmed) : notFilled;
    if (why !== undefined) {
      await tellOfOldVolumes(writer, oldVolumes.needed(held, why));
      return onChange;
    }
    await requirePolicies(deps.client, deps.agentNamespace, inPlacePolicies);
    await requireAuthority(deps.client, targetAccount(object), rightsToReplace);
    await writer.write({ previousVolumes: volumes.map((volume): PreviousVolume => (held.includes(volume) ? { ...volume, state: 'Removing' } : volume)) }, withoutNext(object));
    return now;
  }
  const going = old(volumes, 'Removing');
  for (const previous of going) {
    const volume = sight.volumes.get(previous.volume);
    const { kind } = releaseNext(previous, seenOf(sight, previous.claim, previous.volume), object.metadata);
    if (kind === 'giveBack' && volume !== undefined) await giveBackVolume(deps.client, previous, volume);
  }
  const condition = oldVolumes.removed(going);
  await writer.write({ previousVolumes: volumes.map((volume): PreviousVolume => (going.includes(volume) ? { ...volume, state: 'Removed' } : volume)) }, undefined, [condition]);
  tell(deps, object, 'Normal', 'PreviousVolumesRemoved', condition.message);
  return now;
}

/** They are kept, as asked for. */
export async function keptStep(writer: RestoreWriter): Promise<StepResult> {
  await tellOfOldVolumes(writer, oldVolumes.kept(old(writer.object.status?.previousVolumes, 'Kept')));
  return now;
}

/** What a storage fills is whole when it is bound, also where status was not told of it before the restore failed. */
function isFilled(object: AppRestore, sight: Sight): boolean {
  const volumes = (object.status?.volumes ?? []).map((volume) => {
    const { claim } = seenOf(sight, volume.claim, undefined);
    const isBound = volume.snapshotId === undefined && claim?.phase === 'Bound' && claim.madeBy === object.metadata.uid;
    return isBound ? { ...volume, phase: 'Bound' as const } : volume;
  });
  return isWhole({ status: { ...object.status, volumes } });
}

/** How it has ended, without what was to be decided. */
function withoutNext(object: AppRestore): Verdict {
  const { reason = '', message = '' } = findCondition(object.status?.conditions, 'Ready') ?? {};
  return { kind: object.status?.phase === 'Ready' ? 'ready' : 'failed', reason, message: message.replace(nextForOldVolumes(object), '') };
}
