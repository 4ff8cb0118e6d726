import { afterAll, beforeAll, describe } from '@jest/globals';
import { byPolicy } from './copies/by-policy.js';
import { endings } from './copies/endings.js';
import { refusals } from './copies/refusals.js';
import { applyIn, serverSecrets, type Scene } from './copies/scene.js';
import { startServer } from './copies/server.js';
import { toBucket } from './copies/to-bucket.js';
import { toVolume } from './copies/to-volume.js';
import { troubles } from './copies/troubles.js';
import { operatorRuns } from './kill/cluster.js';
import { clearFaults } from './lib/csi-faults.js';
import { startDatabase } from './lib/database.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant } from './lib/tenant.js';

/** `make test` plays a part; `make e2e SUITE=copies` all. */
const small = process.env['PART'] === 'small';

/** A PostgreSQL copied to a real server of S3 and to a volume, through everything that can go wrong there. */
describe('BackupTarget and copies', () => {
  const namespace = 'e2e-copies';
  const store = `${namespace}-s3`;
  let made: Scene;
  const scene = (): Scene => made;

  beforeAll(async () => {
    clearFaults();
    await operatorRuns();
    await clearNamespaces(namespace);
    await Promise.all([makeTenant(namespace), makeTenant(store, { served: false })]);
    const [server, database] = await Promise.all([startServer(store), startDatabase(namespace, '15')]);
    await applyIn(namespace, serverSecrets(server, { login: 's3-login', ca: 's3-ca' }));
    made = { namespace, server, database };
  }, 300_000);
  afterAll(async () => {
    await operatorRuns();
    await dropNamespace(namespace);
    await dropNamespace(store);
    await untilDropped();
  }, 300_000);

  toBucket(scene, small);
  if (!small) toVolume(scene);
  troubles(scene, small);
  refusals(scene);
  endings(scene, small);
  if (!small) byPolicy(scene);
});
