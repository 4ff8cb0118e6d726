import { fail } from '../api/errors.js';
import type { AppError } from '../runtime/app-error.js';
import type { SnapshotClass } from './capability.js';

export interface ChosenClass {
  readonly class: SnapshotClass;
}

/**
 * The class for one driver: the one that the spec names, else the default, else the only one. Undefined when the
 * driver has none; an error when nothing says which of several is meant (the API would take any or fail later).
 */
export function chooseClass(
  classes: readonly SnapshotClass[],
  driver: string,
  named: string | undefined,
  kind: string,
  field: string,
): ChosenClass | { readonly error: AppError } | undefined {
  const own = classes.filter((c) => c.driver === driver);
  const byName = own.find((c) => c.name === named);
  if (byName !== undefined) return { class: byName };
  const defaults = own.filter((c) => c.isDefault);
  const candidates = defaults.length > 0 ? defaults : own;
  const [first] = candidates;
  if (first === undefined) return undefined;
  if (candidates.length === 1) return { class: first };
  const names = candidates.map((c) => c.name).sort().join(', ');
  const what = defaults.length > 0 ? `several default ${kind}es` : `several ${kind}es and none is the default`;
  return { error: fail('SnapshotClassMissing', `Driver ${driver} has ${what} (${names}); name one in ${field}.`) };
}
