import { createHmac } from 'node:crypto';
import type { KubeObject } from '../runtime/object.js';
import type { ResourceType } from '../runtime/resource.js';
import { canonicalJson } from './captured.js';
import { cleaned } from './clean.js';
import { isRecord, record, type Json } from './json.js';
import { kindKey } from './pod-templates.js';

/** One difference; `from` undefined: appears, `to` undefined: goes. */
export interface Change {
  /** JSON pointer. */
  readonly path: string;
  readonly from?: string;
  readonly to?: string;
}

/** Values longer than this are cut. */
const maxValue = 16 * 1024;

/**
 * What changes between two states of one object, without runtime fields. Values of Secrets appear as length and a digest
 * with `salt` (random, of one plan): equal values can be seen to be equal, but not guessed.
 */
export function diffObjects(type: ResourceType, before: KubeObject, after: KubeObject, salt: string): Change[] {
  const view = (object: KubeObject): Json => hideSecrets(type, cleaned(type, object), salt);
  return diff('', view(before), view(after));
}

/** The object, values of a Secret replaced by their length and digest. */
export function hideSecrets(type: ResourceType, object: KubeObject, salt: string): Json {
  if (kindKey(type) !== '/Secret') return object;
  const hidden = { ...object } as Json;
  for (const field of ['data', 'stringData']) {
    if (hidden[field] === undefined) continue;
    hidden[field] = Object.fromEntries(Object.entries(record(hidden[field])).map(([key, value]) => [key, hide(String(value), salt)]));
  }
  return hidden;
}

function hide(value: string, salt: string): string {
  const bytes = Buffer.from(value, 'base64');
  return `${bytes.length} bytes, ${createHmac('sha256', salt).update(bytes).digest('hex').slice(0, 12)}`;
}

function diff(path: string, before: unknown, after: unknown): Change[] {
  if (isRecord(before) && isRecord(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => diff(`${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, before[key], after[key]));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) return before.flatMap((element, i) => diff(`${path}/${i}`, element, (after as unknown[])[i]));
  if (before === after || canonicalJson(before ?? null) === canonicalJson(after ?? null)) return [];
  return [{ path, ...(before === undefined ? {} : { from: show(before) }), ...(after === undefined ? {} : { to: show(after) }) }];
}

function show(value: unknown): string {
  const text = canonicalJson(value);
  return text.length > maxValue ? `${text.slice(0, maxValue)}…` : text;
}
