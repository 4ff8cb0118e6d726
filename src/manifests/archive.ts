import { gunzipSync, gzipSync } from 'node:zlib';
import { fail } from '../api/errors.js';
import { apiVersionOf, type ResourceType } from '../runtime/resource.js';
import { canonicalJson, digestOf, sorted, type Capture, type CapturedObject } from './captured.js';
import { isRecord, list, record } from './json.js';

/** Says how to read an archive; a later format gets another word. */
const format = 'stillpoint.dev/capture-v1';
/** An archive that a tenant made to be larger than this when unpacked is damaged by definition. */
const maxBytes = 512 * 1024 * 1024;

/** The objects of a capture, compressed. */
export function pack(capture: Capture): Buffer {
  const objects = sorted(capture.objects).map(({ type, object }) => ({ type, object }));
  return gzipSync(canonicalJson({ format, namespace: capture.namespace, objects }), { level: 9 });
}

/** The inverse of {@link pack}. Throws CaptureDamaged when it is not an archive or has another digest than the given one. */
export function unpack(archive: Buffer, digest: string): Omit<Capture, 'missing'> {
  const content = parse(archive);
  const objects = list(content['objects']).map(readObject);
  const namespace = content['namespace'];
  if (content['format'] !== format || typeof namespace !== 'string' || objects.some((o) => o === undefined)) {
    throw fail('CaptureDamaged', 'The saved configuration is not in the form in which it was written.');
  }
  const whole = objects.filter((o) => o !== undefined);
  const actual = digestOf(whole);
  if (actual !== digest) throw fail('CaptureDamaged', `The saved configuration has digest ${actual}, not ${digest} as recorded: it was changed.`);
  return { namespace, objects: whole, digest };
}

function parse(archive: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(gunzipSync(archive, { maxOutputLength: maxBytes }).toString('utf8'));
    return record(value);
  } catch (error) {
    throw fail('CaptureDamaged', 'The saved configuration cannot be unpacked.', { cause: error });
  }
}

/** Type and object must agree, since the type decides where an object is sent to and only the object is in the digest. */
function readObject(entry: unknown): CapturedObject | undefined {
  const { type, object } = record(entry);
  const { group, version, plural, kind, namespaced } = record(type);
  if (typeof group !== 'string' || typeof version !== 'string' || typeof plural !== 'string' || typeof kind !== 'string' || namespaced !== true) return undefined;
  const resource: ResourceType = { group, version, plural, kind, namespaced };
  if (!isRecord(object) || object['kind'] !== kind || object['apiVersion'] !== apiVersionOf(resource)) return undefined;
  if (typeof record(object['metadata'])['name'] !== 'string') return undefined;
  return { type: resource, object: object as unknown as CapturedObject['object'] };
}
