import type { CopyStatus, CopyVolumeStatus } from '../../../api/appsnapshot.js';
import { moverName } from '../../../movers/names.js';
import type { MoverOutcome } from '../../../movers/outcome.js';
import type { MoverProgress, MoverSuccess } from '../../../movers/request.js';
import { failed, failureOf, millisToRetry, succeeded, type Failure } from '../../movers/failures.js';

/** What was seen of the movers of one copy. */
export interface SeenMovers {
  /** How each is doing, by name; one that is not there has not been made, or was removed. */
  readonly outcomes: ReadonlyMap<string, MoverOutcome>;
  readonly progress: ReadonlyMap<string, MoverProgress>;
  /** What a mover that has not started waits for. */
  readonly waiting: string | undefined;
  /** How many volumes may be begun now. */
  readonly slots: number;
  /** Wall clock, ms since the epoch. */
  readonly now: number;
}

/** A copy that has been begun. */
export type BegunCopy = CopyStatus & { readonly targetUid: string; readonly id: string; readonly volumes: readonly CopyVolumeStatus[] };

/** Name of the mover of a volume, and of the claim that it reads. Pure. */
export function volumeMover({ targetUid, id }: Pick<BegunCopy, 'targetUid' | 'id'>, { uid, attempt }: CopyVolumeStatus): string {
  return moverName(targetUid, 'copy', id, uid, attempt);
}

/** Name of the mover of the recovery point, and of the Secret that it reads. Pure. */
export function sealMover({ targetUid, id, sealAttempt }: Pick<BegunCopy, 'targetUid' | 'id' | 'sealAttempt'>): string {
  return moverName(targetUid, 'seal', id, sealAttempt ?? 0);
}

/** Names of what is at work for these copies, as their status says. Pure. */
export function namesAtWork(copies: readonly CopyStatus[]): ReadonlySet<string> {
  return new Set(
    copies.flatMap((copy) => {
      if (!isBegun(copy)) return [];
      if (copy.phase === 'Sealing') return [sealMover(copy)];
      return copy.phase === 'Copying' ? copy.volumes.filter((volume) => volume.phase === 'Copying').map((volume) => volumeMover(copy, volume)) : [];
    }),
  );
}

/** Whether its movers have names. Pure. */
export function isBegun(copy: CopyStatus): copy is BegunCopy {
  return copy.id !== undefined && copy.targetUid !== undefined && copy.volumes !== undefined;
}

/**
 * The copy as it is after what was seen: volumes that are done or have failed, those that are begun now, and, when all are in, the recovery point. It is
 * written before anything of it is made, so that a crash repeats it. Pure.
 */
export function advance(copy: BegunCopy, seen: SeenMovers): BegunCopy {
  const next = judged(copy, seen);
  // A failure says more than what is waited for.
  return next.reason === undefined && (next.phase === 'Copying' || next.phase === 'Sealing') ? { ...next, message: seen.waiting } : next;
}

function judged(copy: BegunCopy, seen: SeenMovers): BegunCopy {
  if (copy.phase === 'Sealing') return seal(copy, seen);
  if (copy.phase !== 'Copying') return copy;
  const results = copy.volumes.map((volume) => judge(copy, volume, seen));
  const failures = results.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  const progressed = results.some(({ volume }, i) => volume.phase === 'Done' && copy.volumes[i]?.phase !== 'Done');
  const noted = note({ ...copy, volumes: results.map(({ volume }) => volume) }, failures[0], progressed, seen.now);
  const next = totals(millisToRetry(noted, seen.now) > 0 ? noted : { ...noted, volumes: begin(noted.volumes, seen.slots) });
  return next.volumes.every((volume) => volume.phase === 'Done') ? { ...next, phase: 'Sealing', sealAttempt: (copy.sealAttempt ?? 0) + 1, etaSeconds: undefined } : next;
}

