import { createHash } from 'node:crypto';

/** Hex digits of the digest that are kept: 128 bits. */
const digits = 32;

/**
 * Id of a hold: `[a-z0-9-]{1,63}`, the same for the same snapshot set and place, different for any other. A set id
 * belongs to one attempt, and an id can be armed only once: no attempt can meet the holds of another.
 */
export function holdId(setId: string, place: { readonly node: string } | { readonly pod: string; readonly podUid: string; readonly container: string }): string {
  const parts = 'node' in place ? ['node', place.node] : ['pod', place.pod, place.podUid, place.container];
  const digest = createHash('sha256').update(JSON.stringify([setId, ...parts])).digest('hex');
  return `hold-${digest.slice(0, digits)}`;
}
