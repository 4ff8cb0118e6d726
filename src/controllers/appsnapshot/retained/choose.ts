import type { AppSnapshot } from '../../../api/kinds.js';
import { millisToRetry } from '../../movers/failures.js';

/** What there is to do so that a ready copy is retained, or not, as its spec says. */
export type RetainedPlan = { readonly kind: 'none' } | { readonly kind: 'retain' } | { readonly kind: 'release' } | { readonly kind: 'wait'; readonly seconds: number };

/** The next step. `pointLost`: the Secret of a recovery point that was complete is gone, or going. Pure. */
export function chooseRetained({ spec, status }: AppSnapshot, now: number, pointLost: boolean): RetainedPlan {
  const { retained } = status ?? {};
  if (spec.deletionPolicy !== 'Retain') return retained === undefined ? { kind: 'none' } : { kind: 'release' };
  if (retained?.complete === true && !pointLost) return { kind: 'none' };
  const pause = millisToRetry(retained ?? {}, now);
  return pause > 0 ? { kind: 'wait', seconds: pause / 1000 } : { kind: 'retain' };
}

/** Whether its data is to stay when the object goes: it was a copy, and the spec says so. Pure. */
export function outlives({ spec, status }: AppSnapshot): boolean {
  return spec.deletionPolicy === 'Retain' && status?.phase === 'Ready';
}
