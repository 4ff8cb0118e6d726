import type { RetainedStatus } from '../../../api/appsnapshot.js';
import type { AppSnapshot } from '../../../api/kinds.js';
import type { ConditionInput } from '../../../runtime/conditions.js';
import type { Verdict } from '../../status-writer.js';

const type = 'Retained';

/** The sentence of a copy that is there. Pure. */
export function readySentence({ status }: AppSnapshot): string {
  const held = status?.window?.heldMillis;
  return `Copy of ${status?.members?.length ?? 0} volumes, proven to be ${status?.grade ?? 'Inconsistent'}${held === undefined ? '' : `; held for ${held} ms`}.`;
}

/** What a ready copy says of itself when it is as the spec asks. Pure. */
export function readyVerdict(object: AppSnapshot): Verdict {
  return { kind: 'ready', reason: 'SnapshotReady', message: readySentence(object) };
}

/** Pure. */
export function retainedCondition({ namespace, secret }: RetainedStatus): ConditionInput {
  return { type, status: 'True', reason: 'Retained', message: `Snapshots and configuration stay when this object or its namespace is deleted: Secret ${secret} in namespace ${namespace}.` };
}

/** Pure. */
export function notRetained(reason: string, message: string): ConditionInput {
  return { type, status: 'False', reason, message };
}
