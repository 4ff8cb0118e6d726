import { afterAll, beforeAll, describe } from '@jest/globals';
import { operatorRuns } from './kill/cluster.js';
import { clearFaults } from './lib/csi-faults.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { everyMinute } from './policy/every-minute.js';
import { forLong, halfHour, someMinutes } from './policy/for-long.js';
import { refusals } from './policy/refusals.js';

/** `make test` plays a part; `make e2e SUITE=policy` all. */
const small = process.env['PART'] === 'small';

/** A namespace that is protected by itself: copies by a schedule, in the storage and in a bucket, retention, drills, and what is refused. */
describe('VolumePolicy', () => {
  const namespace = 'e2e-policy';

  beforeAll(async () => {
    clearFaults();
    await operatorRuns();
    await clearNamespaces(namespace);
  }, 240_000);
  afterAll(async () => {
    await operatorRuns();
    await dropNamespace(namespace);
    await untilDropped();
  }, 240_000);

  everyMinute(namespace, () => refusals(`${namespace}-refused`));
  forLong(`${namespace}-long`, small ? someMinutes : halfHour);
});
