/** Gives back an equal value that it was given before, so that a cache of many like objects holds what they have in common once. Values must not be changed afterwards. */
export type Share = <T>(value: T) => T;

/** The values met last that are kept to be found again; a Deployment's pods come together, so that few are enough. */
const maxValues = 4096;

/** A table of its own. Equal means: the same as JSON. What is not met for long is forgotten by the table, not by those who have it. */
export function createSharing(): Share {
  const known = new Map<string, unknown>();
  return <T>(value: T): T => {
    if (value === undefined) return value;
    const text = JSON.stringify(value);
    const same = known.get(text);
    if (same !== undefined) return same as T;
    if (known.size >= maxValues) known.clear();
    known.set(text, value);
    return value;
  };
}

/** For those who keep few objects. */
export const shareNothing: Share = (value) => value;
