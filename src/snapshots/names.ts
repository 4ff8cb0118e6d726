import { apiGroup, labels } from '../api/common.js';

/** API group of group snapshots. */
export const groupSnapshotGroup = 'groupsnapshot.storage.k8s.io';
/** API group of single snapshots: `dataSource.apiGroup` of claims. */
export const snapshotGroup = 'snapshot.storage.k8s.io';

/**
 * Beside {@link labels.set} on claims for the time of a cut. A group snapshot that selects a claim of another driver
 * fails as a whole, so each driver's group selects by both. CSI driver names are valid label values (at most 63 characters).
 */
export const driverLabel = `${apiGroup}/snapshot-driver`;

/** Beside both on claims of a set whose cuts have an order: a driver then has a group for each half. */
export const stageLabel = `${apiGroup}/snapshot-stage`;

/** On snapshots: uid of the claim that was cut; claims are replaced under the same name. */
export const claimUidAnnotation = `${apiGroup}/claim-uid`;

/** On contents and members that are cut but not ready: how often and when they were touched to be looked at again. */
export const pokedAnnotation = `${apiGroup}/poked`;

/** On contents that outlive their snapshots since a copy is retained: the policy that they had before. */
export const keptPolicyAnnotation = `${apiGroup}/deletion-policy`;

/** Id of the snapshot set of one attempt: unique, deterministic, a valid label value. */
export function setIdOf(appSnapshotUid: string, attempt: number): string {
  return `${appSnapshotUid}-${attempt}`;
}

/** Every snapshot object of a set that we create has a name that begins with this. */
export function setPrefix(setId: string): string {
  return `stillpoint-${setId}-`;
}

/** Name of the group snapshot of one driver in a set, or of a half of it. */
export function groupName(setId: string, driver: string, stage?: string): string {
  return setPrefix(setId) + driver + (stage === undefined ? '' : `-${stage}`);
}

/** Whether a group of this name may be one of two of its driver. */
export function isHalf(name: string): boolean {
  return name.endsWith('-first') || name.endsWith('-last');
}

/** Name of the single snapshot of one claim in a set. */
export function singleName(setId: string, claimUid: string): string {
  return setPrefix(setId) + claimUid;
}

/** Labels of every snapshot object of a set. */
export function setLabels(setId: string, appSnapshotUid: string): Record<string, string> {
  return { [labels.set]: setId, [labels.appSnapshot]: appSnapshotUid };
}
