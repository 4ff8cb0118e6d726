import { labels } from '../api/common.js';
import { isConflict, isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import type { KubeObject } from '../runtime/object.js';
import { volumeSnapshotContents, volumeSnapshots } from '../runtime/resource.js';
import type { GroupTypes } from './capability.js';
import type { ContentCaches, ContentView } from './contents.js';
import { isMemberContent } from './group-members.js';
import { setPrefix } from './names.js';
import type { SetRef } from './observe-set.js';

/** What of a set is still there, as `Kind name`, with the finalizers that hold it. Empty: all gone. */
export type Remaining = readonly string[];

/**
 * Deletes a whole set: groups (their members go with them; a member alone is refused by the controllers) and single
 * snapshots. Never waits: call again until nothing remains. A set is gone only when its contents are, since the storage
 * is told through them; a cut that was given up may still appear later, so callers look again.
 */
export async function removeSet(client: Client, group: GroupTypes | undefined, contents: ContentCaches, ref: SetRef): Promise<Remaining> {
  const selector = { namespace: ref.namespace, labelSelector: `${labels.set}=${ref.setId}` };
  const groups = group === undefined ? [] : (await client.list(group.groups, selector)).items;
  const groupUids = new Set(groups.map((g) => g.metadata.uid));
  const all = (await client.list(volumeSnapshots, { namespace: ref.namespace })).items;
  const members = all.filter((s) => s.metadata.labels?.[labels.set] === ref.setId || s.metadata.ownerReferences?.some((o) => groupUids.has(o.uid)) === true);

  const known = new Set([...groups, ...members].map((o) => o.metadata.uid));
  const ours = (c: ContentView): boolean =>
    c.metadata.labels?.[labels.set] === ref.setId ||
    (c.ref.namespace === ref.namespace && (c.ref.name.startsWith(setPrefix(ref.setId)) || (c.ref.uid !== undefined && known.has(c.ref.uid))));
  const groupContents = (contents.groups?.list() ?? []).filter(ours).filter(goesWithSet);
  const uids = [...new Set([...groups.map((g) => g.metadata.uid), ...groupContents.map((c) => c.ref.uid), ...(contents.known?.uidsOf(ref.setId) ?? [])])].flatMap((uid) => uid ?? []);
  const ofMember = (c: ContentView): boolean => uids.some((uid) => isMemberContent(c, { uid, namespace: ref.namespace }));
  const singleContents = contents.singles.list().filter((c) => ours(c) || ofMember(c)).filter(goesWithSet);

  await Promise.all(singleContents.map((c) => markContent(client, c, ref.setId)));
  if (group !== undefined) await Promise.all(groups.map((g) => remove(client, group.groups, g)));
  await Promise.all(members.filter((s) => !isGroupMember(s)).map((s) => remove(client, volumeSnapshots, s)));
  const orphan = orphanAmong(groups, all);
  await Promise.all(singleContents.filter(orphan).map((c) => removeOrphan(client, c)));
  if (group !== undefined) await Promise.all(groupContents.filter(orphan).map((c) => removeOrphan(client, c, group)));
  return [
    ...groups.map((g) => describe('VolumeGroupSnapshot', g.metadata)),
    ...members.map((s) => describe('VolumeSnapshot', s.metadata)),
    ...groupContents.map((c) => describe('VolumeGroupSnapshotContent', c.metadata)),
    ...singleContents.map((c) => describe('VolumeSnapshotContent', c.metadata)),
  ];
}

/** Contents that nobody takes care of any more: their snapshot is gone, or is never made, since the group is gone that it would be a member of. */
function orphanAmong(groups: readonly KubeObject[], snapshots: readonly KubeObject[]): (content: ContentView) => boolean {
  const uids = new Set([...groups, ...snapshots].map((o) => o.metadata.uid));
  const names = new Set(snapshots.map((o) => o.metadata.name));
  const neverBound = ({ ref, volumeHandles }: ContentView): boolean => groups.length === 0 && volumeHandles.length > 0 && !names.has(ref.name);
  return (c) => c.deletionPolicy !== 'Retain' && c.metadata.deletionTimestamp === undefined && (c.ref.uid === undefined ? neverBound(c) : !uids.has(c.ref.uid));
}

function isGroupMember(snapshot: KubeObject): boolean {
  return snapshot.metadata.ownerReferences?.some((owner) => owner.kind === 'VolumeGroupSnapshot') === true;
}

/** Contents of group members have names of the controller's own and outlive their snapshots: without our label the next call would not know them. */
export async function markContent(client: Client, content: ContentView, setId: string): Promise<void> {
  if (content.metadata.labels?.[labels.set] === setId) return;
  try {
    await client.mergePatch(volumeSnapshotContents, { name: content.metadata.name }, { metadata: { uid: content.metadata.uid, labels: { [labels.set]: setId } } });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/** By these annotations the snapshot-controller tells the sidecar that a content may go with what is in the storage (external-snapshotter, pkg/utils/util.go). */
export const snapshotDeleted = 'snapshot.storage.kubernetes.io/volumesnapshot-being-deleted';
export const groupDeleted = 'groupsnapshot.storage.kubernetes.io/volumegroupsnapshot-being-deleted';

/**
 * A snapshot that is deleted while its content is being made, before it has got its finalizers, is gone at once, and nobody deletes the content
 * any more (measured with external-snapshotter 8.6). It is ours, so we do what the snapshot-controller would have done. `group`: it is that of a group.
 */
export async function removeOrphan(client: Client, content: ContentView, group?: GroupTypes): Promise<void> {
  const { name, uid } = content.metadata;
  const type = group?.contents ?? volumeSnapshotContents;
  const annotation = group === undefined ? snapshotDeleted : groupDeleted;
  if (uid === undefined) return;
  try {
    await client.mergePatch(type, { name }, { metadata: { uid, annotations: { [annotation]: 'yes' } } });
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) return;
    throw error;
  }
  await client.delete(type, { name }, { uid });
}

/** A class with policy Retain keeps its contents on purpose: they are not waited for. */
function goesWithSet(content: ContentView): boolean {
  return content.deletionPolicy !== 'Retain' || content.metadata.deletionTimestamp !== undefined;
}

async function remove(client: Client, type: GroupTypes['groups'], object: KubeObject): Promise<void> {
  const { name, namespace, uid, deletionTimestamp } = object.metadata;
  if (deletionTimestamp !== undefined || namespace === undefined || uid === undefined) return;
  await client.delete(type, { namespace, name }, { uid });
}

function describe(kind: string, metadata: KubeObject['metadata']): string {
  const held = metadata.finalizers ?? [];
  return held.length === 0 ? `${kind} ${metadata.name}` : `${kind} ${metadata.name} (held by ${held.join(', ')})`;
}
