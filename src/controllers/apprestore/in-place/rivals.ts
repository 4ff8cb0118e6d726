import type { AppRestore, AppSnapshot } from '../../../api/kinds.js';
import type { SnapshotPhase } from '../../../api/appsnapshot.js';
import { targetNamespace } from '../steps.js';
import { claimsOf, isReplacing } from './wanted.js';

/** From the plan to the last evidence a copy needs its databases as they are. */
const copying: readonly SnapshotPhase[] = ['Planned', 'Warmed', 'Intended', 'Released', 'Graded'];

/** Others that are at work in the namespace that is restored into. */
export interface Others {
  readonly restores: readonly AppRestore[];
  readonly snapshots: readonly AppSnapshot[];
}

/** Who is at work on the same claims, as entries of `status.plan.refuse`: one that replaces them is in everybody's way, everybody in the way of one that does. Pure. */
export function rivals(object: AppRestore, claims: ReadonlySet<string>, { restores, snapshots }: Others): string[] {
  const others = restores.filter((other) => other.metadata.uid !== object.metadata.uid && targetNamespace(other) === targetNamespace(object));
  const replacing = others.filter((other) => (isReplacing(other) || isFirst(other, object)) && shares(other, claims));
  const restoring = object.spec.inPlace ? others.filter((other) => !other.spec.inPlace && isRestoring(other) && shares(other, claims)) : [];
  return [
    ...replacing.map((other) => `${nameOf(other)}: replaces the same claims; wait until it has ended, or go back by spec.previousVolumes: Restore in it`),
    ...restoring.map((other) => `${nameOf(other)}: restores the same claims; wait until it has ended, or delete it`),
    ...(object.spec.inPlace ? snapshots.filter((copy) => isCopying(copy, claims)).map(({ metadata }) => `appsnapshots.stillpoint.dev/${metadata.name}: is being made of the same claims; wait until it is Ready`) : []),
  ];
}

/** Of two that are about to begin, the older does. */
function isFirst({ spec, status, metadata }: AppRestore, object: AppRestore): boolean {
  const isOlder = metadata.creationTimestamp < object.metadata.creationTimestamp || (metadata.creationTimestamp === object.metadata.creationTimestamp && metadata.uid < object.metadata.uid);
  return spec.inPlace && !spec.suspend && status?.phase === 'Planned' && isOlder;
}

/** One that is about to begin says nothing of its claims yet, and a configuration has none: then they are taken for the same. */
function shares(other: AppRestore, claims: ReadonlySet<string>): boolean {
  const own = claimsOf(other);
  return own.size === 0 || claims.size === 0 || [...own].some((claim) => claims.has(claim));
}

function isRestoring({ status }: AppRestore): boolean {
  return (status?.volumes ?? []).length > 0 && status?.phase !== 'Ready' && status?.phase !== 'Failed';
}

function isCopying({ status }: AppSnapshot, claims: ReadonlySet<string>): boolean {
  return status?.phase !== undefined && copying.includes(status.phase) && (status.members === undefined || status.members.some(({ claim }) => claims.has(claim)));
}

function nameOf({ metadata }: AppRestore): string {
  return `apprestores.stillpoint.dev/${metadata.name}`;
}
