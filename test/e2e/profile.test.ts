import { afterAll, beforeAll, describe } from '@jest/globals';
import { clearFaults } from './lib/csi-faults.js';
import { clearNamespaces, untilDropped } from './lib/namespaces.js';
import { copyAndRestore } from './profile/copy-and-restore.js';
import { negativeControls } from './profile/negative-controls.js';
import { mariadb, redis } from './profile/servers.js';
import { stopAllWriters } from './profile/writers.js';

/** Applications that no adapter knows, held and checked by the QuiesceProfiles of config/samples. */
describe('QuiesceProfile', () => {
  beforeAll(async () => {
    clearFaults();
    await clearNamespaces('e2e-profile');
  }, 180_000);
  afterAll(async () => {
    await stopAllWriters();
    clearFaults();
    await untilDropped();
  }, 180_000);

  copyAndRestore(redis, { grade: 'Frozen', vantage: 'Node', mechanism: 'Freezer', refusal: undefined, checks: ['the server answers', 'the append-only file is whole'] });
  copyAndRestore(mariadb, { grade: 'Quiesced', vantage: 'Pod', mechanism: 'Fence', refusal: /^1290 /, checks: ['the table is sound', 'a client with a password sees its rows'] });
  negativeControls();
});
