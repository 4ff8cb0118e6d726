import { fail } from '../../../api/errors.js';
import type { AppRestore } from '../../../api/kinds.js';
import type { ListedPoint } from '../../../movers/request.js';
import { sourceNamespace } from '../steps.js';

/** What a restore reads that does not say: its checks show what it is worth, and a cluster that is empty knows of no point that was verified. */
const byDefault = 'latest';

/** What was found in a repository. */
export interface Listed {
  /** Newest cut first. */
  readonly points: readonly ListedPoint[];
  readonly total: number;
  /** Ids of those that a restore in this cluster has found good. */
  readonly verified: ReadonlySet<string>;
}

/** Ids that must be in the list, beside the newest. Pure. */
export function wantedOf({ spec }: AppRestore, verified: readonly string[]): readonly string[] {
  const wanted = spec.from.recoveryPoint ?? byDefault;
  if (wanted === 'latest') return [];
  return wanted === 'latest-verified' ? verified : [wanted];
}

/** The recovery point that the spec means. Pure. Throws RecoveryPointNotFound, RecoveryPointNotVerified. */
export function choosePoint(object: AppRestore, listed: Listed): ListedPoint {
  const wanted = object.spec.from.recoveryPoint ?? byDefault;
  const [newest] = listed.points;
  if (newest === undefined) throw fail('RecoveryPointNotFound', `The target holds no complete copy of namespace ${sourceNamespace(object)}.`);
  if (wanted === 'latest') return newest;
  if (wanted === 'latest-verified') {
    const found = listed.points.find(({ id }) => listed.verified.has(id));
    if (found !== undefined) return found;
    throw fail('RecoveryPointNotVerified', `None of the ${listed.total} recovery points of namespace ${sourceNamespace(object)} is known to be verified: a recovery point in a target says nothing of it, and no AppRestore of this cluster has checked one. ${names(listed)}`);
  }
  const found = listed.points.find(({ id }) => id === wanted);
  if (found !== undefined) return found;
  throw fail('RecoveryPointNotFound', `spec.from.recoveryPoint: namespace ${sourceNamespace(object)} has no recovery point ${wanted} in the target. ${names(listed)}`);
}

function names({ points, total }: Listed): string {
  const shown = points.slice(0, 5).map(({ id, cutAt, grade }) => `${id} (cut ${cutAt}${grade === undefined ? '' : `, ${grade}`})`);
  return `The newest of ${total}: ${shown.join('; ')}.`;
}
