import { fail } from '../../api/errors.js';
import type { BackupTarget } from '../../api/kinds.js';
import { keySecretOf } from '../../movers/place.js';
import { isNotFound } from '../../runtime/api-error.js';
import type { Client } from '../../runtime/client.js';
import type { ServiceAccountRef } from '../../runtime/service-account.js';
import type { Right } from '../authority.js';
import { secretReader } from '../secret-reader.js';

/** What a Secret of a target is for, and the keys that it must have. */
interface NeededSecret {
  readonly field: string;
  readonly name: string;
  readonly keys: readonly string[];
}

/** The Secret with the key, where it is another one than that of the target, and the field that names it. */
export interface OtherKey {
  readonly field: string;
  readonly name: string;
}

/** Rights to read the Secrets of a target: whoever writes or reads by them must be allowed to see them. Pure. */
export function rightsToSecrets(target: BackupTarget, key?: OtherKey): Right[] {
  return neededSecrets(target, key).map(({ name }) => ({ verb: 'get', group: '', resource: 'secrets', name }));
}

function neededSecrets(target: BackupTarget, key?: OtherKey): NeededSecret[] {
  const { s3 } = target.spec;
  const at = (field: string): string => `BackupTarget ${target.metadata.name}, spec.${field}`;
  return [
    { ...(key ?? { field: at('encryptionKeySecretRef'), name: keySecretOf(target) }), keys: ['password'] },
    ...(s3 === undefined ? [] : [{ field: at('s3.credentialsSecretRef'), name: s3.credentialsSecretRef.name, keys: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] }]),
    ...(s3?.caSecretRef === undefined ? [] : [{ field: at('s3.caSecretRef'), name: s3.caSecretRef.name, keys: ['ca.crt'] }]),
  ];
}

/** Makes sure, as the account, that a mover finds what it mounts; a pod that lacks it would wait without a word. Throws TargetSecretMissing. */
export async function requireSecrets(client: Client, account: ServiceAccountRef, target: BackupTarget, key?: OtherKey): Promise<void> {
  const read = secretReader(client, account);
  for (const { field, name, keys } of neededSecrets(target, key)) {
    const data = await readOrMissing(read, name, field);
    const missing = keys.filter((key) => (data[key] ?? '') === '');
    if (missing.length > 0) throw fail('TargetSecretMissing', `${field}: Secret ${name} lacks ${missing.join(' and ')}.`, { afterSeconds: 30 });
  }
}

async function readOrMissing(read: ReturnType<typeof secretReader>, name: string, field: string): Promise<Readonly<Record<string, string>>> {
  try {
    return await read(name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw fail('TargetSecretMissing', `${field}: there is no Secret ${name}.`, { cause: error, afterSeconds: 30 });
  }
}
