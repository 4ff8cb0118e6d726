import { annotations, labels } from '../api/common.js';
import { fail } from '../api/errors.js';
import { isAlreadyExists, isConflict, isNotFound } from '../runtime/api-error.js';
import type { Client } from '../runtime/client.js';
import type { KubeObject, OwnerReference } from '../runtime/object.js';
import { secrets } from '../runtime/resource.js';
import { pack, unpack } from './archive.js';
import type { Capture } from './captured.js';
import { record } from './json.js';

/** Compressed bytes in one Secret: 512 KiB once encoded, half of what the API server takes. */
const chunkBytes = 384 * 1024;
const dataKey = 'capture';
/** Writes that another AppSnapshot of the same digest may cross. */
const tries = 5;

/** The AppSnapshot that needs a capture. */
export interface CaptureOwner {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid?: string };
}

/** What status records of a stored capture. */
export interface StoredCapture {
  readonly objects: number;
  readonly digest: string;
  /** Names of the Secrets, in order. */
  readonly secrets: string[];
  readonly missing: string[];
}

/**
 * Saves a capture in Secrets of its namespace, once per digest: an AppSnapshot that captures the same becomes one more
 * owner, and garbage collection counts them. `client` acts as the account. What is there already is unpacked and checked;
 * damaged Secrets are written anew. Can be repeated. Throws CaptureFailed.
 */
export async function storeCapture(client: Client, capture: Capture, owner: CaptureOwner): Promise<StoredCapture> {
  const { namespace, digest } = capture;
  const existing = (await listChunks(client, namespace, digest)).map((s) => s.metadata.name);
  const result = (names: string[]): StoredCapture => ({ objects: capture.objects.length, digest, secrets: names, missing: [...capture.missing] });
  if (existing.length > 0 && (await isIntact(client, namespace, digest, existing))) {
    const kept = await Promise.all(existing.map((name) => addOwner(client, namespace, name, ownerOf(owner))));
    // Whoever was its last owner may have let it go in between: then it is written anew.
    if (kept.every(Boolean)) return result(existing);
  }
  const archive = pack(capture);
  const count = Math.ceil(archive.length / chunkBytes);
  const names = Array.from({ length: count }, (_, i) => `stillpoint-capture-${shortDigest(digest)}-${i}`);
  for (const [i, name] of names.entries()) {
    const chunk = archive.subarray(i * chunkBytes, (i + 1) * chunkBytes);
    await writeChunk(client, chunkSecret(namespace, name, digest, chunk, [ownerOf(owner)]));
  }
  return result(names);
}

/** Reads a capture and verifies its digest: a tenant can edit the Secrets. Throws CaptureDamaged, also when one is gone. */
export async function loadCapture(client: Client, namespace: string, stored: Pick<StoredCapture, 'digest' | 'secrets'>): Promise<Capture> {
  return { ...unpack(await readArchive(client, namespace, stored), stored.digest), missing: [] };
}

/** The same as it is stored. Throws CaptureDamaged when a Secret is gone; the digest is not looked at. */
export async function readArchive(client: Client, namespace: string, stored: Pick<StoredCapture, 'secrets'>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (const name of stored.secrets) {
    try {
      chunks.push(chunkOf(await client.get(secrets, { namespace, name })));
    } catch (error) {
      if (isNotFound(error)) throw fail('CaptureDamaged', `Secret ${name} with saved configuration is gone.`, { cause: error });
      throw error;
    }
  }
  return Buffer.concat(chunks);
}

/** The AppSnapshot needs its captures no longer; a Secret without another owner goes. Can be repeated. */
export async function releaseCapture(client: Client, owner: CaptureOwner): Promise<void> {
  const { namespace, uid } = owner.metadata;
  if (namespace === undefined || uid === undefined) throw new RangeError('an owner of a capture is a stored object of a namespace');
  const { items } = await client.list(secrets, { namespace, labelSelector: labels.capture });
  for (const { metadata } of items) {
    const owners = metadata.ownerReferences ?? [];
    if (!owners.some((o) => o.uid === uid)) continue;
    await editOwners(client, namespace, metadata.name, (now) => now.filter((o) => o.uid !== uid));
  }
}

function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

