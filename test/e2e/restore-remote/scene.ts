import type { AppSnapshot } from '../../../src/api/kinds.js';
import { isGood } from '../../apps/postgresql/check.js';
import { snapshotTo } from '../copies/scene.js';
import { bucketTarget, serverSecrets, type Bucket } from '../lib/bucket.js';
import { compare, counts, windowOf } from '../lib/compare.js';
import { readRows, type Database } from '../lib/database.js';
import { startLoad, type Load, type LoadHistory } from '../lib/load.js';
import type { S3Server } from '../lib/s3-server.js';
import type { Site } from '../lib/site.js';

/** What is left when the namespace is gone: the bucket, the key, and what the writer was promised. */
export interface Remains {
  readonly site: Site;
  /** Namespace that was copied. */
  readonly namespace: string;
  readonly server: Bucket;
  readonly key: string;
  /** The newest copy. */
  readonly copy: AppSnapshot;
  /** Id of one that has fewer rows; a small part has none. */
  readonly older: string;
  readonly history: LoadHistory;
  readonly database: Database;
}

/** The same beside a server in the cluster, into which the suite looks. */
export interface Scene extends Remains {
  readonly server: S3Server;
}

/** Has a database written to, and copied to the target `s3` of its namespace meanwhile: once, as `newer`, or twice. The load goes on. */
export async function copyUnderLoad(database: Database, twice: boolean): Promise<{ readonly load: Load; readonly copy: AppSnapshot; readonly older: AppSnapshot | undefined }> {
  const load = await startLoad(database);
  await load.untilMore(200);
  const older = twice ? await snapshotTo(database.namespace, 'older', ['s3'], 'Retain') : undefined;
  await load.untilMore(500);
  const copy = await snapshotTo(database.namespace, 'newer', ['s3'], 'Retain');
  await load.untilMore(50);
  return { load, copy, older };
}

/** Secrets and a target of a namespace in the bucket of the server, with a key of its own choice. */
export function targetObjects({ server }: Pick<Remains, 'server'>, name: string, key: string, spec: Readonly<Record<string, unknown>> = {}): unknown[] {
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

/** What {@link rowsOf} says when nothing is. */
export const goodRows = { lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0, good: true };

/** What is wrong with the rows of a restored database, against what the writer was promised. */
export async function rowsOf({ history, copy, database }: Remains, namespace: string): Promise<Record<string, unknown>> {
  const result = compare(history, windowOf(copy), await readRows({ ...database, namespace }));
  return { ...counts(result), good: isGood(result) };
}
