/** Raw JSON as objects of the API have it. */
export type Json = Record<string, unknown>;

/** The value as an object; empty for anything else. */
export function record(value: unknown): Json {
  return isRecord(value) ? value : {};
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a list; empty for anything else. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** A step into JSON: a key, or `*` for every element of a list or value of a map. */
export type Path = readonly string[];

/** Returned by an edit to remove the value. */
export const removed = Symbol('removed');

/**
 * A copy in which every value at the path was replaced by what `edit` makes of it. Paths that do not exist are not made;
 * parts that do not change are shared with the original, and the whole original comes back when nothing changed.
 */
export function editAt<T>(value: T, path: Path, edit: (value: unknown) => unknown): T {
  const result = walk(value, path, edit);
  return result === removed ? value : (result as T);
}

function walk(value: unknown, path: Path, edit: (value: unknown) => unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return edit(value);
  if (Array.isArray(value)) {
    if (step !== '*') return value;
    const elements = value as unknown[];
    const next = elements.map((element) => walk(element, rest, edit));
    return next.every((element, i) => element === elements[i]) ? value : next.filter((element) => element !== removed);
  }
  if (!isRecord(value)) return value;
  const keys = step === '*' ? Object.keys(value) : Object.hasOwn(value, step) ? [step] : [];
  const changed = keys.map((key) => [key, walk(value[key], rest, edit)] as const).filter(([key, next]) => next !== value[key]);
  if (changed.length === 0) return value;
  const next = { ...value, ...Object.fromEntries(changed) };
  return Object.fromEntries(Object.entries(next).filter(([, v]) => v !== removed));
}

/** A copy without the value at the path. */
export function dropAt<T>(value: T, path: Path): T {
  return editAt(value, path, () => removed);
}

/** The value at a path without `*`; undefined when it is not there. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const step of path) current = isRecord(current) ? current[step] : undefined;
  return current;
}
