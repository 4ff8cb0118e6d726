import { labels } from '../api/common.js';
import type { Client } from '../runtime/client.js';
import { getOrUndefined } from '../runtime/get-or-undefined.js';
import type { KubeObject } from '../runtime/object.js';
import { volumeSnapshotContents, volumeSnapshots, type ResourceType } from '../runtime/resource.js';
import type { GroupTypes } from './capability.js';
import { projectContent, type ContentView } from './contents.js';
import { pokedAnnotation } from './names.js';

/** A VolumeSnapshot with the content that it says it is bound to. */
export interface ObservedSnapshot {
  readonly name: string;
  readonly uid: string;
  /** Uid of the group snapshot that owns it. */
  readonly groupUid: string | undefined;
  readonly claimName: string | undefined;
  readonly ready: boolean;
  /** Quantity, as the API writes it. */
  readonly restoreSize: string | undefined;
  readonly error: string | undefined;
  readonly deleting: boolean;
  /** When it was touched to be looked at again (see poke.ts). */
  readonly poked?: string | undefined;
  readonly content: ContentView | undefined;
}

/** A VolumeGroupSnapshot with its content. */
export interface ObservedGroup {
  readonly name: string;
  readonly uid: string;
  readonly error: string | undefined;
  readonly deleting: boolean;
  readonly content: ContentView | undefined;
}

/** Everything of one snapshot set as the API server has it now. */
export interface ObservedSet {
  readonly groups: readonly ObservedGroup[];
  readonly snapshots: readonly ObservedSnapshot[];
}

/** Where a set is found. */
export interface SetRef {
  readonly namespace: string;
  readonly setId: string;
}

interface SnapshotStatus {
  readonly readyToUse?: boolean;
  readonly restoreSize?: string;
  readonly boundVolumeSnapshotContentName?: string;
  readonly boundVolumeGroupSnapshotContentName?: string;
  readonly error?: { readonly message?: string };
}

/**
 * Reads a set: groups and single snapshots by our label, members of groups by owner uid (the controllers put no label
 * of ours on them, and the group's name comes late into their status), contents by the names in their status.
 */
export async function observeSet(client: Client, group: GroupTypes | undefined, ref: SetRef): Promise<ObservedSet> {
  const selector = { namespace: ref.namespace, labelSelector: `${labels.set}=${ref.setId}` };
  const groups = group === undefined ? [] : (await client.list(group.groups, selector)).items;
  const uids = new Set(groups.map((g) => g.metadata.uid));
  const all = (await client.list(volumeSnapshots, { namespace: ref.namespace })).items;
  const own = all.filter((s) => s.metadata.labels?.[labels.set] === ref.setId || ownerIn(s, uids) !== undefined);
  return {
    groups: group === undefined ? [] : await Promise.all(groups.map((g) => observeGroup(client, group, g))),
    snapshots: await Promise.all(own.map((s) => observeSnapshot(client, s, uids))),
  };
}

async function observeGroup(client: Client, types: GroupTypes, object: KubeObject): Promise<ObservedGroup> {
  const status = (object['status'] ?? {}) as SnapshotStatus;
  const uid = object.metadata.uid ?? '';
  return {
    name: object.metadata.name,
    uid,
    error: status.error?.message,
    deleting: object.metadata.deletionTimestamp !== undefined,
    content: await readContent(client, types.contents, status.boundVolumeGroupSnapshotContentName ?? `groupsnapcontent-${uid}`),
  };
}

async function observeSnapshot(client: Client, object: KubeObject, groups: ReadonlySet<string | undefined>): Promise<ObservedSnapshot> {
  const status = (object['status'] ?? {}) as SnapshotStatus;
  const spec = object['spec'] as { source?: { persistentVolumeClaimName?: string } } | undefined;
  return {
    name: object.metadata.name,
    uid: object.metadata.uid ?? '',
    groupUid: ownerIn(object, groups),
    claimName: spec?.source?.persistentVolumeClaimName === '' ? undefined : spec?.source?.persistentVolumeClaimName,
    ready: status.readyToUse === true,
    poked: object.metadata.annotations?.[pokedAnnotation],
    restoreSize: status.restoreSize,
    error: status.error?.message,
    deleting: object.metadata.deletionTimestamp !== undefined,
    content: await readContent(client, volumeSnapshotContents, status.boundVolumeSnapshotContentName),
  };
}

function ownerIn(object: KubeObject, uids: ReadonlySet<string | undefined>): string | undefined {
  return object.metadata.ownerReferences?.find((owner) => uids.has(owner.uid))?.uid;
}

async function readContent(client: Client, type: ResourceType, name: string | undefined): Promise<ContentView | undefined> {
  if (name === undefined) return undefined;
  const object = await getOrUndefined(client, type, { name });
  return object === undefined ? undefined : projectContent(object);
}
