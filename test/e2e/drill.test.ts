import { afterAll, beforeAll, describe } from '@jest/globals';
import { damaged } from './drill/damaged.js';
import { fromTarget } from './drill/from-target.js';
import { good } from './drill/good.js';
import { drillsJudged } from './drill/judged.js';
import { killed } from './drill/killed.js';
import { kinds } from './drill/kinds.js';
import { switchDrills, type Scene } from './drill/scene.js';
import { switchedOff } from './drill/switched-off.js';
import { tenants } from './drill/tenants.js';
import { operatorRuns } from './kill/cluster.js';
import { clearFaults } from './lib/csi-faults.js';
import { startDatabase } from './lib/database.js';
import { apply } from './lib/kubectl.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant, volumePolicy } from './lib/tenant.js';

/** Copies of a PostgreSQL that a policy restores by itself, to see whether they are good: into namespaces that are made for it, and of which nothing is left. */
describe('drills', () => {
  const namespace = 'e2e-drill';
  let made: Scene;
  const scene = (): Scene => made;

  beforeAll(async () => {
    clearFaults();
    await operatorRuns();
    await switchDrills(false);
    await clearNamespaces(namespace);
    await makeTenant(namespace);
    made = { namespace, policy: 'drilled', database: await startDatabase(namespace, '15') };
    await apply([volumePolicy(namespace, made.policy, { retention: { last: 3 }, verify: { cron: '*/1 * * * *', timeout: '8m' } })]);
  }, 480_000);
  afterAll(async () => {
    await operatorRuns();
    await dropNamespace(namespace);
    // While they are on: what a failed test left is swept.
    await untilDropped();
    await clearNamespaces(`${namespace}-drill-`);
    await clearNamespaces(`${namespace}-kinds`);
    await switchDrills(false);
  }, 480_000);

  switchedOff(scene);

  describe('switched on', () => {
    let since = '';

    beforeAll(async () => {
      // Each part begins its drills itself.
      await apply([volumePolicy(namespace, made.policy, { retention: { last: 3 }, verify: { cron: '*/1 * * * *', timeout: '8m', suspend: true } })]);
      await switchDrills(true);
      since = new Date().toISOString();
    }, 240_000);

    good(scene);
    kinds(scene);
    damaged(scene);
    tenants(scene);
    killed(scene);
    fromTarget(scene);
    drillsJudged(() => since);
  });
});
