/** Where a token goes. */
export interface Slot {
  readonly store: string;
  readonly member: number;
}

/**
 * A sequence of tokens, each sent only when the one before it was acknowledged: token n goes to slot (n - 1) mod the number of slots. The ring
 * is a lane over all members of all stores: an effect in one store has its cause in another. A lane with one slot is plain load.
 */
export interface Lane {
  /** From 0; part of every token, so that a token names its lane. */
  readonly id: number;
  readonly slots: readonly Slot[];
}

/** Tokens a lane can have. */
const laneSize = 10_000_000;

/** The token with number n (from 1) of a lane. */
export function tokenOf(lane: number, n: number): number {
  return lane * laneSize + n;
}

/** Lane and number of a token. */
export function numberOf(token: number): { lane: number; n: number } {
  return { lane: Math.floor(token / laneSize), n: token % laneSize };
}

/** Slot of a token. Throws for a lane without slots. */
export function slotOf(lane: Lane, n: number): Slot {
  const slot = lane.slots[(n - 1) % lane.slots.length];
  if (slot === undefined) throw new Error(`lane ${lane.id} has no slots`);
  return slot;
}

/** The ring over all members, store after store in turn, and `load` lanes for each member. */
export function lanesOver(stores: readonly { readonly name: string; readonly members: number }[], load: number): Lane[] {
  const longest = Math.max(0, ...stores.map((s) => s.members));
  // Member after member in rounds over the stores: neighbours in the ring are in different stores.
  const ring = Array.from({ length: longest }, (_, member) => stores.filter((s) => member < s.members).map((s): Slot => ({ store: s.name, member }))).flat();
  const single = ring.flatMap((slot) => Array.from({ length: load }, () => [slot]));
  return [ring, ...single].map((slots, id) => ({ id, slots }));
}