function judge(copy: BegunCopy, volume: CopyVolumeStatus, { outcomes, progress }: SeenMovers): { readonly volume: CopyVolumeStatus; readonly failure?: Failure } {
  if (volume.phase !== 'Copying') return { volume };
  const name = volumeMover(copy, volume);
  const outcome = outcomes.get(name);
  if (outcome === undefined) return { volume };
  if (outcome.kind === 'running') return { volume: { ...volume, ...withEta(progress.get(name)) } };
  const failure = failureOf(outcome, volume.claim, isWhole);
  if (failure !== undefined) return { volume: { ...volume, phase: 'Pending', etaSeconds: undefined }, failure };
  const result = outcome.kind === 'ended' && outcome.result.ok ? outcome.result : undefined;
  const { snapshotId, tree, bytes = 0, bytesAdded = 0 } = result ?? {};
  return { volume: { ...volume, phase: 'Done', snapshotId, tree, bytesDone: bytes, bytesTotal: bytes, bytesAdded, etaSeconds: undefined } };
}

function withEta(progress: MoverProgress | undefined): Partial<CopyVolumeStatus> {
  return progress === undefined ? {} : { ...progress, etaSeconds: progress.etaSeconds };
}

function isWhole({ snapshotId, tree }: MoverSuccess): boolean {
  return snapshotId !== undefined && tree !== undefined && tree !== '';
}

/** What has failed waits; what goes on has no trouble any more. Locks that were in the way are remembered until something succeeds. */
function note(copy: BegunCopy, failure: Failure | undefined, progressed: boolean, now: number): BegunCopy {
  if (failure !== undefined) {
    const lockedBy = [...new Set([...failure.lockedBy, ...(copy.lockedBy ?? [])])].slice(0, 16);
    return { ...failed(copy, failure, now), lockedBy: lockedBy.length === 0 ? undefined : lockedBy };
  }
  return progressed ? { ...succeeded(copy), lockedBy: undefined } : copy;
}

function begin(volumes: readonly CopyVolumeStatus[], slots: number): CopyVolumeStatus[] {
  let free = slots;
  return volumes.map((volume) => {
    if (volume.phase !== 'Pending' || free <= 0) return volume;
    free -= 1;
    return { ...volume, phase: 'Copying', attempt: volume.attempt + 1 };
  });
}

/** Sums over the volumes. The whole is as late as the latest. */
function totals(copy: BegunCopy): BegunCopy {
  const sum = (of: (volume: CopyVolumeStatus) => number | undefined): number => copy.volumes.reduce((total, volume) => total + (of(volume) ?? 0), 0);
  const [bytesDone, bytesTotal] = [sum((v) => v.bytesDone), sum((v) => v.bytesTotal)];
  const etas = copy.volumes.flatMap((volume) => volume.etaSeconds ?? []);
  return {
    ...copy,
    bytesDone,
    bytesTotal,
    bytesAdded: sum((v) => v.bytesAdded),
    percent: bytesTotal === 0 ? 0 : Math.min(100, Math.floor((100 * bytesDone) / bytesTotal)),
    etaSeconds: etas.length === 0 ? undefined : Math.max(...etas),
  };
}

function seal(copy: BegunCopy, { outcomes, now }: SeenMovers): BegunCopy {
  const outcome = outcomes.get(sealMover(copy));
  if (outcome === undefined || outcome.kind === 'running') return copy;
  const failure = failureOf(outcome, 'recovery point', isWhole);
  if (failure !== undefined) {
    const noted = note({ ...copy, sealAttempt: (copy.sealAttempt ?? 0) + 1 }, failure, false, now);
    // What the repository has lost is written again.
    return failure.code === 'TargetDamaged' ? { ...noted, phase: 'Copying', volumes: copy.volumes.map((volume) => ({ ...volume, phase: 'Pending' as const, snapshotId: undefined, tree: undefined })) } : noted;
  }
  const recoveryPoint = outcome.kind === 'ended' && outcome.result.ok ? outcome.result.snapshotId : undefined;
  return { ...note(copy, undefined, true, now), phase: 'Cleaning', recoveryPoint, completedAt: new Date(now).toISOString(), percent: 100 };
}
