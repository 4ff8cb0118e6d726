import { fail } from '../../../api/errors.js';
import type { AppRestore } from '../../../api/kinds.js';
import { recoveryPointFile, type RecoveryPoint } from '../../../api/recoverypoint.js';
import type { Capture } from '../../../manifests/captured.js';
import { loadCapture } from '../../../manifests/store.js';
import { isNotFound } from '../../../runtime/api-error.js';
import type { Client } from '../../../runtime/client.js';
import type { KubeObject } from '../../../runtime/object.js';
import { secrets } from '../../../runtime/resource.js';
import type { OperatorDeps } from '../../deps.js';
import type { ReadCopy } from '../copy.js';
import { finalFailure, readerAccount, readerNamespace } from '../steps.js';
import { copyOfPoint, digestOf, readDocument } from './document.js';
import { fetchedNames } from './objects.js';
import { stagedCopy } from './staged.js';

/**
 * The copy that was fetched from a BackupTarget. The document has the digest in status, and the configuration the one in the document: whoever may write Secrets of the
 * namespace changes nothing. Throws CaptureDamaged, InvalidSpec, RecoveryPointUnusable.
 */
export async function readRemoteCopy(object: AppRestore, deps: OperatorDeps): Promise<ReadCopy> {
  const { source } = object.status ?? {};
  if (source === undefined) throw new Error('nothing was fetched');
  const client = deps.client.as(readerAccount(object));
  const text = await readText(client, object);
  if (digestOf(text) !== source.digest) throw fail('CaptureDamaged', `Secret ${fetchedNames(object, 0).document} with the recovery point was changed.`);
  const point = readDocument(text, object, source.setId);
  return { copy: stagedCopy(object, copyOfPoint(point, source)), capture: await readCapture(client, object, point) };
}

async function readText(client: Client, object: AppRestore): Promise<string> {
  const name = fetchedNames(object, 0).document;
  try {
    const { data } = await client.get<KubeObject & { data?: Record<string, string> }>(secrets, { namespace: readerNamespace(object), name });
    return Buffer.from(data?.[recoveryPointFile] ?? '', 'base64').toString('utf8');
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw fail('CaptureDamaged', `Secret ${name} with the recovery point is gone.`, { cause: error });
  }
}

/** Volumes alone can be restored without it. */
async function readCapture(client: Client, object: AppRestore, { id, capture }: RecoveryPoint): Promise<Capture | undefined> {
  const volumesOnly = object.spec.what === 'Volumes';
  if (capture === undefined) {
    if (volumesOnly) return undefined;
    throw finalFailure('InvalidSpec', `spec.what: recovery point ${id} was made without configuration (spec.capture.enabled: false); restore with what: Volumes.`);
  }
  try {
    return await loadCapture(client, readerNamespace(object), { digest: capture.digest, secrets: [...fetchedNames(object, capture.files.length).parts] });
  } catch (error) {
    if (volumesOnly && error instanceof Error && 'code' in error && error.code === 'CaptureDamaged') return undefined;
    throw error;
  }
}
