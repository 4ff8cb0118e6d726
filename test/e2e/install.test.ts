import { describe } from '@jest/globals';
import { authority } from './install/authority.js';
import { chart } from './install/chart.js';

/** The operator as its chart installs it. */
describe('install', () => {
  authority();
  chart();
});
