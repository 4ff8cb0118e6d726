/** The window of a copy, and how long it waited for it. Times in ms since the epoch. */
export interface Turn {
  /** `namespace/name` of the AppSnapshot. */
  readonly key: string;
  /** As the API server noted it: whole seconds. */
  readonly created: number;
  /** When its status was seen to say that it waits; undefined: it did not have to, or another state came first. */
  readonly asked: number | undefined;
  /** When its holds were named, before anything was held. */
  readonly opened: number;
  /** When its member was let go. */
  readonly closed: number;
}

/** The most windows that were open at one moment; one that opens in the millisecond in which another closes is not open beside it. */
export function mostAtOnce(turns: readonly Turn[]): number {
  const changes = turns.flatMap(({ opened, closed }) => [{ at: opened, by: 1 }, { at: closed, by: -1 }]).sort((a, b) => a.at - b.at || a.by - b.by);
  let open = 0;
  return changes.reduce((most, { by }) => Math.max(most, (open += by)), 0);
}

/**
 * The most windows that one window was opened before, although their copies were older and had asked for their turn before its own had. Whose turn has come
 * still has to be planned, so that among those of whom it is the turn at a time any may be the first.
 */
export function mostOvertaken(turns: readonly Turn[]): number {
  const overtaken = turns.map((turn) => turns.filter((other) => isOlder(other, turn) && askedBefore(other, turn) && other.opened > turn.opened).length);
  return Math.max(0, ...overtaken);
}

/** As the line of windows goes by age (src/controllers/window-admission.ts). */
function isOlder(a: Turn, b: Turn): boolean {
  return a.created < b.created || (a.created === b.created && a.key < b.key);
}

function askedBefore(a: Turn, b: Turn): boolean {
  return a.asked !== undefined && b.asked !== undefined && a.asked < b.asked;
}
