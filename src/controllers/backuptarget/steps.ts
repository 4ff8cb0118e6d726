import type { BackupTargetStatus } from '../../api/backuptarget.js';
import { backupTargets, type BackupTarget } from '../../api/kinds.js';
import type { OwnerReference } from '../../runtime/object.js';
import type { OperatorDeps } from '../deps.js';
import { StatusWriter } from '../status-writer.js';

/** What the steps of a BackupTarget share. */
export type TargetWriter = StatusWriter<BackupTargetStatus, BackupTarget>;

export function targetWriter(deps: OperatorDeps, object: BackupTarget): TargetWriter {
  return new StatusWriter<BackupTargetStatus, BackupTarget>({ client: deps.client, type: backupTargets, clock: deps.clock, object });
}

/** Everything of a target that has no purpose without it goes with it. */
export function ownerOf({ apiVersion, kind, metadata }: BackupTarget): OwnerReference {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid };
}

/** Events and conditions use the same reason; the note is the sentence of the condition. */
export function tell(deps: OperatorDeps, object: BackupTarget, type: 'Normal' | 'Warning', reason: string, note: string): void {
  deps.events.record({ regarding: object, type, reason, action: 'Check', note });
}
