import type { CopyStatus } from '../../../api/appsnapshot.js';
import type { AppSnapshot } from '../../../api/kinds.js';
import { millisToRetry } from '../../movers/failures.js';

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

/** The copies that are wanted, and not named in spec.forgetCopies. Pure. */
export function wantedCopies(object: AppSnapshot): CopyStatus[] {
  return copiesOf(object).filter((copy) => !isUnwanted(object, copy));
}

/** One copy after the other, in the order of the spec; one whose target is in trouble does not keep the others waiting, and comes after what runs. Pure. */
export function chooseCopy(object: AppSnapshot, now: number): CopiesPlan {
  const open = wantedCopies(object).filter((copy) => !isOver(copy));
  const active = open.find(isRunning) ?? open.find((copy) => isUnderWay(copy) && millisToRetry(copy, now) <= 0);
  if (active !== undefined) return { kind: 'work', target: active.target };
  // Nothing new is begun while the spec says so.
  const waiting = object.spec.suspend ? [] : open;
  const due = waiting.find((copy) => millisToRetry(copy, now) <= 0);
  if (due !== undefined) return { kind: 'work', target: due.target };
  if (waiting.length === 0) return { kind: 'none' };
  return waitFor(waiting, now);
}

/** What is to be removed from a target that is named in spec.forgetCopies: one after the other, and not beside the movers of other copies. Pure. */
export function chooseForget(object: AppSnapshot, now: number): CopiesPlan {
  const copies = copiesOf(object);
  const unwanted = copies.filter((copy) => isUnwanted(object, copy) && copy.phase !== 'Forgotten');
  if (unwanted.length === 0 || copies.some((copy) => isUnderWay(copy) && !isUnwanted(object, copy))) return { kind: 'none' };
  const due = unwanted.find((copy) => millisToRetry(copy, now) <= 0);
  return due === undefined ? waitFor(unwanted, now) : { kind: 'work', target: due.target };
}

/** Of two plans the one that has something to do, or comes to it sooner. Pure. */
export function earlier(a: CopiesPlan, b: CopiesPlan): CopiesPlan {
  if (a.kind === 'wait' && b.kind === 'wait') return a.seconds <= b.seconds ? a : b;
  return a.kind === 'work' || b.kind === 'none' ? a : b;
}

function isUnwanted({ spec }: AppSnapshot, { target }: CopyStatus): boolean {
  return spec.forgetCopies?.includes(target) === true;
}

function waitFor(copies: readonly CopyStatus[], now: number): CopiesPlan {
  return { kind: 'wait', seconds: Math.max(0.1, Math.min(...copies.map((copy) => millisToRetry(copy, now))) / 1000) };
}

/** A mover is at work whatever else has failed. One that seals may be at work as long as nothing has failed. */
function isRunning({ phase, volumes, retryAt }: CopyStatus): boolean {
  return phase === 'Cleaning' || (phase === 'Sealing' && retryAt === undefined) || (phase === 'Copying' && (volumes ?? []).some((volume) => volume.phase === 'Copying'));
}
