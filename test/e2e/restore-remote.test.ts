import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { keyOf, snapshotTo, untilComplete, untilTarget, writeMegabytes, applyIn, bucketTarget, serverSecrets } from './copies/scene.js';
import { startServer } from './copies/server.js';
import { operatorRuns } from './kill/cluster.js';
import { clearFaults } from './lib/csi-faults.js';
import { startDatabase } from './lib/database.js';
import { startLoad, stopAllLoads } from './lib/load.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant, removeNamespace } from './lib/tenant.js';
import { comesBack } from './restore-remote/comes-back.js';
import { locked } from './restore-remote/locked.js';
import { refusals } from './restore-remote/refusals.js';
import { targetObjects, type Scene } from './restore-remote/scene.js';
import { Site } from './restore-remote/site.js';

/** `make test` plays a part; `make e2e SUITE=restore-remote` all. */
const small = process.env['PART'] === 'small';

/** A namespace that is copied to a bucket under load, lost with everything in it, and restored from the bucket and the key. */
describe('AppRestore from a BackupTarget', () => {
  const namespace = 'e2e-remote';
  const store = `${namespace}-s3`;
  let made: Scene;
  const scene = (): Scene => made;

  beforeAll(async () => {
    clearFaults();
    await operatorRuns();
    await clearNamespaces(namespace);
    await Promise.all([makeTenant(namespace), makeTenant(store, { served: false })]);
    const [server, database] = await Promise.all([startServer(store), startDatabase(namespace, '15')]);
    await applyIn(namespace, [...serverSecrets(server, { login: 's3-login', ca: 's3-ca' }), bucketTarget(server, 's3', { encryptionKeySecretRef: undefined })]);
    await writeMegabytes(database, small ? 5 : 30);
    await untilTarget(namespace, 's3', 'TargetReady');
    const load = await startLoad(database);
    await load.untilMore(200);
    const older = small ? undefined : await snapshotTo(namespace, 'older', ['s3'], 'Retain');
    await load.untilMore(500);
    const copy = await snapshotTo(namespace, 'newer', ['s3'], 'Retain');
    await load.untilMore(50);
    const history = await load.stop();
    if (!small) await untilComplete(namespace, 'older', 's3', 300);
    await untilComplete(namespace, 'newer', 's3', 300);
    made = { site: new Site(), namespace, server, key: await keyOf(namespace), copy, older: older?.status?.setId ?? '', history, database };
  }, 900_000);
  afterAll(async () => {
    await stopAllLoads();
    await operatorRuns();
    for (const name of [namespace, `${namespace}-clone`, store]) await dropNamespace(name);
    await untilDropped();
  }, 300_000);

  test('the namespace is gone with everything; the bucket and the key open what was copied', async () => {
    const { site } = scene();
    await removeNamespace(namespace);
    await site.makeTenant(namespace);
    await site.apply(targetObjects(scene(), 's3', scene().key), namespace);
    const target = await site.untilTarget(namespace, 's3', 'TargetReady');
    expect(target.status).toMatchObject({ copies: small ? 1 : 2 });
    expect(await site.kubectl(['-n', namespace, 'get', 'pvc,statefulsets,asnap', '-o', 'name'])).toBe('');
  }, 300_000);

  refusals(scene, small);
  if (!small) locked(scene);
  comesBack(scene, small);
});
