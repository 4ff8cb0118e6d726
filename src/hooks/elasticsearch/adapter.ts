import type { ApplicationAdapter } from '../adapter.js';
import { detect } from './detect.js';
import { fixups } from './fixups.js';
import { contradictions, evidence, warmUp } from './positions.js';
import { preflight } from './preflight.js';
import { beginSnapshot, forgetSnapshots } from './repository/online.js';
import { afterStart } from './repository/restore.js';
import { verify } from './verify.js';

/** Elasticsearch 7 to 9 and OpenSearch 1 to 3, plain or under an operator (docs/elasticsearch.md). */
export function elasticsearchAdapter(): ApplicationAdapter {
  return { kind: 'Elasticsearch', detect, preflight, warmUp, online: beginSnapshot, forget: forgetSnapshots, evidence, contradictions, fixups, afterStart, verify };
}
