import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { applyIn, keyOf, untilComplete, untilTarget, writeMegabytes } from './copies/scene.js';
import { bucketTarget } from './lib/bucket.js';
import { endBucketScene, startBucketScene } from './lib/bucket-scene.js';
import { stopAllLoads } from './lib/load.js';
import { Site } from './lib/site.js';
import { removeNamespace } from './lib/tenant.js';
import { comesBack } from './restore-remote/comes-back.js';
import { locked } from './restore-remote/locked.js';
import { refusals } from './restore-remote/refusals.js';
import { copyUnderLoad, targetObjects, type Scene } from './restore-remote/scene.js';

/** `make test` plays a part; `make e2e SUITE=restore-remote` all. */
const small = process.env['PART'] === 'small';

/** A namespace that is copied to a bucket under load, lost with everything in it, and restored from the bucket and the key. */
describe('AppRestore from a BackupTarget', () => {
  const namespace = 'e2e-remote';
  let made: Scene;
  const scene = (): Scene => made;

  beforeAll(async () => {
    const { server, database } = await startBucketScene(namespace);
    await applyIn(namespace, [bucketTarget(server, 's3', { encryptionKeySecretRef: undefined })]);
    await writeMegabytes(database, small ? 5 : 30);
    await untilTarget(namespace, 's3', 'TargetReady');
    const { load, copy, older } = await copyUnderLoad(database, !small);
    const history = await load.stop();
    if (!small) await untilComplete(namespace, 'older', 's3', 300);
    await untilComplete(namespace, 'newer', 's3', 300);
    made = { site: new Site(), namespace, server, key: await keyOf(namespace), copy, older: older?.status?.setId ?? '', history, database };
  }, 900_000);
  afterAll(async () => {
    await stopAllLoads();
    await endBucketScene(namespace, `${namespace}-clone`);
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
