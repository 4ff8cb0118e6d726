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
  /** Part of every token, so that a token names its lane. Ids grow: lanes of a later writer have higher ones than all before. */
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

/** Lanes one writer can have. */
const lanesOfWriter = 100;

/**
 * Id of the first lane of a writer that starts at an instant of the host's monotonic clock, ms: databases outlive their writers, and no two of those may
 * send the same token. None is older than the start of the host, nor are two started in one second. Tokens stay exact numbers for 104 days after it.
 */
export function firstLaneAt(monotonic: number): number {
  return Math.floor(monotonic / 1000) * lanesOfWriter;
}

/** The ring over all members, store after store in turn, and `load` lanes for each member, with ids from `first` on. Throws a RangeError for more lanes than a writer can have. */
export function lanesOver(stores: readonly { readonly name: string; readonly members: number }[], load: number, first = 0): Lane[] {
  const longest = Math.max(0, ...stores.map((s) => s.members));
  // Member after member in rounds over the stores: neighbours in the ring are in different stores.
  const ring = Array.from({ length: longest }, (_, member) => stores.filter((s) => member < s.members).map((s): Slot => ({ store: s.name, member }))).flat();
  const single = ring.flatMap((slot) => Array.from({ length: load }, () => [slot]));
  if (single.length >= lanesOfWriter) throw new RangeError(`${1 + single.length} lanes are more than ${lanesOfWriter}`);
  return [ring, ...single].map((slots, i) => ({ id: first + i, slots }));
}
