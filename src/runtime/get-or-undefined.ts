import { isNotFound } from './api-error.js';
import type { Client } from './client.js';
import type { KubeObject, ObjectKey } from './object.js';
import type { ResourceType } from './resource.js';

/** A read in which absence is an answer. */
export async function getOrUndefined(client: Client, type: ResourceType, key: ObjectKey): Promise<KubeObject | undefined> {
  try {
    return await client.get(type, key);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
