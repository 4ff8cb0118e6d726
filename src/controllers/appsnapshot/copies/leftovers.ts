import { labels } from '../../../api/common.js';
import type { AppSnapshot } from '../../../api/kinds.js';
import { moverRole } from '../../../movers/job.js';
import type { Client } from '../../../runtime/client.js';
import { persistentVolumeClaims, secrets, type ResourceType } from '../../../runtime/resource.js';
import { listMovers, removeMover } from '../../movers/jobs.js';

/**
 * Removes what movers of an AppSnapshot used and nobody needs any more: Jobs with their pods, claims, Secrets, but for those of the names to keep. Never waits: call
 * again until it resolves with 0. `client` acts as the account.
 */
export async function removeMoverObjects(client: Client, { metadata }: Pick<AppSnapshot, 'metadata'>, keep: ReadonlySet<string>): Promise<number> {
  const { namespace, uid } = metadata;
  const { jobs } = await listMovers(client, namespace, { key: labels.appSnapshot, value: uid });
  const gone = jobs.filter((job) => !keep.has(job.metadata.name));
  for (const job of gone) await removeMover(client, job);
  const others = await Promise.all([persistentVolumeClaims, secrets].map((type) => removeOf(type, client, namespace, uid, keep)));
  return gone.length + others.reduce((sum, count) => sum + count, 0);
}

/** A claim stays until the pod that mounts it has ended. */
async function removeOf(type: ResourceType, client: Client, namespace: string, uid: string, keep: ReadonlySet<string>): Promise<number> {
  const labelSelector = `${labels.internal}=${moverRole},${labels.appSnapshot}=${uid}`;
  const { items } = await client.list(type, { namespace, labelSelector });
  const gone = items.filter((item) => !keep.has(item.metadata.name));
  for (const { metadata } of gone) {
    if (metadata.deletionTimestamp === undefined) await client.delete(type, { namespace, name: metadata.name }, metadata.uid === undefined ? {} : { uid: metadata.uid });
  }
  return gone.length;
}
