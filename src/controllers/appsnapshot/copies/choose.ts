import type { CopyStatus } from '../../../api/appsnapshot.js';
import type { AppSnapshot } from '../../../api/kinds.js';

/** What there is to do for the copies of a ready AppSnapshot. */
export type CopiesPlan =
  | { readonly kind: 'none' }
  /** One copy is worked on. */
  | { readonly kind: 'work'; readonly target: string }
  | { readonly kind: 'wait'; readonly seconds: number };

/** The copies that the spec asks for, as far as they are. Pure. */
export function copiesOf({ spec, status }: AppSnapshot): CopyStatus[] {
  return (spec.copies ?? []).map(({ targetRef }) => status?.copies?.find((copy) => copy.target === targetRef.name) ?? { target: targetRef.name, phase: 'Pending' });
}

/** Whether nothing is left to be done for it. Pure. */
export function isOver({ phase }: CopyStatus): boolean {
  return phase === 'Complete' || phase === 'Failed' || phase === 'Forgotten';
}

/** Whether movers may be at work for it, or things of theirs be left. Pure. */
export function isUnderWay({ phase, volumes }: CopyStatus): boolean {
  return phase === 'Sealing' || phase === 'Cleaning' || (phase === 'Copying' && (volumes ?? []).some((volume) => volume.phase === 'Copying'));
}

/** One copy after the other, in the order of the spec; one whose target is in trouble does not keep the others waiting. Pure. */
export function chooseCopy(object: AppSnapshot, now: number): CopiesPlan {
  const open = copiesOf(object).filter((copy) => !isOver(copy));
  const active = open.find((copy) => isUnderWay(copy) && millisUntil(copy, now) <= 0) ?? open.find(isRunning);
  if (active !== undefined) return { kind: 'work', target: active.target };
  // Nothing new is begun while the spec says so.
  const waiting = object.spec.suspend ? [] : open;
  const due = waiting.find((copy) => millisUntil(copy, now) <= 0);
  if (due !== undefined) return { kind: 'work', target: due.target };
  if (waiting.length === 0) return { kind: 'none' };
  return { kind: 'wait', seconds: Math.max(0.1, Math.min(...waiting.map((copy) => millisUntil(copy, now))) / 1000) };
}

/** A mover is at work whatever else has failed. */
function isRunning({ phase, volumes }: CopyStatus): boolean {
  return phase === 'Cleaning' || (phase === 'Copying' && (volumes ?? []).some((volume) => volume.phase === 'Copying'));
}

function millisUntil({ retryAt }: CopyStatus, now: number): number {
  return retryAt === undefined ? 0 : Date.parse(retryAt) - now;
}
