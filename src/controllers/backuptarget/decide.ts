import { durationMillis } from '../../api/common.js';
import type { BackupTargetStatus, TargetTask } from '../../api/backuptarget.js';
import type { BackupTarget } from '../../api/kinds.js';

type Upkeep = NonNullable<NonNullable<BackupTargetStatus['maintenance']>['verify']>;

/** What {@link decide} sees. */
export interface TargetInput {
  readonly object: BackupTarget;
  /** Wall clock, ms since the epoch. */
  readonly now: number;
}

/** What to do next; every action can be repeated. */
export type TargetPlan =
  | { readonly kind: 'idle' }
  /** Nothing new is begun while the spec says so. */
  | { readonly kind: 'suspended' }
  /** Note that a check begins; its Job is made when that is acknowledged. */
  | { readonly kind: 'begin'; readonly round: number; readonly task: TargetTask }
  /** Make the Job of the check, or find it made, and look how it is doing. */
  | { readonly kind: 'watch'; readonly round: number }
  /** The spec has changed: what an old check finds out is not worth waiting for. */
  | { readonly kind: 'abandon'; readonly round: number }
  | { readonly kind: 'wait'; readonly seconds: number };

/** Until the next check after the first that failed; doubled after each, up to {@link mostRetryMillis}. */
const retryMillis = 15_000;
const mostRetryMillis = 5 * 60_000;
const failedUpkeepMillis = 60 * 60_000;
/** At the latest after so long it is looked at again: timers do not notice a wall clock that is set. */
const lookAgainSeconds = 300;

/** The next step of a BackupTarget. Pure and synchronous. */
export function decide({ object, now }: TargetInput): TargetPlan {
  const { metadata, spec, status } = object;
  if (metadata.deletionTimestamp !== undefined) return { kind: 'idle' };
  const check = status?.check;
  const stale = check !== undefined && check.generation !== metadata.generation;
  if (check !== undefined && check.endedAt === undefined) return { kind: stale ? 'abandon' : 'watch', round: check.round };
  if (spec.suspend) return { kind: 'suspended' };
  const round = (check?.round ?? 0) + 1;
  // Not a check has failed, but something that it needs was missing: it says at once whether that is there again.
  const unproven = status?.phase === 'NotReady' && (status.failures ?? 0) === 0;
  const due = check?.endedAt === undefined || stale || unproven ? now : Date.parse(lastChecked(object) ?? check.endedAt) + pauseMillis(object);
  if (due <= now) return { kind: 'begin', round, task: 'Check' };
  // Only what has just been read and written is worked on.
  const upkeep = (status?.failures ?? 0) > 0 ? [] : maintenance(object);
  const task = upkeep.find(({ at }) => at <= now)?.task;
  if (task !== undefined) return { kind: 'begin', round, task };
  const next = Math.min(due, ...upkeep.map(({ at }) => at));
  return { kind: 'wait', seconds: Math.min(lookAgainSeconds, Math.max(0.1, (next - now) / 1000)) };
}

/** When what is due, ms since the epoch. Verification first: what is damaged is not pruned. One that failed is tried again after an hour. */
function maintenance({ metadata, spec, status }: BackupTarget): { readonly task: TargetTask; readonly at: number }[] {
  const dueOf = (last: Upkeep | undefined, every: string): number => {
    const pause = last?.succeeded === false ? Math.min(durationMillis(every), failedUpkeepMillis) : durationMillis(every);
    return Date.parse(last?.endedAt ?? metadata.creationTimestamp) + pause;
  };
  const { prune, verify } = status?.maintenance ?? {};
  const { verifyEvery, pruneEvery } = spec.maintenance;
  return [{ task: 'Verify', at: dueOf(verify, verifyEvery) }, ...(verify?.succeeded === false ? [] : [{ task: 'Prune' as const, at: dueOf(prune, pruneEvery) }])];
}

/** When the last check passed, if none has failed since: maintenance in between does not put the next one off. */
function lastChecked({ status }: BackupTarget): string | undefined {
  return (status?.failures ?? 0) === 0 ? status?.lastReachable : undefined;
}

function pauseMillis({ spec, status }: BackupTarget): number {
  const every = durationMillis(spec.checkEvery);
  const failures = status?.failures ?? 0;
  return failures === 0 ? every : Math.min(every, mostRetryMillis, retryMillis * 2 ** Math.min(failures - 1, 10));
}
