import { labels } from '../../api/common.js';
import type { AppRestore } from '../../api/kinds.js';
import { ApiError, isAlreadyExists } from '../../runtime/api-error.js';
import { pods } from '../../runtime/resource.js';
import type { OperatorDeps } from '../deps.js';
import { fixupRole } from './fixup-pod.js';
import type { PlannedFixup } from './fixup-plan.js';
import type { RawPod } from './pod-state.js';
import { targetAccount, targetNamespace } from './steps.js';

/** Bytes of a failed step's log that reach status. */
const logBytes = 2048;

/** The pods of steps that this restore has made, by name; read from the API, not from the cache. */
export async function listFixupPods(object: AppRestore, deps: OperatorDeps): Promise<ReadonlyMap<string, RawPod>> {
  const labelSelector = `${labels.restore}=${object.metadata.uid},${labels.internal}=${fixupRole}`;
  const { items } = await deps.client.list<RawPod>(pods, { namespace: targetNamespace(object), labelSelector });
  return new Map(items.map((pod) => [pod.metadata.name, pod]));
}

/** Makes the pod as the target's account; one that is there already counts as made. */
export async function createFixupPod(object: AppRestore, fixup: PlannedFixup, deps: OperatorDeps): Promise<void> {
  try {
    await deps.client.as(targetAccount(object)).create(pods, fixup.pod);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** Removes pods of steps as the target's account. Does not wait: call again until none is left. Resolves with how many were there. */
export async function removeFixupPods(object: AppRestore, deps: OperatorDeps): Promise<number> {
  const found = [...(await listFixupPods(object, deps)).values()];
  for (const pod of found) await removeFixupPod(object, pod, deps);
  return found.length;
}

export async function removeFixupPod(object: AppRestore, { metadata }: RawPod, deps: OperatorDeps): Promise<void> {
  if (metadata.deletionTimestamp !== undefined) return;
  const account = targetAccount(object);
  await deps.client.as(account).delete(pods, { namespace: account.namespace, name: metadata.name }, metadata.uid === undefined ? {} : { uid: metadata.uid });
}

/** The end of the log of a step's pod, read as the target's account; a sentence instead when it cannot be read. Only our own programs run in it. */
export async function logTail(object: AppRestore, from: { readonly pod: string; readonly container: string }, deps: OperatorDeps): Promise<string> {
  const account = targetAccount(object);
  const query = new URLSearchParams({ container: from.container, tailLines: '20', limitBytes: String(logBytes) });
  const path = `/api/v1/namespaces/${encodeURIComponent(account.namespace)}/pods/${encodeURIComponent(from.pod)}/log?${query.toString()}`;
  try {
    const text = await deps.client.as(account).raw(path, { accept: 'text/plain, */*' });
    return typeof text === 'string' ? text.trim().slice(-logBytes) : '';
  } catch (error) {
    if (error instanceof ApiError) return `(its log could not be read: ${error.message})`;
    throw error;
  }
}
