import { createHash } from 'node:crypto';
import type { MoverTask } from './request.js';

/**
 * Name of a Job, and of the claim or Secret beside it: the same after a crash, and of no other work. It begins with a digest of the target's uid, which no other
 * cluster has: a lock that was taken by such a pod is that of a mover of this target and this cluster. Pure.
 */
export function moverName(targetUid: string, verb: MoverTask['verb'], ...of: readonly (string | number)[]): string {
  return `${prefix(targetUid)}${verb}-${digest(of.join(' '), 12)}`;
}

/** Whether a host that has taken a lock is, or was, the pod of a mover of this target. Pure. */
export function isMoverOf(targetUid: string, host: string): boolean {
  return host.startsWith(prefix(targetUid));
}

function prefix(targetUid: string): string {
  return `stillpoint-${digest(targetUid, 10)}-`;
}

function digest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
