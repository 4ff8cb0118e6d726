import type { ApplicationAdapter } from '../adapter.js';
import { detect } from './detect.js';
import { fixups } from './fixups.js';
import { contradictions, evidence, warmUp } from './positions.js';
import { preflight } from './preflight.js';
import { verify } from './verify.js';

/** Apache Cassandra 4.0 to 5.0, plain or under cass-operator (docs/cassandra.md). */
export function cassandraAdapter(): ApplicationAdapter {
  return { kind: 'Cassandra', detect, preflight, warmUp, evidence, contradictions, fixups, verify };
}
