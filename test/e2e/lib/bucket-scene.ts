import { operatorRuns } from '../kill/cluster.js';
import { serverSecrets } from './bucket.js';
import { clearFaults } from './csi-faults.js';
import { startDatabase, type Database } from './database.js';
import { apply } from './kubectl.js';
import { clearNamespaces, dropNamespace, untilDropped } from './namespaces.js';
import { startServer, type S3Server } from './s3-server.js';
import { makeTenant } from './tenant.js';

/** A served namespace with a PostgreSQL, and a server of S3 in a namespace of its own, which outlives it. */
export interface BucketScene {
  readonly namespace: string;
  readonly server: S3Server;
  readonly database: Database;
}

const storeOf = (namespace: string): string => `${namespace}-s3`;

/** Makes both, where nothing of a killed run is left. The namespace has the login and the authority of the server as Secrets `s3-login` and `s3-ca`. */
export async function startBucketScene(namespace: string): Promise<BucketScene> {
  clearFaults();
  await operatorRuns();
  await clearNamespaces(namespace);
  return makeBucketScene(namespace);
}

/** The same beside other namespaces whose names begin so. */
export async function makeBucketScene(namespace: string): Promise<BucketScene> {
  const store = storeOf(namespace);
  await Promise.all([makeTenant(namespace), makeTenant(store, { served: false })]);
  const [server, database] = await Promise.all([startServer(store), startDatabase(namespace, '15')]);
  await apply(serverSecrets(server, { login: 's3-login', ca: 's3-ca' }), namespace);
  return { namespace, server, database };
}

/** Removes both, and what was made of them. */
export async function endBucketScene(namespace: string, ...made: readonly string[]): Promise<void> {
  await operatorRuns();
  for (const name of [namespace, ...made, storeOf(namespace)]) await dropNamespace(name);
  await untilDropped();
}
