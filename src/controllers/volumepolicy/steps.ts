import { volumePolicies, type VolumePolicy } from '../../api/kinds.js';
import type { VolumePolicyStatus } from '../../api/volumepolicy.js';
import type { OperatorDeps } from '../deps.js';
import { StatusWriter } from '../status-writer.js';

/** What the steps of a VolumePolicy share. */
export type PolicyWriter = StatusWriter<VolumePolicyStatus, VolumePolicy>;

export function policyWriter(deps: OperatorDeps, object: VolumePolicy): PolicyWriter {
  return new StatusWriter<VolumePolicyStatus, VolumePolicy>({ client: deps.client, type: volumePolicies, clock: deps.clock, object });
}

/** Events and conditions use the same reason; the note is the sentence of the condition. */
export function tell(deps: OperatorDeps, object: VolumePolicy, type: 'Normal' | 'Warning', reason: string, note: string): void {
  deps.events.record({ regarding: object, type, reason, action: 'Protect', note });
}
