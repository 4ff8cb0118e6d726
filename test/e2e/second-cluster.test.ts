import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { applyIn, keyOf, untilComplete, untilTarget, writeMegabytes } from './copies/scene.js';
import { operatorRuns } from './kill/cluster.js';
import { bucketTarget, serverSecrets } from './lib/bucket.js';
import { clearFaults } from './lib/csi-faults.js';
import { startDatabase } from './lib/database.js';
import { stopAllLoads } from './lib/load.js';
import { clearNamespaces } from './lib/namespaces.js';
import { OutsideServer } from './lib/s3-outside.js';
import { Site } from './lib/site.js';
import { makeTenant } from './lib/tenant.js';
import { copyUnderLoad } from './restore-remote/scene.js';
import { bedDown, bedUp, firstBed, freeBed, installOn, kubeconfigOf, useBed } from './second-cluster/beds.js';
import type { Loss } from './second-cluster/loss.js';
import { refusedWithoutKey } from './second-cluster/refused.js';
import { runsAgain } from './second-cluster/runs-again.js';

/**
 * A cluster that is lost with everything in it, and another one, empty, on which the namespace runs again: from a bucket outside of both, and the key that
 * somebody has kept. The first is the test cluster of the suite, which is taken down; the second is made by the suite.
 */
describe('a second cluster', () => {
  const namespace = 'e2e-second';
  const second = freeBed();
  let server: OutsideServer | undefined;
  let kept: string | undefined;
  let made: Loss;
  const loss = (): Loss => made;

  beforeAll(async () => {
    clearFaults();
    await operatorRuns();
    await clearNamespaces(namespace);
    server = await OutsideServer.start();
    const { bucket } = server;
    await makeTenant(namespace);
    const database = await startDatabase(namespace, '15');
    await applyIn(namespace, [...serverSecrets(bucket, { login: 's3-login', ca: 's3-ca' }), bucketTarget(bucket, 's3', { encryptionKeySecretRef: undefined })]);
    await writeMegabytes(database, 30);
    await untilTarget(namespace, 's3', 'TargetReady');
    const { load, copy } = await copyUnderLoad(database, false);
    await untilComplete(namespace, 'newer', 's3', 400);
    // What is written after the copy is lost with the cluster: so old is what was copied.
    await load.untilMore(100);
    kept = mkdtempSync(join(tmpdir(), 'stillpoint-key-'));
    const keyFile = join(kept, 'the-key');
    const key = await keyOf(namespace);
    writeFileSync(keyFile, key, { mode: 0o600 });
    // Beside the first, so that the bridge which joins both with the server is never without a cluster.
    await bedUp(second);
    const history = await load.stop();
    made = { site: new Site(kubeconfigOf(second)), namespace, server: bucket, key, keyFile, copy, older: '', history, database, lostAt: Date.now() };
  }, 1_200_000);
  afterAll(async () => {
    await stopAllLoads();
    await server?.stop();
    if (kept !== undefined) rmSync(kept, { recursive: true, force: true });
    await bedDown(second);
  }, 300_000);

  test('the first is gone with everything in it', async () => {
    await bedDown(firstBed);
  }, 180_000);

  test('the operator is installed on the second, on which nothing is known of the first', async () => {
    useBed(second);
    await installOn(second, ['postgresql:15']);
    expect(await loss().site.kubectl(['get', 'namespace', namespace, '--ignore-not-found', '-o', 'name'])).toBe('');
    expect(await loss().site.kubectl(['get', 'asnap,arst,btgt,vpol,volumesnapshotcontents,pv', '--all-namespaces', '-o', 'name'])).toBe('');
  }, 1_200_000);

  refusedWithoutKey(loss);
  runsAgain(loss);
});
