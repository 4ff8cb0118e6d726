import { isForbidden } from '../runtime/api-error.js';
import type { KubeObject } from '../runtime/object.js';
import type { ResourceType } from '../runtime/resource.js';
import type { ServiceAccountRef } from '../runtime/service-account.js';
import type { OperatorDeps } from './deps.js';

/** The older API of events: the one whose field selector every server knows by the object's uid. */
const coreEvents: ResourceType = { group: '', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };

interface CoreEvent extends KubeObject {
  reason?: string;
  message?: string;
  lastTimestamp?: string | null;
  eventTime?: string | null;
}

/** What the newest warning about an object of the account's namespace says, read as the account; undefined without one, or without the right to see it. */
export async function lastWarning(account: ServiceAccountRef, uid: string | undefined, deps: Pick<OperatorDeps, 'client'>): Promise<string | undefined> {
  if (uid === undefined) return undefined;
  try {
    const { items } = await deps.client.as(account).list<CoreEvent>(coreEvents, { namespace: account.namespace, fieldSelector: `involvedObject.uid=${uid},type=Warning` });
    const newest = items.sort((a, b) => timeOf(b) - timeOf(a))[0];
    return newest === undefined ? undefined : `${newest.reason ?? 'Warning'}: ${newest.message ?? ''}`.replace(/\s+/g, ' ').slice(0, 1000);
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

function timeOf(event: CoreEvent): number {
  return Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '') || 0;
}
