import type { AppSnapshotStatus, HoldStatus } from '../../api/appsnapshot.js';
import { endHolds } from '../../hooks/hold/end-holds.js';
import type { HoldEnd } from '../../hooks/hold/end-hold.js';
import { unlabelClaims } from '../../snapshots/label.js';
import { removeSet } from '../../snapshots/remove-set.js';
import { removeFinalizer } from '../../runtime/finalizers.js';
import { appSnapshots, type AppSnapshot } from '../../api/kinds.js';
import { releaseCapture } from '../../manifests/store.js';
import type { OperatorDeps } from '../deps.js';
import { abandonCopies, forgetCopies, isNamespaceLeaving } from './copies/end.js';
import { comesAgain, snapshotFinalizer } from './decide.js';
import { agentRef } from './agent-ref.js';
import { accountOf } from './gather.js';
import { inUse } from './in-use.js';
import { removeLeftovers } from './leftovers.js';
import { release, settleAtEnd } from './retained/release.js';
import { later, now, onChange, type StepResult } from '../step.js';
import { contentCaches, setRef, tell, type SnapshotWriter } from './steps.js';

/** Looking again at a deletion that controllers of others work on. */
const removalSeconds = 2;

/**
 * Ends every hold that a former leader may have left (3-stillness.md, 3.2), then counts the attempt as lost. What was cut
 * in it is removed: nobody saw its releases. A hold whose end nobody acknowledged is asked for again; its guard ends it
 * in any case.
 */
export async function recover(writer: SnapshotWriter, deps: OperatorDeps): Promise<StepResult> {
  const { object } = writer;
  const holds = object.status?.holds ?? [];
  const ends = await endHolds(holds, {
    exec: deps.exec,
    account: accountOf(object),
    podProgram: deps.podProgram,
    namespace: object.metadata.namespace,
    agentOn: (node) => agentRef(deps, node),
  });
  const { change, open, lost } = recovered(object, ends, deps.clock.now());
  if (open.length > 0) {
    const message = `The release of ${open.map((h) => h.pod).join(', ')} is not confirmed; the guard ends the hold after at most ${open[0]?.maxHoldMillis ?? 0} ms.`;
    await writer.write(change, lost ? { kind: 'working', reason: 'ReleaseNotConfirmed', message } : undefined);
    tell(deps, object, 'Warning', 'ReleaseNotConfirmed', message);
    return later(1);
  }
  if (!lost) {
    await writer.write(change);
    return now;
  }
  const what = interruption(object);
  const message = `${what}; every hold has been ended and the attempt counts as lost.`;
  await writer.write({ ...change, reasons: [message] }, { kind: change.phase === 'Failed' ? 'failed' : 'working', reason: 'HoldBroken', message });
  tell(deps, object, 'Warning', 'HoldBroken', message);
  return now;
}

function interruption({ metadata, status }: AppSnapshot): string {
  if (status?.phase !== 'Intended') return 'The release of a hold was not confirmed in its window';
  return `${metadata.deletionTimestamp === undefined ? 'The operator was interrupted' : 'The object was deleted'} while a window was open`;
}

/** What is known of an object's window after its holds were told to end. */
export interface Recovered {
  /** Of status; the phase is left alone while a hold may be on. */
  readonly change: Pick<AppSnapshotStatus, 'holds' | 'phase'>;
  /** Holds that may still be on: to be asked again. */
  readonly open: readonly HoldStatus[];
  /** Nobody has told what the window came to. Otherwise status says it already, with its reason, and keeps both. */
  readonly lost: boolean;
}

/** Judges the answers, one for each of `status.holds` in order. Pure. `at`: wall clock, ms since the epoch. */
export function recovered({ status, spec }: AppSnapshot, ends: readonly HoldEnd[], at: number): Recovered {
  const sinceMillis = at - startOf(status?.window?.openedAt);
  const holds = (status?.holds ?? []).map((hold, i) => endedHold(hold, ends[i], sinceMillis));
  const open = holds.filter((h) => h.state === 'Intended');
  const lost = status?.phase !== 'Pending' && status?.phase !== 'Failed';
  if (open.length > 0 || !lost) return { change: { holds }, open, lost };
  const exhausted = (status?.attempts ?? 0) >= spec.quiesce.attempts;
  return { change: { holds, phase: exhausted ? 'Failed' : 'Pending' }, open, lost };
}

/**
 * The new state of a hold. A pod that is gone took its hold along; where no answer came, the hold counts as open until
 * the guard's own limits, which nothing can extend, are certainly over.
 */
