import type { AppSnapshot } from '../../../src/api/kinds.js';
import { isGood } from '../../apps/postgresql/check.js';
import { bucketTarget, serverSecrets } from '../copies/scene.js';
import type { S3Server } from '../copies/server.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { readRows, type Database } from '../lib/database.js';
import type { LoadHistory } from '../lib/load.js';
import type { Site } from './site.js';

/** What is left when the namespace is gone: the bucket, the key, and what the writer was promised. */
export interface Scene {
  readonly site: Site;
  /** Namespace that was copied. */
  readonly namespace: string;
  readonly server: S3Server;
  readonly key: string;
  /** The newest copy. */
  readonly copy: AppSnapshot;
  /** Id of one that has fewer rows; a small part has none. */
  readonly older: string;
  readonly history: LoadHistory;
  readonly database: Database;
}

/** Secrets and a target of a namespace in the bucket of the server, with a key of its own choice. */
export function targetObjects({ server }: Pick<Scene, 'server'>, name: string, key: string, spec: Readonly<Record<string, unknown>> = {}): unknown[] {
  return [
    ...serverSecrets(server, { login: 's3-login', ca: 's3-ca' }),
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: `${name}-key` }, stringData: { password: key } },
    bucketTarget(server, name, { encryptionKeySecretRef: { name: `${name}-key` }, ...spec }),
  ];
}

/** An AppRestore from a target; what survives is left alone. */
export function restoreFrom(name: string, from: Readonly<Record<string, unknown>>, spec: Readonly<Record<string, unknown>> = {}): unknown {
  return { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'AppRestore', metadata: { name }, spec: { serviceAccountName: 'stillpoint', from, existing: 'Skip', ...spec } };
}

/** What is wrong with the rows of a restored database, against what the writer was promised. */
export async function rowsOf({ history, copy, database }: Scene, namespace: string): Promise<Record<string, unknown>> {
  const result = compare(history, windowOf(copy), await readRows({ ...database, namespace }));
  return { ...counts(result), good: isGood(result) };
}
