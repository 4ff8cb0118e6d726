import { createHash } from 'node:crypto';
import { labels } from '../api/common.js';
import type { ContentView } from './contents.js';

/** A VolumeGroupSnapshot of ours. */
export interface GroupIdentity {
  readonly uid: string;
  readonly namespace: string;
}

/**
 * Whether a content was made for a member of this group. The snapshot-controller names content and snapshot of a member after the SHA-256 of the group's uid
 * and the volume's handle (external-snapshotter 8, getSnapshotContentNameForVolumeGroupSnapshotContent): no other has that name. It makes the content first,
 * and leaves it unbound where the snapshot cannot be made, as in a namespace that is being deleted.
 */
export function isMemberContent({ metadata, ref, volumeHandles }: ContentView, group: GroupIdentity): boolean {
  const [handle] = volumeHandles;
  if (handle === undefined || ref.namespace !== group.namespace) return false;
  const hash = createHash('sha256').update(group.uid + handle).digest('hex');
  return metadata.name === `snapcontent-${hash}` && ref.name === `snapshot-${hash}`;
}

/** A snapshot that we create is called `stillpoint-<uid of the AppSnapshot>-<attempt>-…`. */
const ownName = /^stillpoint-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9]+)-/;

/** The set that a content says it belongs to: by our label, or by the name of the snapshot that it was made for. */
export function setOfContent({ metadata, ref }: ContentView): string | undefined {
  return metadata.labels?.[labels.set] ?? ownName.exec(ref.name)?.[1];
}
