import type { AppSnapshot } from '../../api/kinds.js';
import { durationMillis } from '../../api/common.js';
import { chooseCopy, chooseForget, earlier } from './copies/choose.js';
import { chooseRetained } from './retained/choose.js';
import { setIdOf } from '../../snapshots/names.js';

/** What {@link decide} sees: one object, the clock, and whether a Secret is there; nothing else is asked. */
export interface SnapshotInput {
  readonly object: AppSnapshot;
  /** Wall clock, ms since the epoch. */
  readonly now: number;
  /** The Secret of its retained recovery point is gone, or somebody has deleted it. */
  readonly pointLost?: boolean;
}

/** Finalizer that removes the snapshots with the object. */
export const snapshotFinalizer = 'stillpoint.dev/snapshots';

/** What to do next. Every action can be repeated; its key names it in logs. */
export type SnapshotPlan =
  | { readonly kind: 'idle' }
  /** Nothing new is begun while the spec says so. */
  | { readonly kind: 'suspended' }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'addFinalizer' }
  /** End every hold that a status of a former leader names, then count the attempt as lost. */
  | { readonly kind: 'recover' }
  /** Plan, warm up, and run one window. */
  | { readonly kind: 'attempt'; readonly attempt: number; readonly setId: string }
  /** Evidence after the release, then the final grade. */
  | { readonly kind: 'grade' }
  /** Members counted, labelled and ready. */
  | { readonly kind: 'complete' }
  /** Write it to a target outside the storage of the cluster. */
  | { readonly kind: 'copy'; readonly target: string }
  /** Remove it from a target that is named in spec.forgetCopies. */
  | { readonly kind: 'forget'; readonly target: string }
  /** Make it outlive its object and the namespace. */
  | { readonly kind: 'retain' }
  /** Undo that. */
  | { readonly kind: 'release' }
  /** Remove the data, keep the object. */
  | { readonly kind: 'expire' }
  /** Remove what a failed copy left behind. */
  | { readonly kind: 'discard' }
  /** Remove everything, then the finalizer. */
  | { readonly kind: 'delete' };

/** The next step of an AppSnapshot. Pure and synchronous: same input, same plan. */
export function decide(input: SnapshotInput): SnapshotPlan {
  const { object } = input;
  const mayHold = (object.status?.holds ?? []).some((h) => h.state === 'Intended');
  // Whatever else is to be done: first nothing is left still.
  if (mayHold) return { kind: 'recover' };
  if (object.metadata.deletionTimestamp !== undefined) {
    return (object.metadata.finalizers ?? []).includes(snapshotFinalizer) ? { kind: 'delete' } : { kind: 'idle' };
  }
  if (!(object.metadata.finalizers ?? []).includes(snapshotFinalizer)) return { kind: 'addFinalizer' };
  return byPhase(input);
}

function byPhase(input: SnapshotInput): SnapshotPlan {
  const { object, now } = input;
  const phase = object.status?.phase ?? 'Pending';
  switch (phase) {
    case 'Pending':
    case 'Planned':
    case 'Warmed':
      return nextAttempt(object);
    case 'Intended':
      // A window of which nobody has told the end, also when it named no hold: it counts.
      return { kind: 'recover' };
    case 'Released':
      return { kind: 'grade' };
    case 'Graded':
      return { kind: 'complete' };
    case 'Ready':
      return afterReady(input);
    case 'Failed':
      // A set id stays in status until everything under it is gone.
      return object.status?.setId === undefined ? afterEnd(object, now) : { kind: 'discard' };
    case 'Expired':
      return object.status?.setId === undefined ? afterEnd(object, now) : { kind: 'expire' };
  }
}

function nextAttempt(object: AppSnapshot): SnapshotPlan {
  // What a lost attempt left under its set id goes first: no second set beside a forgotten one.
  if (object.status?.setId !== undefined) return { kind: 'discard' };
  if (object.spec.suspend) return { kind: 'suspended' };
  return { kind: 'attempt', ...nextAttemptOf(object) };
}

/** The attempt that comes next; one that ended before its window comes again. */
export function nextAttemptOf({ metadata, status }: AppSnapshot): { readonly attempt: number; readonly setId: string } {
  const attempt = (status?.attempts ?? 0) + 1;
  return { attempt, setId: setIdOf(metadata.uid, attempt) };
}

/** True when the set that status names is that of an attempt which comes again under the same id. */
export function comesAgain(object: AppSnapshot): boolean {
  const { phase, setId } = object.status ?? {};
  return object.metadata.deletionTimestamp === undefined && phase !== 'Failed' && phase !== 'Expired' && setId === nextAttemptOf(object).setId;
}

/** What has expired is not retained and not copied any more. */
function afterReady({ object, now, pointLost = false }: SnapshotInput): SnapshotPlan {
  const plan = expiry(object, now);
  if (plan.kind === 'expire') return plan;
  const retained = chooseRetained(object, now, pointLost);
  if (retained.kind === 'retain' || retained.kind === 'release') return retained;
  const forget = chooseForget(object, now);
  if (forget.kind === 'work') return { kind: 'forget', target: forget.target };
  const copies = earlier(earlier(chooseCopy(object, now), forget), retained);
  switch (copies.kind) {
    case 'none':
      return plan;
    case 'work':
      return { kind: 'copy', target: copies.target };
    case 'wait':
      return { kind: 'wait', seconds: plan.kind === 'wait' ? Math.min(plan.seconds, copies.seconds) : copies.seconds };
  }
}

/** The snapshots are gone; what is in targets can still be removed. */
function afterEnd(object: AppSnapshot, now: number): SnapshotPlan {
  const forget = chooseForget(object, now);
  return forget.kind === 'none' ? { kind: 'idle' } : forget.kind === 'work' ? { kind: 'forget', target: forget.target } : forget;
}

function expiry(object: AppSnapshot, now: number): SnapshotPlan {
  const at = expiresAt(object);
  if (at === undefined) return { kind: 'idle' };
  return at <= now ? { kind: 'expire' } : { kind: 'wait', seconds: Math.min(3600, Math.ceil((at - now) / 1000)) };
}

/** When the data of a finished copy goes, ms since the epoch. */
export function expiresAt(object: AppSnapshot): number | undefined {
  const done = object.status?.completionTime;
  if (done === undefined || object.spec.expiresAfter === undefined) return undefined;
  return Date.parse(done) + durationMillis(object.spec.expiresAfter);
}
