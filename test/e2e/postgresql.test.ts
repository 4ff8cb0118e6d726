import { afterAll, beforeAll, describe } from '@jest/globals';
import { startDatabase, type Database } from './lib/database.js';
import { clearFaults } from './lib/csi-faults.js';
import { stopAllLoads } from './lib/load.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant } from './lib/tenant.js';
import { agentForceDeleted } from './postgresql/agent-force-deleted.js';
import { asynchronousCommits } from './postgresql/asynchronous.js';
import { backupApi } from './postgresql/backup-api.js';
import { durabilitySettings } from './postgresql/durability.js';
import { happyPath } from './postgresql/happy-path.js';
import { negativeControls } from './postgresql/negative-controls.js';
import { primaryAndStandby } from './postgresql/pair.js';
import { powerCuts } from './postgresql/power-cuts.js';
import { vantagePod } from './postgresql/vantage-pod.js';

/** PostgreSQL on a real cluster: held, cut, restored and compared with what its clients were promised. */
describe('PostgreSQL', () => {
  const namespace = 'e2e-pg';
  let database: Database;
  const shared = (): Database => database;

  beforeAll(async () => {
    clearFaults();
    await clearNamespaces('e2e-pg');
    await makeTenant(namespace);
    database = await startDatabase(namespace, '15');
  }, 240_000);
  afterAll(async () => {
    await stopAllLoads();
    await dropNamespace(namespace);
    await untilDropped();
  }, 180_000);

  agentForceDeleted(shared);
  for (const variant of ['15', '15-init', '17'] as const) happyPath(variant);
  vantagePod(shared);
  for (const variant of ['15', '17'] as const) backupApi(variant);
    primaryAndStandby();
  powerCuts();
  negativeControls(shared);
  durabilitySettings(shared);
  asynchronousCommits();
});
