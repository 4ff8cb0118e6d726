import { labels } from '../api/common.js';
import { fail } from '../api/errors.js';
import { isConflict, isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import { volumeSnapshotContents, type ResourceType } from '../runtime/resource.js';
import type { GroupTypes } from './capability.js';
import { projectContent, type ContentCaches, type ContentView } from './contents.js';
import { keptPolicyAnnotation } from './names.js';
import type { ObservedSet } from './observe-set.js';
import { groupDeleted, snapshotDeleted, type Remaining } from './remove-set.js';

/**
 * Makes every content of a set, of its groups and of its members, outlive its snapshot. What was so before by its class is left alone, and not undone either. Can be
 * repeated. Throws SnapshotNotReady when one is not there any more, or goes.
 */
export async function retainContents(client: Client, group: GroupTypes | undefined, { groups, snapshots }: ObservedSet): Promise<void> {
  for (const { name, content } of groups) await retain(client, group?.contents, name, content);
  for (const { name, content } of snapshots) await retain(client, volumeSnapshotContents, name, content);
}

async function retain(client: Client, type: ResourceType | undefined, snapshot: string, content: ContentView | undefined): Promise<void> {
  if (type === undefined || content === undefined || content.metadata.deletionTimestamp !== undefined) throw notThere(snapshot);
  if (content.deletionPolicy === 'Retain') return;
  const { name, uid } = content.metadata;
  const patch = { metadata: { uid, annotations: { [keptPolicyAnnotation]: content.deletionPolicy } }, spec: { deletionPolicy: 'Retain' } };
  let answer: ContentView;
  try {
    answer = projectContent(await client.mergePatch(type, { name }, patch));
  } catch (error) {
    if (isNotFound(error) || isConflict(error)) throw notThere(snapshot, error);
    throw error;
  }
  if (answer.deletionPolicy !== 'Retain' || answer.metadata.deletionTimestamp !== undefined) throw notThere(snapshot);
}

function notThere(snapshot: string, cause?: unknown): Error {
  return fail('SnapshotNotReady', `The content of ${snapshot} is gone or going: there is nothing to retain.`, { cause });
}

/**
 * Undoes {@link retainContents}: contents go with their snapshots again. Resolves with how many were found that did not, in the API or still in a cache: call again until
 * there is none, since a set is removed by what the caches show.
 */
export async function releaseContents(client: Client, group: GroupTypes | undefined, caches: ContentCaches, appSnapshotUid: string): Promise<number> {
  const kept = await keptContents(client, group, appSnapshotUid);
  await Promise.all(
    kept.map(({ type, view: { metadata } }) => {
      const before = metadata.annotations?.[keptPolicyAnnotation] ?? 'Delete';
      return patched(client, type, metadata, { annotations: { [keptPolicyAnnotation]: null } }, before);
    }),
  );
  const stale = [...caches.singles.list(), ...(caches.groups?.list() ?? [])].filter((view) => isKept(view, appSnapshotUid));
  return Math.max(kept.length, stale.length);
}

/**
 * Removes what was kept, with the data in the storage: their snapshots are gone, and nobody else would. A group goes before its members, which are part of it there. Never
 * waits: call again until nothing remains.
 */
export async function removeContents(client: Client, group: GroupTypes | undefined, appSnapshotUid: string): Promise<Remaining> {
  const kept = await keptContents(client, group, appSnapshotUid);
  const groups = kept.filter(({ type }) => type !== volumeSnapshotContents);
  for (const { type, view } of groups.length > 0 ? groups : kept) {
    const { name, uid, deletionTimestamp } = view.metadata;
    if (uid === undefined || deletionTimestamp !== undefined) continue;
    // What the snapshot-controller says to the sidecar when a snapshot with policy Delete goes.
    await patched(client, type, view.metadata, { annotations: { [type === volumeSnapshotContents ? snapshotDeleted : groupDeleted]: 'yes' } }, 'Delete');
    await client.delete(type, { name }, { uid });
  }
  return kept.map(({ type, view }) => `${type.kind} ${view.metadata.name}`);
}

/** A content that outlives its snapshot. */
export interface KeptContent {
  readonly type: ResourceType;
  readonly view: ContentView;
}

/** The contents that were made so, found by the label that every content of a copy has: snapshots and their namespace may be gone. */
export async function keptContents(client: Client, group: GroupTypes | undefined, appSnapshotUid: string): Promise<KeptContent[]> {
  const labelSelector = `${labels.appSnapshot}=${appSnapshotUid}`;
  const lists = [volumeSnapshotContents, ...(group === undefined ? [] : [group.contents])].map(async (type) => {
    const { items } = await client.list(type, { labelSelector });
    return items.map((item) => ({ type, view: projectContent(item) }));
  });
  return (await Promise.all(lists)).flat().filter(({ view }) => isKept(view, appSnapshotUid));
}

function isKept({ metadata }: ContentView, appSnapshotUid: string): boolean {
  return metadata.labels?.[labels.appSnapshot] === appSnapshotUid && metadata.annotations?.[keptPolicyAnnotation] !== undefined;
}

/** One that is gone meanwhile, or another one of its name, needs nothing. */
async function patched(client: Client, type: ResourceType, { name, uid }: ContentView['metadata'], metadata: object, deletionPolicy: string): Promise<void> {
  try {
    await client.mergePatch(type, { name }, { metadata: { uid, ...metadata }, spec: { deletionPolicy } });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
