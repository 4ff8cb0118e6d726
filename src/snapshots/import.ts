import { labels } from '../api/common.js';
import { fail } from '../api/errors.js';
import { isAlreadyExists } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import type { KubeObject } from '../runtime/object.js';
import { volumeSnapshotContents, volumeSnapshots, type ResourceType } from '../runtime/resource.js';
import { projectContent, type ContentView } from './contents.js';
import { snapshotGroup } from './names.js';
import { getOrUndefined } from '../runtime/get-or-undefined.js';

/** Where a claim is filled from: `spec.dataSource` of a PersistentVolumeClaim in the target namespace. */
interface DataSource {
  readonly apiGroup: string;
  readonly kind: 'VolumeSnapshot';
  readonly name: string;
}

/** One member made usable in the target namespace. */
export interface ImportedSnapshot {
  readonly dataSource: DataSource;
  /** Quantity: the claim must ask for at least this. */
  readonly restoreSize: string | undefined;
  /** Name of the content that was made for it; undefined in the same namespace. */
  readonly content: string | undefined;
  /** False: call again, the controllers have not bound it yet. */
  readonly ready: boolean;
  readonly message: string | undefined;
}

export interface ImportRequest {
  /** The member's VolumeSnapshot. */
  readonly source: { readonly namespace: string; readonly snapshot: string; readonly claimUid: string; readonly driver: string };
  readonly targetNamespace: string;
  /** Uid of the AppRestore. */
  readonly restoreUid: string;
}

/** Name of both imported objects, content and snapshot. */
export function importedName(restoreUid: string, claimUid: string): string {
  return `stillpoint-${restoreUid}-${claimUid}`;
}

/**
 * Makes the snapshot of one member usable in the target namespace. In its own namespace it is used as it is. In another
 * one, a content with the same storage handle is made (policy Retain: the data belongs to the source set) and a snapshot
 * that it is bound to. The handle comes from the content that is bound to the source by uid both ways, never from a
 * status of ours. Can be repeated. Throws SnapshotNotReady, VolumeRestoreFailed.
 */
export async function importSnapshot(client: Client, request: ImportRequest): Promise<ImportedSnapshot> {
  const { source, targetNamespace } = request;
  const bound = await readBound(client, source.namespace, source.snapshot);
  if (bound === undefined) throw fail('SnapshotNotReady', `VolumeSnapshot ${source.namespace}/${source.snapshot} is not bound to a content by uid, or not ready to use.`);
  if (bound.content.driver !== source.driver) {
    throw fail('VolumeRestoreFailed', `VolumeSnapshot ${source.snapshot} belongs to driver ${bound.content.driver}, not to ${source.driver} as planned.`);
  }
  if (source.namespace === targetNamespace) {
    return { dataSource: dataSource(source.snapshot), restoreSize: bound.restoreSize, content: undefined, ready: true, message: undefined };
  }
  return importHandle(client, { ...bound.content, restoreSize: bound.restoreSize }, { claimUid: source.claimUid, targetNamespace, restoreUid: request.restoreUid });
}

/** A snapshot in the storage. */
export interface StoredSnapshot {
  readonly driver: string;
  readonly handle: string;
  readonly sourceVolumeMode: string | undefined;
  /** Quantity. */
  readonly restoreSize: string | undefined;
}

export interface ImportTarget {
  /** Of the claim that was cut. */
  readonly claimUid: string;
  readonly targetNamespace: string;
  readonly restoreUid: string;
}

/** Makes a snapshot in the storage usable in a namespace, by content and snapshot of its own. Can be repeated. Throws VolumeRestoreFailed. */
export async function importHandle(client: Client, from: StoredSnapshot, to: ImportTarget): Promise<ImportedSnapshot> {
  const { targetNamespace, restoreUid } = to;
  const name = importedName(restoreUid, to.claimUid);
  await ensure(client, volumeSnapshotContents, importedContent(name, from, to), restoreUid);
  await ensure(client, volumeSnapshots, importedSnapshot(name, to), restoreUid);
  const target = await readBound(client, targetNamespace, name);
  const ready = target !== undefined && target.content.metadata.name === name && target.content.handle === from.handle;
  const message = ready ? undefined : await errorOf(client, targetNamespace, name);
  return { dataSource: dataSource(name), restoreSize: target?.restoreSize ?? from.restoreSize, content: name, ready, message };
}

function dataSource(name: string): DataSource {
  return { apiGroup: snapshotGroup, kind: 'VolumeSnapshot', name };
}

