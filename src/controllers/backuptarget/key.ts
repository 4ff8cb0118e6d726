import { randomBytes } from 'node:crypto';
import { labels } from '../../api/common.js';
import { fail } from '../../api/errors.js';
import type { BackupTarget } from '../../api/kinds.js';
import { keySecretOf, locationOf } from '../../movers/place.js';
import { isAlreadyExists, isNotFound } from '../../runtime/api-error.js';
import type { Client } from '../../runtime/client.js';
import { secrets } from '../../runtime/resource.js';

/**
 * Makes the key of the repository where the spec names none and there is none, as the account. True when it was made. A key that has opened a repository is never
 * made anew: another would only hide that it is lost. Throws TargetKeyLost.
 */
export async function ensureKey(client: Client, target: BackupTarget): Promise<boolean> {
  const name = keySecretOf(target);
  const { namespace } = target.metadata;
  if (await exists(client, namespace, name)) return false;
  const known = target.status?.repository;
  if (known?.keySecret === name && known.location === locationOf(target)) {
    throw fail('TargetKeyLost', `Secret ${name} is gone, and with it the key of the repository at ${known.location}. Restore it from where you keep it; no other key opens the copies there.`, { afterSeconds: 30 });
  }
  // One that is named is somebody's to make.
  if (target.spec.encryptionKeySecretRef !== undefined) return false;
  try {
    await client.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      // Without an owner: it outlives the object, as the copies do. Marked as ours, so that no capture holds the key to itself.
      metadata: { name, namespace, labels: { [labels.internal]: 'encryption-key' } },
      type: 'Opaque',
      data: { password: Buffer.from(randomBytes(32).toString('base64url')).toString('base64') },
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return false;
  }
  return true;
}

async function exists(client: Client, namespace: string, name: string): Promise<boolean> {
  try {
    await client.get(secrets, { namespace, name });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
