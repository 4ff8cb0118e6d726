import type { ApplicationAdapter } from '../adapter.js';
import { beginBackup } from './backup.js';
import { detect } from './detect.js';
import { contradictions, evidence } from './evidence.js';
import { fixups } from './fixups.js';
import { preflight } from './preflight.js';
import { verify } from './verify.js';
import { warmUp } from './warmup.js';

/** PostgreSQL 14 to 18, plain or under an operator (docs/postgresql.md). */
export function postgresqlAdapter(): ApplicationAdapter {
  return { kind: 'PostgreSQL', detect, preflight, warmUp, online: beginBackup, evidence, contradictions, fixups, verify };
}
