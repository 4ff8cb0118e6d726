import { fail } from '../api/errors.js';
import { isForbidden, isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import type { Discovery } from '../runtime/discovery.js';
import type { KubeObject } from '../runtime/object.js';
import { withType } from '../runtime/resource-client.js';
import type { ResourceType } from '../runtime/resource.js';
import { canonicalJson, digestOf, objectId, resourceName, sorted, type Capture, type CapturedObject } from './captured.js';
import { cleaned } from './clean.js';
import { inParallel } from '../runtime/in-parallel.js';
import { record } from './json.js';
import { isTypeLeftOut, whyLeftOut, type CaptureContext } from './left-out.js';
import { kindKey } from './pod-templates.js';

export interface CaptureRequest {
  /** Acting as the tenant's account: what it may not list is named as missing. */
  readonly client: Client;
  readonly discovery: Pick<Discovery, 'namespacedListable' | 'staleGroups'>;
  readonly namespace: string;
  /** Claims whose data is in the copy; other claims are left out, since they could only come back empty. */
  readonly memberClaims: readonly string[];
  /** `plural.group`; default: every namespaced resource that can be listed. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/**
 * Reads the configuration of a namespace: every namespaced resource by discovery, as raw JSON. The selector of a copy
 * does not narrow it: configuration belongs to the namespace, and an object that is missing at a restore costs more than
 * one too many. Throws CaptureFailed when the server fails in another way than by refusing.
 */
export async function captureNamespace(request: CaptureRequest): Promise<Capture> {
  const { client, namespace, discovery } = request;
  const types = discovery.namespacedListable().filter((type) => !isTypeLeftOut(type) && wanted(type, request));
  const answers = await inParallel(types, async (type) => ({ type, result: await listType(client, type, namespace) }));
  const missing: string[] = discovery.staleGroups.map((group) => `${group}: its API server does not answer`);
  const listed: CapturedObject[] = [];
  for (const { type, result } of answers) {
    if (typeof result === 'string') missing.push(`${resourceName(type)}: ${result}`);
    else listed.push(...result.map((object) => ({ type, object: withType(type, object) })));
  }
  const context = contextOf(listed, request.memberClaims);
  const kept = listed.filter(({ type, object }) => whyLeftOut(type, object, context) === undefined);
  const objects = sorted(kept.map(({ type, object }) => ({ type: bare(type), object: cleaned(type, object) })));
  return { namespace, objects, missing: missing.sort(), digest: digestOf(objects) };
}

/** What differs between two captures, as `plural.group/name`, sorted: appeared, disappeared or changed. Status and resourceVersions do not count. */
export function changedBetween(before: Capture, after: Capture): string[] {
  const texts = (capture: Capture): Map<string, string> => new Map(capture.objects.map((o) => [objectId(o), canonicalJson(o.object)]));
  const [old, now] = [texts(before), texts(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((id) => old.get(id) !== now.get(id)).sort();
}

function wanted(type: ResourceType, request: CaptureRequest): boolean {
  const name = resourceName(type);
  return (request.include?.includes(name) ?? true) && request.exclude?.includes(name) !== true;
}

/** The objects, or the reason why they could not be had. */
async function listType(client: Client, type: ResourceType, namespace: string): Promise<KubeObject[] | string> {
  try {
    return (await client.list(type, { namespace })).items;
  } catch (error) {
    if (isForbidden(error)) return 'the account may not list them';
    if (isNotFound(error)) return 'not served any more';
    const message = error instanceof Error ? error.message : String(error);
    throw fail('CaptureFailed', `${resourceName(type)} could not be listed: ${message}`, { cause: error });
  }
}

function contextOf(listed: readonly CapturedObject[], memberClaims: readonly string[]): CaptureContext {
  const services = listed.filter(({ type, object }) => kindKey(type) === '/Service' && Object.keys(record(record(object['spec'])['selector'])).length > 0);
  return {
    uids: new Set(listed.flatMap(({ object }) => object.metadata.uid ?? [])),
    memberClaims: new Set(memberClaims),
    servicesWithSelector: new Set(services.map(({ object }) => object.metadata.name)),
  };
}

/** The address alone, without what discovery says beside it. */
function bare({ group, version, plural, kind, namespaced }: ResourceType): ResourceType {
  return { group, version, plural, kind, namespaced };
}
