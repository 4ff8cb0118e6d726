import { fail } from '../api/errors.js';
import type { Client } from '../runtime/client.js';
import { volumeSnapshotContents } from '../runtime/resource.js';
import { projectContent, type ContentView } from './contents.js';
import { importHandle, type ImportedSnapshot, type ImportTarget, type StoredSnapshot } from './import.js';
import { getOrUndefined } from '../runtime/get-or-undefined.js';

/** A snapshot in the storage, and the content that keeps it there: a handle alone could be that of another by now. */
export interface RetainedSnapshot extends StoredSnapshot {
  readonly content: { readonly name: string; readonly uid: string };
}

/** Makes what a content keeps, whose own snapshot is gone, usable in a namespace; the content is left alone. Can be repeated. Throws RecoveryPointUnusable, VolumeRestoreFailed. */
export async function importRetained(client: Client, from: RetainedSnapshot, to: ImportTarget): Promise<ImportedSnapshot> {
  await requireRetained(client, from);
  return importHandle(client, from, to);
}

/** Makes sure that the content is there and keeps the snapshot, whoever removes the one that is imported. Throws RecoveryPointUnusable. */
export async function requireRetained(client: Client, from: RetainedSnapshot): Promise<void> {
  const { name } = from.content;
  const object = await getOrUndefined(client, volumeSnapshotContents, { name });
  const why = whyNotKept(from, object === undefined ? undefined : projectContent(object));
  if (why !== undefined) throw fail('RecoveryPointUnusable', `VolumeSnapshotContent ${name}, which keeps the data, ${why}.`);
}

function whyNotKept({ content, driver, handle }: RetainedSnapshot, found: ContentView | undefined): string | undefined {
  if (found?.metadata.uid !== content.uid) return 'is gone';
  if (found.metadata.deletionTimestamp !== undefined) return 'is being deleted';
  if (found.driver !== driver || found.handle !== handle) return 'is of another snapshot';
  return found.deletionPolicy === 'Retain' ? undefined : 'has not policy Retain any more';
}
