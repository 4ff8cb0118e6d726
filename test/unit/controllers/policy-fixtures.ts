import type { AppSnapshotStatus } from '../../../src/api/appsnapshot.js';
import type { AppSnapshot, VolumePolicy } from '../../../src/api/kinds.js';
import { volumePolicySpec, type Protection, type VolumePolicyStatus } from '../../../src/api/volumepolicy.js';
import { copyObject } from '../../../src/controllers/volumepolicy/copies.js';

export const created = '2026-11-29T10:00:00Z';
export const at = (text: string): number => Date.parse(`2026-11-29T${text}Z`);

/** One that makes copies. */
export type ProtectedPolicy = VolumePolicy & { spec: { protection: Protection } };

/** A VolumePolicy of namespace shop with a copy every ten minutes; the parts override. */
export function volumePolicy(protection: object = {}, status?: VolumePolicyStatus, metadata: Partial<VolumePolicy['metadata']> = {}): ProtectedPolicy {
  return {
    apiVersion: 'stillpoint.dev/v1alpha1',
    kind: 'VolumePolicy',
    metadata: { name: 'nightly', namespace: 'shop', uid: 'beef0000-0000-4000-8000-000000000001', resourceVersion: '1', generation: 1, creationTimestamp: created, ...metadata },
    spec: volumePolicySpec.parse({ serviceAccountName: 'stillpoint', protection: { schedule: { cron: '*/10 * * * *' }, retention: { last: 3 }, ...protection } }) as ProtectedPolicy['spec'],
    ...(status === undefined ? {} : { status }),
  };
}

/** The copy of a tick as the API server stores it. */
export function copyOfTick(policy: VolumePolicy, tick: number, status?: AppSnapshotStatus, metadata: Partial<AppSnapshot['metadata']> = {}): AppSnapshot {
  const made = copyObject(policy, tick) as unknown as AppSnapshot;
  return { ...made, metadata: { ...made.metadata, uid: `uid-${tick}`, resourceVersion: '1', generation: 1, creationTimestamp: new Date(tick).toISOString(), ...metadata }, ...(status === undefined ? {} : { status }) };
}

/** A status of a copy that is ready, cut a second after it was due. */
export function readyStatus(tick: number, more: Partial<AppSnapshotStatus> = {}): AppSnapshotStatus {
  const cut = new Date(tick + 1000).toISOString();
  return { phase: 'Ready', grade: 'Frozen', window: { id: 's', attempt: 1, openedAt: cut, heldFrom: cut }, completionTime: new Date(tick + 5000).toISOString(), ...more };
}
