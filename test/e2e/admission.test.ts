import { afterAll, beforeAll, describe } from '@jest/globals';
import { agents } from './admission/agents.js';
import { authors } from './admission/authors.js';
import { canary } from './admission/canary.js';
import { fuzz } from './admission/fuzz.js';
import { forgetIdentities } from './admission/identities.js';
import { policies } from './admission/policies.js';
import { status } from './admission/status.js';
import { tenants } from './admission/tenants.js';
import { clearNamespaces, untilDropped } from './lib/namespaces.js';

/** Who may do what with the real operator, the real agents and real tokens, and that every refusal says what helps. */
describe('admission', () => {
  beforeAll(async () => {
    for (const prefix of ['e2e-admission', 'e2e-canary', 'e2e-fuzz']) await clearNamespaces(prefix);
  }, 300_000);
  afterAll(async () => {
    forgetIdentities();
    await untilDropped();
  }, 240_000);

  tenants();
  authors();
  status();
  agents();
  canary();
  fuzz();
  policies();
});