interface Bound {
  readonly content: ContentView & { readonly handle: string };
  readonly restoreSize: string | undefined;
}

/** The snapshot's content when both name each other (the content by uid), it has a handle and is ready to use. */
async function readBound(client: Client, namespace: string, name: string): Promise<Bound | undefined> {
  const snapshot = await getOrUndefined(client, volumeSnapshots, { namespace, name });
  const status = snapshot?.['status'] as { boundVolumeSnapshotContentName?: string; readyToUse?: boolean; restoreSize?: string } | undefined;
  if (snapshot?.metadata.deletionTimestamp !== undefined || status?.boundVolumeSnapshotContentName === undefined || status.readyToUse !== true) return undefined;
  const object = await getOrUndefined(client, volumeSnapshotContents, { name: status.boundVolumeSnapshotContentName });
  const content = object === undefined ? undefined : projectContent(object);
  if (content?.handle === undefined || content.ref.uid === undefined || content.ref.uid !== snapshot?.metadata.uid || content.ref.namespace !== namespace) return undefined;
  return { content: { ...content, handle: content.handle }, restoreSize: status.restoreSize };
}

function importedContent(name: string, from: StoredSnapshot, to: ImportTarget): KubeObject {
  return {
    apiVersion: `${snapshotGroup}/v1`,
    kind: volumeSnapshotContents.kind,
    metadata: { name, labels: { [labels.restore]: to.restoreUid } },
    spec: {
      deletionPolicy: 'Retain',
      driver: from.driver,
      source: { snapshotHandle: from.handle },
      ...(from.sourceVolumeMode === undefined ? {} : { sourceVolumeMode: from.sourceVolumeMode }),
      volumeSnapshotRef: { namespace: to.targetNamespace, name },
    },
  };
}

function importedSnapshot(name: string, to: ImportTarget): KubeObject {
  return {
    apiVersion: `${snapshotGroup}/v1`,
    kind: volumeSnapshots.kind,
    metadata: { name, namespace: to.targetNamespace, labels: { [labels.restore]: to.restoreUid } },
    spec: { source: { volumeSnapshotContentName: name } },
  };
}

/** Creates, and accepts what an earlier try of the same restore made. Specs of both kinds are immutable where it matters. */
async function ensure(client: Client, type: ResourceType, object: KubeObject, restoreUid: string): Promise<void> {
  try {
    await client.create(type, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { name, namespace } = object.metadata;
    const existing = await getOrUndefined(client, type, namespace === undefined ? { name } : { name, namespace });
    if (existing !== undefined && existing.metadata.labels?.[labels.restore] !== restoreUid) {
      throw fail('VolumeRestoreFailed', `${type.kind} ${name} exists and does not belong to this restore.`, { cause: error });
    }
  }
}

async function errorOf(client: Client, namespace: string, name: string): Promise<string> {
  const snapshot = await getOrUndefined(client, volumeSnapshots, { namespace, name });
  const status = snapshot?.['status'] as { error?: { message?: string } } | undefined;
  return status?.error?.message ?? 'waiting for the snapshot controller to bind it';
}

/**
 * Removes what a restore imported; the data in the storage stays (Retain). Never waits: call again until nothing remains.
 * Resolves with what is still there, as `Kind name`: a snapshot that a claim is being filled from holds itself.
 */
export async function removeImported(client: Client, targetNamespace: string, restoreUid: string): Promise<readonly string[]> {
  const labelSelector = `${labels.restore}=${restoreUid}`;
  const snapshots = (await client.list(volumeSnapshots, { namespace: targetNamespace, labelSelector })).items;
  for (const { metadata } of snapshots) {
    if (metadata.deletionTimestamp === undefined) await client.delete(volumeSnapshots, { namespace: targetNamespace, name: metadata.name }, uidOf(metadata.uid));
  }
  const contents = (await client.list(volumeSnapshotContents, { labelSelector })).items;
  for (const { metadata, ...content } of contents) {
    const retained = projectContent({ metadata, ...content }).deletionPolicy === 'Retain';
    if (retained && metadata.deletionTimestamp === undefined) await client.delete(volumeSnapshotContents, { name: metadata.name }, uidOf(metadata.uid));
  }
  return [...snapshots.map((s) => `VolumeSnapshot ${s.metadata.name}`), ...contents.map((c) => `VolumeSnapshotContent ${c.metadata.name}`)];
}

function uidOf(uid: string | undefined): { uid?: string } {
  return uid === undefined ? {} : { uid };
}
