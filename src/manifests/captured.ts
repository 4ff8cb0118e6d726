import { createHash } from 'node:crypto';
import type { KubeObject } from '../runtime/object.js';
import type { ResourceType } from '../runtime/resource.js';

/** One object of a capture: raw JSON without runtime fields, and where it lives in the API. */
export interface CapturedObject {
  readonly type: ResourceType;
  readonly object: KubeObject;
  /** A claim that a restore fills with its data. */
  readonly filled?: true;
}

/** The configuration of a namespace at one moment. */
export interface Capture {
  readonly namespace: string;
  /** In the order of {@link objectId}. */
  readonly objects: readonly CapturedObject[];
  /** Resources that could not be listed, with the reason. */
  readonly missing: readonly string[];
  /** `sha256:<hex>` over the objects. */
  readonly digest: string;
}

/** `plural.group`, or `plural` for the core group: how specs name a resource. */
export function resourceName(type: Pick<ResourceType, 'group' | 'plural'>): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

/** `plural.group/name`: names an object within one namespace, also in status. */
export function objectId(captured: CapturedObject): string {
  return `${resourceName(captured.type)}/${captured.object.metadata.name}`;
}

/** Sorts by id; the order of a capture does not depend on the server. */
export function sorted(objects: readonly CapturedObject[]): CapturedObject[] {
  return [...objects].sort((a, b) => compare(objectId(a), objectId(b)));
}

/** JSON with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, v]) => v !== undefined);
    return `{${entries
      .sort(([a], [b]) => compare(a, b))
      .map(([key, v]) => `${JSON.stringify(key)}:${canonicalJson(v)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Digest of objects in the order of their ids: the same for the same configuration, whoever read it. */
export function digestOf(objects: readonly CapturedObject[]): string {
  const hash = createHash('sha256');
  for (const captured of sorted(objects)) hash.update(`${resourceName(captured.type)}\n${canonicalJson(captured.object)}\n`);
  return `sha256:${hash.digest('hex')}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
