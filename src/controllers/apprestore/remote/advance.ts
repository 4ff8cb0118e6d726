import type { RestoredVolume, RestoreTransfer } from '../../../api/apprestore.js';
import type { MoverOutcome } from '../../../movers/outcome.js';
import type { MoverProgress, MoverSuccess } from '../../../movers/request.js';
import { failed, failureOf, millisToRetry, succeeded, type Failure } from '../../movers/failures.js';

/** Volumes that are filled, and what stands in the way. */
export interface Filling {
  readonly transfer: RestoreTransfer;
  readonly volumes: readonly RestoredVolume[];
}

/** What was seen of them. */
export interface SeenFilling {
  /** How the mover of the newest attempt is doing, by claim; one that is not there has not been made, or was removed. */
  readonly outcomes: ReadonlyMap<string, MoverOutcome>;
  readonly progress: ReadonlyMap<string, MoverProgress>;
  /** Claims that a mover can mount. */
  readonly mountable: ReadonlySet<string>;
  /** What a mover that has not started waits for. */
  readonly waiting: string | undefined;
  /** Volumes that may be filled at a time. */
  readonly concurrency: number;
  /** Wall clock, ms since the epoch. */
  readonly now: number;
}

/** The volumes as they are after what was seen, and those that are begun now. It is written before anything of it is made, so that a crash repeats it. Pure. */
export function advanceFilling({ transfer, volumes }: Filling, seen: SeenFilling): Filling {
  const judged = volumes.map((volume) => judge(volume, seen));
  const failure = judged.find((j) => j.failure !== undefined)?.failure;
  const progressed = judged.some(({ volume }, i) => volume.phase === 'Bound' && volumes[i]?.phase !== 'Bound');
  const noted = failure === undefined ? (progressed ? succeeded(transfer) : transfer) : failed(transfer, failure, seen.now);
  const left = judged.map(({ volume }) => volume);
  const next = millisToRetry(noted, seen.now) > 0 ? left : begin(left, seen);
  // A failure says more than what is waited for.
  return { volumes: next, transfer: { ...noted, ...sums(next), ...(noted.reason === undefined ? { message: seen.waiting?.slice(0, 2048) } : {}) } };
}

function judge(volume: RestoredVolume, { outcomes, progress }: SeenFilling): { readonly volume: RestoredVolume; readonly failure?: Failure } {
  if (volume.phase !== 'Restoring') return { volume };
  const outcome = outcomes.get(volume.claim);
  if (outcome === undefined) return { volume };
  if (outcome.kind === 'running') return { volume: { ...volume, ...withEta(progress.get(volume.claim)) } };
  const failure = failureOf(outcome, volume.claim, (result) => result.bytes !== undefined);
  if (failure !== undefined) return { volume: { ...volume, phase: 'Pending', etaSeconds: undefined, message: failure.message.slice(0, 1024) }, failure };
  const { bytes = 0, note } = outcome.kind === 'ended' && outcome.result.ok ? outcome.result : ({} as Partial<MoverSuccess>);
  return { volume: { ...volume, phase: 'Bound', bytesDone: bytes, bytesTotal: bytes, etaSeconds: undefined, message: note } };
}

function withEta(progress: MoverProgress | undefined): Partial<RestoredVolume> {
  return progress === undefined ? {} : { ...progress, etaSeconds: progress.etaSeconds };
}

function begin(volumes: readonly RestoredVolume[], { mountable, concurrency }: SeenFilling): RestoredVolume[] {
  let free = concurrency - volumes.filter(({ phase }) => phase === 'Restoring').length;
  return volumes.map((volume) => {
    if (volume.phase !== 'Pending' || !mountable.has(volume.claim) || free <= 0) return volume;
    free -= 1;
    return { ...volume, phase: 'Restoring', attempt: (volume.attempt ?? 0) + 1, message: undefined };
  });
}

/** The whole is as late as the latest. */
function sums(volumes: readonly RestoredVolume[]): Pick<RestoreTransfer, 'bytesDone' | 'bytesTotal' | 'percent' | 'etaSeconds'> {
  const sum = (of: (volume: RestoredVolume) => number | undefined): number => volumes.reduce((total, volume) => total + (of(volume) ?? 0), 0);
  const [bytesDone, bytesTotal] = [sum((v) => v.bytesDone), sum((v) => v.bytesTotal)];
  const etas = volumes.flatMap((volume) => volume.etaSeconds ?? []);
  const percent = volumes.every(({ phase }) => phase === 'Bound') ? 100 : bytesTotal === 0 ? 0 : Math.min(99, Math.floor((100 * bytesDone) / bytesTotal));
  return { bytesDone, bytesTotal, percent, etaSeconds: etas.length === 0 ? undefined : Math.max(...etas) };
}
