import { annotations } from '../api/common.js';
import type { Client } from '../runtime/client.js';
import { discover } from '../runtime/discovery.js';
import type { KubeObject } from '../runtime/object.js';
import { volumeSnapshotClasses, type ResourceType } from '../runtime/resource.js';
import { groupSnapshotGroup } from './names.js';

/** The resource types of group snapshots in the best version that is served. */
export interface GroupTypes {
  readonly version: string;
  readonly groups: ResourceType;
  readonly contents: ResourceType;
  readonly classes: ResourceType;
}

/** A VolumeSnapshotClass or VolumeGroupSnapshotClass, as far as planning needs it. */
export interface SnapshotClass {
  readonly name: string;
  readonly driver: string;
  readonly deletionPolicy: string;
  readonly isDefault: boolean;
  /** An admin declared that the volumes of one cut share one instant (annotation; absent counts as not). */
  readonly atomic: boolean;
}

/** What the cluster offers. A served API does not mean that anybody processes it: only a cut shows that. */
export interface SnapshotCapability {
  /** Undefined when the API is not served. */
  readonly group: GroupTypes | undefined;
  readonly groupClasses: readonly SnapshotClass[];
  readonly singleClasses: readonly SnapshotClass[];
}

/** Best first. Group and class have the same fields in all three; the content's status differs (see contents.ts). */
const versions = ['v1', 'v1beta2', 'v1beta1'] as const;

const defaultMarks = ['snapshot.storage.kubernetes.io/is-default-class', 'groupsnapshot.storage.kubernetes.io/is-default-class'];

/** The types of group snapshots in one version. */
export function groupTypes(version: string): GroupTypes {
  const type = (plural: string, kind: string, namespaced: boolean): ResourceType => ({ group: groupSnapshotGroup, version, plural, kind, namespaced });
  return {
    version,
    groups: type('volumegroupsnapshots', 'VolumeGroupSnapshot', true),
    contents: type('volumegroupsnapshotcontents', 'VolumeGroupSnapshotContent', false),
    classes: type('volumegroupsnapshotclasses', 'VolumeGroupSnapshotClass', false),
  };
}

/** The best served version of the group API; undefined when none is served. */
export async function discoverGroupTypes(client: Client): Promise<GroupTypes | undefined> {
  const best = (await discover(client)).bestVersion(groupSnapshotGroup, 'volumegroupsnapshots', versions);
  return best === undefined ? undefined : groupTypes(best.version);
}

/** Reads what the cluster offers: group API version and all snapshot classes. */
export async function discoverCapability(client: Client): Promise<SnapshotCapability> {
  const group = await discoverGroupTypes(client);
  const [singles, groups] = await Promise.all([readSingleClasses(client), group === undefined ? { items: [] } : client.list(group.classes)]);
  return { group, groupClasses: groups.items.map(toSnapshotClass), singleClasses: singles };
}

/** All VolumeSnapshotClasses. */
export async function readSingleClasses(client: Client): Promise<SnapshotClass[]> {
  return (await client.list(volumeSnapshotClasses)).items.map(toSnapshotClass);
}

/** Projection of a class object of either kind. */
function toSnapshotClass(object: KubeObject): SnapshotClass {
  const marks = object.metadata.annotations ?? {};
  return {
    name: object.metadata.name,
    driver: text(object['driver']),
    deletionPolicy: text(object['deletionPolicy']),
    isDefault: defaultMarks.some((mark) => marks[mark] === 'true'),
    atomic: marks[annotations.atomicity] === 'Atomic',
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
