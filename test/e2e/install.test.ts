import { describe } from '@jest/globals';
import { chart } from './install/chart.js';

/** The operator as its chart installs it. */
describe('install', chart);
