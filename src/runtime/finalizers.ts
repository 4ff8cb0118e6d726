import { isNotFound } from './api-error.js';
import type { Client } from './client.js';
import type { KubeObject } from './object.js';
import { keyOf } from './object.js';
import type { ResourceType } from './resource.js';

type Patcher = Pick<Client, 'mergePatch'>;

export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) === true;
}

/**
 * Adds a finalizer in a write of its own, before the first side effect. True when the object was changed: then return and wait for the
 * change to come back. A conflict (409) means that the object was not the newest. Throws when it is being deleted: too late for a finalizer.
 */
export async function addFinalizer(client: Patcher, type: ResourceType, object: KubeObject, finalizer: string): Promise<boolean> {
  if (hasFinalizer(object, finalizer)) return false;
  if (object.metadata.deletionTimestamp !== undefined) throw new Error(`${type.kind} ${object.metadata.name} is being deleted`);
  await write(client, type, object, [...(object.metadata.finalizers ?? []), finalizer]);
  return true;
}

/** Removes a finalizer, after the clean-up has succeeded. An object that is gone counts as done. */
export async function removeFinalizer(client: Patcher, type: ResourceType, object: KubeObject, finalizer: string): Promise<void> {
  if (!hasFinalizer(object, finalizer)) return;
  const rest = object.metadata.finalizers?.filter((f) => f !== finalizer) ?? [];
  try {
    await write(client, type, object, rest);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** A merge patch replaces the whole list: uid and resourceVersion make sure that it is the list we have seen. */
async function write(client: Patcher, type: ResourceType, object: KubeObject, finalizers: string[]): Promise<void> {
  const { uid, resourceVersion } = object.metadata;
  await client.mergePatch(type, keyOf(object), { metadata: { uid, resourceVersion, finalizers } });
}
