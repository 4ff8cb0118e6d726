import type { ApplicationAdapter } from '../adapter.js';
import { detect } from './detect.js';
import { fixups } from './fixups.js';
import { contradictions, evidence, warmUp } from './positions.js';
import { preflight } from './preflight.js';
import { verify } from './verify.js';

/** Kafka with KRaft, 3.7 and later, plain or under an operator (docs/kafka.md). */
export function kafkaAdapter(): ApplicationAdapter {
  return { kind: 'Kafka', detect, preflight, warmUp, evidence, contradictions, fixups, verify };
}
