import type { Cache } from '../runtime/cache.js';
import type { KubeObject, ObjectMeta } from '../runtime/object.js';

/** The namespaced snapshot that a content belongs to; the uid is missing until an imported content is bound. */
interface ContentRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
}

/** Projection of a VolumeSnapshotContent or VolumeGroupSnapshotContent. */
export interface ContentView {
  readonly metadata: ObjectMeta;
  readonly ref: ContentRef;
  readonly driver: string;
  readonly deletionPolicy: string;
  /** Handle of the snapshot or group in the storage; undefined until the storage has answered. */
  readonly handle: string | undefined;
  /** True once the sidecar has written `status.creationTime`: the cut is done. */
  readonly cut: boolean;
  readonly ready: boolean;
  /** What the driver or sidecar says; stays while it retries. */
  readonly error: string | undefined;
  /** Bytes; single contents only. */
  readonly restoreSize: number | undefined;
  readonly sourceVolumeMode: string | undefined;
  /** Handles of the volumes that are cut: of a group all, of a dynamic single its one, of a group member none. */
  readonly volumeHandles: readonly string[];
  /** Members of a group, from volume to snapshot; empty until the cut and for single contents. */
  readonly members: readonly GroupMemberHandle[];
}

interface GroupMemberHandle {
  readonly volumeHandle: string;
  readonly snapshotHandle: string;
}

/** Live contents of the cluster, kept by the operator from its start: a watch opened in a window would cost it time. */
export interface ContentCaches {
  readonly singles: Cache<ContentView>;
  /** Undefined when the group API is not served. */
  readonly groups: Cache<ContentView> | undefined;
  /** Groups of sets of ours, also those that are gone; without it only those are known that are there. */
  readonly known?: { uidsOf(setId: string): readonly string[] };
}

type Json = Record<string, unknown>;

/** Makes the view of either kind of content; for caches and for single reads. */
export function projectContent(object: KubeObject): ContentView {
  const spec = record(object['spec']);
  const status = record(object['status']);
  const ref = record(spec['volumeSnapshotRef'] ?? spec['volumeGroupSnapshotRef']);
  const source = record(spec['source']);
  const { name, uid, resourceVersion, labels, annotations, deletionTimestamp } = object.metadata;
  return {
    metadata: definedOnly({ name, uid, resourceVersion, labels, annotations, deletionTimestamp }),
    ref: { namespace: text(ref['namespace']) ?? '', name: text(ref['name']) ?? '', uid: text(ref['uid']) },
    driver: text(spec['driver']) ?? '',
    deletionPolicy: text(spec['deletionPolicy']) ?? '',
    handle: text(status['snapshotHandle'] ?? status['volumeGroupSnapshotHandle']),
    cut: status['creationTime'] !== undefined && status['creationTime'] !== null,
    ready: status['readyToUse'] === true,
    error: text(record(status['error'])['message']),
    restoreSize: typeof status['restoreSize'] === 'number' ? status['restoreSize'] : undefined,
    sourceVolumeMode: text(spec['sourceVolumeMode']),
    volumeHandles: [text(source['volumeHandle']), ...list(source['volumeHandles']).map(text)].filter((h) => h !== undefined),
    members: groupMembers(status),
  };
}

/** v1 and v1beta2 have `volumeSnapshotInfoList`, v1beta1 has `volumeSnapshotHandlePairList`; the fields that we read are the same. */
function groupMembers(status: Json): GroupMemberHandle[] {
  return list(status['volumeSnapshotInfoList'] ?? status['volumeSnapshotHandlePairList']).flatMap((entry) => {
    const volumeHandle = text(record(entry)['volumeHandle']);
    const snapshotHandle = text(record(entry)['snapshotHandle']);
    return volumeHandle === undefined || snapshotHandle === undefined ? [] : [{ volumeHandle, snapshotHandle }];
  });
}

function definedOnly(meta: { [K in keyof ObjectMeta]: ObjectMeta[K] | undefined } & { name: string }): ObjectMeta {
  return Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined)) as ObjectMeta;
}

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
