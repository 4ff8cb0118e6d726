import { fail } from '../../../api/errors.js';
import type { BackupTarget } from '../../../api/kinds.js';
import { findCondition } from '../../../runtime/conditions.js';

/** Until a target that is not ready is looked at again. */
export const targetSeconds = 15;

/** Throws BackupTargetNotReady. Nothing is begun for a target that has not passed its check: volumes would be made for nothing. */
export function requireReady(target: BackupTarget): void {
  const why = whyNotReady(target);
  if (why !== undefined) throw fail('BackupTargetNotReady', `BackupTarget ${target.metadata.name} is not ready: ${why}`, { afterSeconds: targetSeconds });
}

function whyNotReady({ metadata, spec, status }: BackupTarget): string | undefined {
  const [ready, sound] = ['Ready', 'Sound'].map((type) => findCondition(status?.conditions, type));
  if (spec.suspend) return 'spec.suspend of it is true';
  if (metadata.deletionTimestamp !== undefined) return 'it is being deleted';
  if (ready?.status !== 'True') return `${ready?.reason ?? 'NotChecked'}: ${ready?.message ?? 'it was not checked yet'}`;
  // What is in the repository is not sent again: a copy would lean on what is damaged.
  return sound?.status === 'False' ? `${sound.reason}: ${sound.message}` : undefined;
}
