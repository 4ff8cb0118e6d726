import { operatorUser } from '../admission/identities.js';
import { judge, type Judgement } from './judge.js';
import { auditEvents } from './log.js';

/**
 * Holds rights of the operator against the audit log of this cluster, or of several.
 * @param since what ran before is not judged, as the API writes times
 */
export function judged(rights: Parameters<typeof judge>[1], since = '', beds?: readonly string[]): Judgement {
  const events = auditEvents((line) => line.includes(operatorUser), beds).filter((e) => e.requestReceivedTimestamp >= since);
  return judge(events, rights, { username: operatorUser, userAgent: 'stillpoint/' });
}
