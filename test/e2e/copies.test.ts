import { afterAll, beforeAll, describe } from '@jest/globals';
import { byPolicy } from './copies/by-policy.js';
import { endings } from './copies/endings.js';
import { refusals } from './copies/refusals.js';
import { toBucket } from './copies/to-bucket.js';
import { toVolume } from './copies/to-volume.js';
import { troubles } from './copies/troubles.js';
import { endBucketScene, startBucketScene, type BucketScene } from './lib/bucket-scene.js';

/** `make test` plays a part; `make e2e SUITE=copies` all. */
const small = process.env['PART'] === 'small';

/** A PostgreSQL copied to a real server of S3 and to a volume, through everything that can go wrong there. */
describe('BackupTarget and copies', () => {
  const namespace = 'e2e-copies';
  let made: BucketScene;
  const scene = (): BucketScene => made;

  beforeAll(async () => {
    made = await startBucketScene(namespace);
  }, 300_000);
  afterAll(() => endBucketScene(namespace), 300_000);

  toBucket(scene, small);
  if (!small) toVolume(scene);
  troubles(scene, small);
  refusals(scene);
  endings(scene, small);
  if (!small) byPolicy(scene);
});
