import { afterAll, beforeAll, describe } from '@jest/globals';
import { authority } from './install/authority.js';
import { chart } from './install/chart.js';
import { clearNamespaces, untilDropped } from './lib/namespaces.js';

/** The operator as its chart installs it. */
describe('install', () => {
  beforeAll(() => clearNamespaces('e2e-install'), 180_000);
  afterAll(untilDropped, 180_000);

  authority();
  chart();
});
