import { labels } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import { retainedDigestFile, retainedPointFile, type RetainedPoint } from '../../api/retainedpoint.js';
import { record } from '../../manifests/json.js';
import { ApiError, isAlreadyExists, isConflict } from '../../runtime/api-error.js';
import type { Client } from '../../runtime/client.js';
import { hasFinalizer, removeFinalizer } from '../../runtime/finalizers.js';
import type { KubeObject } from '../../runtime/object.js';
import { secrets } from '../../runtime/resource.js';
import { getOrUndefined } from '../../runtime/get-or-undefined.js';
import type { OperatorDeps } from '../deps.js';
import { partFile, partName, partSecret, pointName, pointSecret, retainedFinalizer } from './objects.js';
import { decodePoint, encodePoint, joinParts } from './point.js';

/** Where recovery points lie: Secrets of the operator's own namespace, read and written as the operator. */
export interface RetainedPlace {
  readonly client: Client;
  readonly namespace: string;
}

export function placeOf({ client, retained }: Pick<OperatorDeps, 'client' | 'retained'>): RetainedPlace {
  return { client, namespace: retained.namespace };
}

/** A recovery point that was read. */
export interface FoundPoint {
  readonly point: RetainedPoint;
  readonly digest: string;
  /** Somebody has deleted its Secret; it goes when nobody needs it any more. */
  readonly deleting: boolean;
}

const tries = 3;

/** Writes a recovery point: its parts, and last the Secret that makes them one. Can be repeated. Throws RetainRefused. */
export async function writePoint(place: RetainedPlace, point: RetainedPoint, parts: readonly Buffer[]): Promise<void> {
  const encoded = encodePoint(point);
  for (const [i, part] of parts.entries()) await write(place, partSecret(place.namespace, point, i, part));
  await write(place, pointSecret(place.namespace, point, encoded));
}

/** Makes the Secret, or finds it made; one of its name that is another, or is going, is replaced. */
async function write(place: RetainedPlace, secret: KubeObject): Promise<void> {
  const { name } = secret.metadata;
  try {
    for (let i = 0; i < tries; i += 1) {
      if (await create(place.client, secret)) return;
      const existing = await getOrUndefined(place.client, secrets, { namespace: place.namespace, name });
      if (existing === undefined) continue;
      if (existing.metadata.deletionTimestamp === undefined && holds(existing, secret)) return;
      await drop(place.client, existing);
    }
  } catch (error) {
    throw refusal(place, name, error);
  }
  throw fail('RetainRefused', `Secret ${name} could not be written in namespace ${place.namespace}: somebody else keeps writing it.`);
}

async function create(client: Client, secret: KubeObject): Promise<boolean> {
  try {
    await client.create(secrets, secret);
    return true;
  } catch (error) {
    if (isAlreadyExists(error)) return false;
    throw error;
  }
}

/** Data, labels and the finalizer: without that nobody would remove the data with it. */
function holds(existing: KubeObject, wanted: KubeObject): boolean {
  const [has, wants] = [record(existing['data']), record(wanted['data'])];
  const labelled = Object.entries(wanted.metadata.labels ?? {}).every(([key, value]) => existing.metadata.labels?.[key] === value);
  const guarded = (wanted.metadata.finalizers ?? []).every((finalizer) => hasFinalizer(existing, finalizer));
  return labelled && guarded && Object.keys(wants).every((key) => has[key] === wants[key]);
}

/** What the API server refuses, a quota above all, is for the user to see; what passes is tried again. */
function refusal({ namespace }: RetainedPlace, name: string, error: unknown): unknown {
  if (!(error instanceof ApiError) || isConflict(error) || error.code < 400 || error.code >= 500 || error.code === 401 || error.code === 429) return error;
  return fail('RetainRefused', `Secret ${name} could not be written in namespace ${namespace}, in which retained recovery points lie: ${error.message}`, { cause: error });
}

/** The Secret goes, and nothing but it: without the finalizer nobody takes its deletion for the wish to remove the data. */
async function drop(client: Client, secret: KubeObject): Promise<void> {
  const { name, namespace = '', uid } = secret.metadata;
  await removeFinalizer(client, secrets, secret, retainedFinalizer);
  await client.delete(secrets, { namespace, name }, uid === undefined ? {} : { uid });
}

/** Takes back what {@link writePoint} wrote, or has begun to write: the first Secret before its parts. The data is not touched. Can be repeated. */
export async function unwritePoint(place: RetainedPlace, uid: string): Promise<void> {
  const first = await getOrUndefined(place.client, secrets, { namespace: place.namespace, name: pointName(uid) });
  if (first !== undefined) await drop(place.client, first);
  await removeParts(place, uid);
}

/** Removes the parts of a recovery point; resolves with how many there were. */
export async function removeParts({ client, namespace }: RetainedPlace, uid: string): Promise<number> {
  const { items } = await client.list(secrets, { namespace, labelSelector: `${labels.retainedPart}=${uid}` });
  for (const { metadata } of items) await client.delete(secrets, { namespace, name: metadata.name }, metadata.uid === undefined ? {} : { uid: metadata.uid });
  return items.length;
}

/** Whether the first Secret is there, and stays. */
export async function isWritten({ client, namespace }: RetainedPlace, uid: string): Promise<boolean> {
  const first = await getOrUndefined(client, secrets, { namespace, name: pointName(uid) });
  return first !== undefined && first.metadata.deletionTimestamp === undefined;
}

/** Whether it is also found by its labels, and keeps its data from being forgotten: else it is written anew. */
export async function isListed({ client, namespace }: RetainedPlace, uid: string): Promise<boolean> {
  const first = await getOrUndefined(client, secrets, { namespace, name: pointName(uid) });
  if (first === undefined || first.metadata.deletionTimestamp !== undefined) return false;
  return first.metadata.labels?.[labels.retained] === 'true' && first.metadata.labels[labels.appSnapshot] === uid && hasFinalizer(first, retainedFinalizer);
}

/** Reads a recovery point; undefined when there is none. Throws RecoveryPointUnusable. */
export async function readPoint({ client, namespace }: RetainedPlace, uid: string): Promise<FoundPoint | undefined> {
  const secret = await getOrUndefined(client, secrets, { namespace, name: pointName(uid) });
  if (secret === undefined) return undefined;
  const digest = fileOf(secret, retainedDigestFile).toString('utf8');
  return { point: decodePoint({ text: fileOf(secret, retainedPointFile).toString('utf8'), digest }, uid), digest, deleting: secret.metadata.deletionTimestamp !== undefined };
}

/** Reads the configuration of a recovery point as it was archived. Throws CaptureDamaged. */
export async function readParts({ client, namespace }: RetainedPlace, { source, capture }: RetainedPoint): Promise<Buffer> {
  const digests = capture?.parts ?? [];
  const found = digests.map(async (_, i) => {
    const secret = await getOrUndefined(client, secrets, { namespace, name: partName(source.appSnapshot.uid, i) });
    return secret === undefined ? undefined : fileOf(secret, partFile);
  });
  return joinParts(await Promise.all(found), digests);
}

function fileOf(secret: KubeObject, key: string): Buffer {
  const encoded = record(secret['data'])[key];
  return Buffer.from(typeof encoded === 'string' ? encoded : '', 'base64');
}