function endedHold(hold: HoldStatus, end: HoldEnd | undefined, sinceMillis: number): HoldStatus {
  if (hold.state !== 'Intended') return hold;
  if (end === undefined || end.state === 'unknown') {
    return sinceMillis > guardCertainMillis ? { ...hold, state: 'Ended', endedBy: 'unknown' } : hold;
  }
  return { ...hold, state: end.state === 'absent' ? 'Ended' : 'Broken', ...(end.state === 'ended' ? { endedBy: end.why } : {}) };
}

/** MAX is at most 10 s, an armed guard that saw no freeze ends after 60 s; doubled. */
const guardCertainMillis = 140_000;

function startOf(time: string | undefined): number {
  return time === undefined ? 0 : Date.parse(time);
}

/**
 * Removes the set of a lost attempt or failed copy, and forgets its id when nothing of it is left. What a server has made for an attempt that comes again under the
 * same id stays on it: the attempt finds it there.
 */
export async function discard(writer: SnapshotWriter, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult> {
  const { object } = writer;
  const setId = object.status?.setId;
  if (!comesAgain(object) && (await hasLeftovers(writer, deps, signal))) return later(removalSeconds);
  if (!(await release(writer, deps))) return later(removalSeconds);
  if (setId !== undefined && !(await removed(writer, deps, setId))) {
    const message = 'Waiting for the snapshots of the lost attempt to go before the next one.';
    if (object.status?.phase === 'Pending') await writer.write({}, { kind: 'working', reason: 'RemovingLostAttempt', message });
    return later(removalSeconds);
  }
  if (object.status?.capture !== undefined) await releaseCapture(deps.client.as(accountOf(object)), object);
  await writer.write({ setId: undefined, members: undefined, membersReady: undefined, size: undefined, grade: undefined, capture: undefined });
  return object.status?.phase === 'Failed' ? onChange : now;
}

async function removed(writer: SnapshotWriter, deps: OperatorDeps, setId: string): Promise<boolean> {
  const ref = setRef(writer.object, setId);
  await unlabelClaims(deps.client, ref);
  const remaining = await removeSet(deps.client, deps.group, contentCaches(deps), ref);
  if (remaining.length > 0) deps.log.info('waiting for the snapshot set to go', { ...ref, remaining });
  return remaining.length === 0;
}

/** Whether a server still has something of the copy that it is to be asked for again. */
async function hasLeftovers(writer: SnapshotWriter, deps: OperatorDeps, signal: AbortSignal): Promise<boolean> {
  const { waiting } = await removeLeftovers(writer, deps, writer.object.status?.applications ?? [], signal);
  if (waiting !== undefined) deps.log.info('waiting for a server to remove what it made for a copy', { waiting });
  return waiting !== undefined;
}

/** Removes the data of a copy whose time is over; the object stays and says so. */
export async function expire(writer: SnapshotWriter, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult> {
  if (await inUse(writer, deps)) return later(removalSeconds);
  const message = 'The copy has expired; its snapshots and its capture are removed.';
  if (writer.object.status?.phase !== 'Expired') {
    await writer.write({ phase: 'Expired' }, { kind: 'ready', reason: 'Expired', message });
    tell(deps, writer.object, 'Normal', 'Expired', message);
  }
  deps.metrics.forget({ namespace: writer.object.metadata.namespace, name: writer.object.metadata.name });
  if (!(await abandonCopies(writer, deps))) return later(removalSeconds);
  return discard(writer, deps, signal);
}

/** Everything of the object goes, unless it is retained; then its finalizer. */
export async function remove(writer: SnapshotWriter, deps: OperatorDeps, signal: AbortSignal): Promise<StepResult> {
  if (await inUse(writer, deps, () => isNamespaceLeaving(writer.object, deps))) return later(removalSeconds);
  if (!(await forgetCopies(writer, deps))) return later(removalSeconds);
  if (await hasLeftovers(writer, deps, signal)) return later(removalSeconds);
  const data = await settleAtEnd(writer, deps);
  if (data === 'again') return later(removalSeconds);
  const { object } = writer;
  const setId = data === 'stays' ? undefined : object.status?.setId;
  if (setId !== undefined && !(await removed(writer, deps, setId))) return later(removalSeconds);
  deps.metrics.forget({ namespace: object.metadata.namespace, name: object.metadata.name });
  await removeFinalizer(deps.client, appSnapshots, object, snapshotFinalizer);
  return onChange;
}
