import { afterAll, beforeAll, describe } from '@jest/globals';
import { clearFaults } from './lib/csi-faults.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { makeTenant } from './lib/tenant.js';
import { atOnce, silence } from './shapes/at-once.js';
import { capped } from './shapes/capped.js';
import { forced } from './shapes/forced.js';
import { held } from './shapes/held.js';
import { labelled } from './shapes/labelled.js';
import { midWindow } from './shapes/mid-window.js';
import { twoDrivers } from './shapes/two-drivers.js';
import { wrongSpecs } from './shapes/wrong-specs.js';

/** Everyone who can write is held, or named; whatever the shape of the pods and the moment (3-stillness.md, 3.2). */
describe('shapes', () => {
  const namespace = 'e2e-shapes';
  const other = 'e2e-shapes-other';

  beforeAll(async () => {
    clearFaults();
    await clearNamespaces(namespace);
    await makeTenant(namespace);
  }, 240_000);
  afterAll(async () => {
    clearFaults();
    await dropNamespace(namespace);
    await untilDropped();
  }, 240_000);

  held(namespace);
  atOnce(namespace, other);
  capped(namespace);
  midWindow(namespace);
  twoDrivers('e2e-shapes-drivers');
  forced(namespace);
  wrongSpecs('e2e-shapes-wrong');
  labelled(namespace);
  silence(other);
});
