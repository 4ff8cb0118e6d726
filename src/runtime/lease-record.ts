import type { KubeObject } from './object.js';

/** A coordination.k8s.io/v1 Lease. */
export interface Lease extends KubeObject {
  spec?: LeaseSpec;
}

export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

/** metav1.MicroTime: always six fractional digits, anything else is refused. */
export function microTime(millis: number): string {
  return new Date(millis).toISOString().replace('Z', '000Z');
}

/** The spec by which `identity` takes or keeps a lease. */
export function heldBy(identity: string, old: LeaseSpec | undefined, durationMillis: number, nowMillis: number): LeaseSpec {
  const now = microTime(nowMillis);
  const ours = old?.holderIdentity === identity;
  const taken = old !== undefined && !ours;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.round(durationMillis / 1000),
    acquireTime: ours ? (old.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: (old?.leaseTransitions ?? 0) + (taken ? 1 : 0),
  };
}

/** The spec that gives a lease up: free for anyone at once. */
export function released(old: LeaseSpec | undefined, nowMillis: number): LeaseSpec {
  const now = microTime(nowMillis);
  return { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions: old?.leaseTransitions ?? 0 };
}

/** Whether two records are the same state of the lease. */
export function sameRecord(a: LeaseSpec | undefined, b: LeaseSpec | undefined): boolean {
  return (
    a?.holderIdentity === b?.holderIdentity &&
    a?.renewTime === b?.renewTime &&
    a?.acquireTime === b?.acquireTime &&
    a?.leaseTransitions === b?.leaseTransitions &&
    a?.leaseDurationSeconds === b?.leaseDurationSeconds
  );
}
