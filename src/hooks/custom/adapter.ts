import type { ApplicationAdapter } from '../adapter.js';
import { contradictions, evidence, warmUp } from './positions.js';
import { preflight } from './preflight.js';
import { verify } from './verify.js';

/** What a QuiesceProfile describes (docs/quiesceprofile.md). Never detected: an entry of the spec names its profile. */
export function customAdapter(): ApplicationAdapter {
  return { kind: 'Custom', detect: () => [], preflight, warmUp, evidence, contradictions, fixups: () => [], verify };
}
