import { labels } from '../../api/common.js';
import { moverRole } from '../../movers/job.js';
import type { Client } from '../../runtime/client.js';
import { persistentVolumeClaims, secrets, type ResourceType } from '../../runtime/resource.js';
import { listMovers, removeMover } from './jobs.js';

/** All of the movers that work for one object: its label on them, and where they are. */
export interface MoversOf {
  readonly namespace: string;
  readonly label: { readonly key: string; readonly value: string };
}

/** Those of an AppSnapshot. */
export function moversOfSnapshot({ metadata }: { readonly metadata: { readonly namespace: string; readonly uid: string } }): MoversOf {
  return { namespace: metadata.namespace, label: { key: labels.appSnapshot, value: metadata.uid } };
}

/**
 * Removes what movers used and nobody needs any more: Jobs with their pods, claims, Secrets, but for those of the names to keep. Never waits: call again until it
 * resolves with 0. `client` acts as the account.
 */
export async function removeMoverObjects(client: Client, of: MoversOf, keep: ReadonlySet<string>): Promise<number> {
  const { jobs } = await listMovers(client, of.namespace, of.label);
  const gone = jobs.filter((job) => !keep.has(job.metadata.name));
  for (const job of gone) await removeMover(client, job);
  const others = await Promise.all([persistentVolumeClaims, secrets].map((type) => removeOf(type, client, of, keep)));
  return gone.length + others.reduce((sum, count) => sum + count, 0);
}

/** A claim stays until the pod that mounts it has ended. */
async function removeOf(type: ResourceType, client: Client, { namespace, label }: MoversOf, keep: ReadonlySet<string>): Promise<number> {
  const labelSelector = `${labels.internal}=${moverRole},${label.key}=${label.value}`;
  const { items } = await client.list(type, { namespace, labelSelector });
  const gone = items.filter((item) => !keep.has(item.metadata.name));
  for (const { metadata } of gone) {
    if (metadata.deletionTimestamp === undefined) await client.delete(type, { namespace, name: metadata.name }, metadata.uid === undefined ? {} : { uid: metadata.uid });
  }
  return gone.length;
}