function ownerOf(owner: CaptureOwner): OwnerReference {
  const { name, uid } = owner.metadata;
  if (owner.apiVersion === undefined || owner.kind === undefined || uid === undefined) throw new RangeError('an owner of a capture is a stored object');
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid };
}

async function listChunks(client: Client, namespace: string, digest: string): Promise<KubeObject[]> {
  const { items } = await client.list(secrets, { namespace, labelSelector: `${labels.capture}=${shortDigest(digest)}` });
  const index = (s: KubeObject): number => Number(s.metadata.name.split('-').pop());
  return items.filter((s) => s.metadata.deletionTimestamp === undefined).sort((a, b) => index(a) - index(b));
}

async function isIntact(client: Client, namespace: string, digest: string, names: readonly string[]): Promise<boolean> {
  try {
    await loadCapture(client, namespace, { digest, secrets: [...names] });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'CaptureDamaged') return false;
    throw error;
  }
}

function chunkOf(secret: KubeObject): Buffer {
  const encoded = record(secret['data'])[dataKey];
  return Buffer.from(typeof encoded === 'string' ? encoded : '', 'base64');
}

function chunkSecret(namespace: string, name: string, digest: string, chunk: Buffer, ownerReferences: OwnerReference[]): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: { [labels.capture]: shortDigest(digest), [labels.internal]: 'capture' },
      annotations: { [annotations.captureDigest]: digest },
      ownerReferences,
    },
    type: 'Opaque',
    immutable: true,
    data: { [dataKey]: chunk.toString('base64') },
  };
}

/** Writes a chunk; one of that name with other content is replaced, its owners kept. */
async function writeChunk(client: Client, secret: KubeObject): Promise<void> {
  const { name, namespace = '' } = secret.metadata;
  const [owner] = secret.metadata.ownerReferences ?? [];
  for (let i = 0; i < tries; i += 1) {
    try {
      await client.create(secrets, secret);
      return;
    } catch (error) {
      if (!isAlreadyExists(error)) throw refused(name, error);
    }
    const existing = await find(client, namespace, name);
    if (existing === undefined) continue;
    if (chunkOf(existing).equals(chunkOf(secret)) && owner !== undefined && existing.metadata.deletionTimestamp === undefined) {
      if (await addOwner(client, namespace, name, owner)) return;
      continue;
    }
    const others = (existing.metadata.ownerReferences ?? []).filter((o) => o.uid !== owner?.uid);
    secret.metadata.ownerReferences = [...others, ...(owner === undefined ? [] : [owner])];
    const { uid } = existing.metadata;
    await client.delete(secrets, { namespace, name }, uid === undefined ? {} : { uid });
  }
  throw fail('CaptureFailed', `Secret ${name} could not be written: somebody else keeps writing it.`);
}

function refused(name: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  return fail('CaptureFailed', `Secret ${name} could not be written: ${message}`, { cause: error });
}

async function addOwner(client: Client, namespace: string, name: string, owner: OwnerReference): Promise<boolean> {
  return editOwners(client, namespace, name, (now) => (now.some((o) => o.uid === owner.uid) ? now : [...now, owner]));
}

/** Changes the owners on condition of the resourceVersion; without any left the Secret goes. False when it is not there. */
async function editOwners(client: Client, namespace: string, name: string, edit: (owners: OwnerReference[]) => OwnerReference[]): Promise<boolean> {
  for (let i = 0; i < tries; i += 1) {
    const secret = await find(client, namespace, name);
    if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return false;
    const before = secret.metadata.ownerReferences ?? [];
    const ownerReferences = edit(before);
    if (ownerReferences === before) return true;
    const { resourceVersion, uid } = secret.metadata;
    try {
      if (ownerReferences.length === 0) {
        // As it was seen: another AppSnapshot may become an owner in this moment. What happened is looked at.
        await client.delete(secrets, { namespace, name }, { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) });
        continue;
      }
      await client.mergePatch(secrets, { namespace, name }, { metadata: { resourceVersion, ownerReferences } });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      if (!isConflict(error)) throw refused(name, error);
    }
  }
  throw fail('CaptureFailed', `The owners of Secret ${name} could not be written: somebody else keeps writing it.`);
}

async function find(client: Client, namespace: string, name: string): Promise<KubeObject | undefined> {
  try {
    return await client.get(secrets, { namespace, name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
