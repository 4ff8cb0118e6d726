import { fail } from '../../../api/errors.js';
import type { AppRestore, AppSnapshot } from '../../../api/kinds.js';
import type { ListedPoint } from '../../../movers/request.js';
import type { Caches } from '../../caches.js';
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

/** A repository. */
interface Place {
  readonly location: string;
  /** Undefined: not known yet. */
  readonly repositoryId: string | undefined;
}

/** Ids of the recovery points there that a restore of this cluster has found good, newest cut first. Status is written by the operator only. */
export function verifiedIn(caches: Pick<Caches, 'appRestores' | 'appSnapshots'>, { location, repositoryId }: Place): string[] {
  const sources = caches.appRestores.list().flatMap(({ status }) => (status?.phase === 'Ready' && status.verified === true && status.source?.target !== undefined ? [status.source] : []));
  const there = sources.filter((source) => source.location === location && (repositoryId === undefined || source.repositoryId === repositoryId));
  const all = [...there, ...markedIn(caches.appSnapshots.list(), location)];
  const cut = ({ cutAt = '' }: Pick<(typeof all)[number], 'cutAt'>): number => Date.parse(cutAt) || 0;
  return [...new Set(all.sort((a, b) => cut(b) - cut(a)).map(({ setId }) => setId))];
}

/** A restore that is gone, as that of a drill is, has left its mark on the AppSnapshot. What is not in the repository any more is not chosen. */
function markedIn(snapshots: readonly AppSnapshot[], location: string): { readonly setId: string; readonly cutAt?: string | undefined }[] {
  return snapshots.flatMap(({ status }) => {
    const target = status?.verified?.target;
    const copy = target === undefined ? undefined : status?.copies?.find((c) => c.target === target && c.location === location && c.phase === 'Complete');
    return copy?.id === undefined ? [] : [{ setId: copy.id, cutAt: status?.window?.heldFrom ?? status?.window?.openedAt }];
  });
}
