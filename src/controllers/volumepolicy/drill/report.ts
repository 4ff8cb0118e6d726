import type { VolumePolicy } from '../../../api/kinds.js';
import { findCondition, type ConditionInput } from '../../../runtime/conditions.js';
import { drilledText } from './choose.js';
import type { DrillLook, Said } from './step.js';

type Reported = Omit<ConditionInput, 'observedGeneration'>;

/** The conditions of drills: Verified, and DrillRemoved where something does not go. `look`: undefined when nobody looked, so that both stay as they are. Pure. */
export function drillConditions(object: VolumePolicy, look: Pick<DrillLook, 'trouble' | 'stuck'> | undefined): Reported[] {
  if (look === undefined) return [];
  return [verified(object, look.trouble), ...removal(object, look.stuck)];
}

function verified({ spec, status }: VolumePolicy, trouble: Said | undefined): Reported {
  const type = 'Verified';
  if (spec.protection?.verify === undefined) return { type, status: 'Unknown', reason: 'NoDrills', message: 'spec.protection.verify is not set.' };
  const last = status?.lastDrill;
  // Who only waits has not lost what the last drill has proven.
  if (trouble !== undefined && (last === undefined || !['WaitingForTurn', 'NoCopyYet'].includes(trouble.reason))) return { type, status: 'Unknown', ...trouble };
  if (last === undefined) return { type, status: 'Unknown', reason: 'NoDrillYet', message: 'No drill has ended yet.' };
  const isolation = last.isolated || last.rtoSeconds === undefined ? '' : ' It was not isolated: the network was not shown to enforce NetworkPolicies.';
  const message = `Drill of ${drilledText(last)}, due at ${last.due}: ${last.message}${isolation}`;
  const failed = last.reason === 'DrillFailed' || last.reason === 'DrillTimedOut';
  return { type, status: last.verified ? 'True' : failed ? 'False' : 'Unknown', reason: last.reason, message };
}

function removal({ status }: VolumePolicy, stuck: Said | undefined): Reported[] {
  const type = 'DrillRemoved';
  if (stuck !== undefined) return [{ type, status: 'False', ...stuck }];
  const before = findCondition(status?.conditions, type);
  return before === undefined || status?.drill?.phase === 'Removing' ? [] : [{ type, status: 'True', reason: 'Removed', message: 'Nothing is left of drills that are over.' }];
}
