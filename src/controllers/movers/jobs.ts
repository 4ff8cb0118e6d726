import { labels } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import type { BackupTarget } from '../../api/kinds.js';
import { isAlreadyExists, isNotFound } from '../../runtime/api-error.js';
import type { Client } from '../../runtime/client.js';
import type { KubeObject } from '../../runtime/object.js';
import { parseJson } from '../../runtime/parse-json.js';
import { jobs, pods } from '../../runtime/resource.js';
import { moverRole } from '../../movers/job.js';
import { isMoverOf } from '../../movers/names.js';
import { isDead, type MoverJobState, type MoverPod } from '../../movers/outcome.js';
import { moverProgress, type MoverProgress } from '../../movers/request.js';

/** Jobs of movers, and their pods. */
export interface Movers {
  readonly jobs: readonly MoverJobState[];
  readonly pods: readonly MoverPod[];
}

/** All movers with a label, read from the API as the account: they are few, and what a cache has not heard of would be made twice. */
export async function listMovers(client: Client, namespace: string, label: { readonly key: string; readonly value: string }): Promise<Movers> {
  const labelSelector = `${labels.internal}=${moverRole},${label.key}=${label.value}`;
  const [foundJobs, foundPods] = await Promise.all([client.list<MoverJobState>(jobs, { namespace, labelSelector }), client.list<MoverPod>(pods, { namespace, labelSelector })]);
  return { jobs: foundJobs.items, pods: foundPods.items };
}

/** Makes the Job; one of its name that has the same owner is the one that an earlier try made. Throws MoverFailed. */
export async function ensureMover(client: Client, job: KubeObject): Promise<void> {
  try {
    await client.create(jobs, job);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const { name, namespace = '', ownerReferences } = job.metadata;
    const found = await client.get(jobs, { namespace, name });
    if (found.metadata.ownerReferences?.some((o) => o.uid === ownerReferences?.[0]?.uid) === true) return;
    throw fail('MoverFailed', `Job ${name} exists, and is none of Stillpoint's. Delete it: its name is needed.`, { cause: error, afterSeconds: 30 });
  }
}

/** Removes a Job with its pods. Can be repeated. */
export async function removeMover(client: Client, { metadata }: KubeObject): Promise<void> {
  if (metadata.deletionTimestamp !== undefined) return;
  await client.delete(jobs, { namespace: metadata.namespace ?? '', name: metadata.name }, { propagation: 'Background', ...(metadata.uid === undefined ? {} : { uid: metadata.uid }) });
}

/** Of the hosts that hold locks, those that are movers of this target and certainly no more: their pods are gone or have ended. */
export async function deadHosts(client: Client, { metadata }: BackupTarget, hosts: readonly string[]): Promise<string[]> {
  const dead: string[] = [];
  for (const host of hosts) if (isMoverOf(metadata.uid, host) && isDead(await findPod(client, metadata.namespace, host))) dead.push(host);
  return dead;
}

async function findPod(client: Client, namespace: string, name: string): Promise<MoverPod | undefined> {
  try {
    return await client.get<MoverPod>(pods, { namespace, name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The last that a mover said of how far it is; undefined when it has not said anything, or its log cannot be read. */
export async function progressOf(client: Client, pod: MoverPod): Promise<MoverProgress | undefined> {
  const { namespace = '', name } = pod.metadata;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log?tailLines=1&limitBytes=4096`;
  let text: unknown;
  try {
    text = await client.raw(path, { accept: 'text/plain, */*' });
  } catch {
    // It is not started yet, or the kubelet does not answer: how far it is can wait.
    return undefined;
  }
  // A line that is JSON comes back parsed where the server says so.
  const parsed = moverProgress.safeParse(typeof text === 'string' ? parseJson(text) : text);
  return parsed.success ? parsed.data : undefined;
}
