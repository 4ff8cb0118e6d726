import type { AppRestore, AppSnapshot } from '../api/kinds.js';
import { keyText } from '../runtime/object.js';

/**
 * Keys under which an AppRestore is found by what it reads: its AppSnapshot, what was retained of one, or a copy in a BackupTarget as soon as it was found there. That needs the key of the repository; who only
 * names the id of somebody else's copy does not hold it. Pure.
 */
export function sourceKeys({ metadata, spec, status }: AppRestore): string[] {
  const { appSnapshotRef, retained } = spec.from;
  if (appSnapshotRef !== undefined) return [`${metadata.namespace}/${appSnapshotRef.name}`];
  if (retained !== undefined) return [retainedKey(retained)];
  const location = status?.source?.location ?? status?.transfer?.location;
  const id = status?.source?.setId ?? status?.transfer?.id;
  return location === undefined || id === undefined ? [] : [copyKey(spec.from.staged === true ? metadata.namespace : (spec.into?.namespace ?? metadata.namespace), location, id)];
}

/** Keys of what an AppSnapshot has elsewhere: its copies in BackupTargets, and its retained recovery point. Pure. */
export function targetKeys({ metadata, status }: AppSnapshot): string[] {
  const inTargets = (status?.copies ?? []).flatMap(({ location, id }) => (location === undefined || id === undefined ? [] : [copyKey(metadata.namespace, location, id)]));
  return status?.retained === undefined ? inTargets : [...inTargets, retainedKey(metadata.uid)];
}

/** Key of the retained recovery point of an AppSnapshot. Who names it has been allowed to read it. Pure. */
export function retainedKey(uid: string): string {
  return `retained:${uid}`;
}

/** Keys of the restores that read from an AppSnapshot: from its snapshots, or from what of it is in targets. Pure. */
export function readerKeys(snapshot: AppSnapshot): string[] {
  return [keyText(snapshot.metadata), ...targetKeys(snapshot)];
}

/** The place as the operator has worked it out, and the id there: somebody else's bucket may say anything of its own. A claim is one of its namespace. */
function copyKey(namespace: string, location: string, id: string): string {
  return `copy:${location.startsWith('pvc:') ? `${namespace}/` : ''}${location}/${id}`;
}
