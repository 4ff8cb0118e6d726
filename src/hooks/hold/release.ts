import { sleep, type Clock } from '../../runtime/clock.js';
import { endHold, type EndDeps, type HoldEnd } from './end-hold.js';
import type { HolderSession, SessionEnd } from './holder-session.js';
import type { HoldResult } from './window-types.js';

/** The holder's own word, or what an `end` from outside was told; undefined: no answer. */
type SeenEnd = Exclude<SessionEnd, { kind: 'silent' }> | HoldEnd | undefined;

export interface ReleaseDeps extends EndDeps {
  readonly clock: Clock;
  /** On the monotonic clock: from then on an unanswered hold is given up; its guard has ended it by its own limits. */
  readonly until: number;
}

/** How long a holder may take to answer before it is told again by another way, ms. */
const answerMillis = 1000;
const firstPauseMillis = 100;
const longestPauseMillis = 1000;

/**
 * Waits for the end of holds whose streams were just told to end, and sees to it by a fresh exec where the answer stays
 * away. One result a session, in order; never rejects.
 */
export function collectEnds(sessions: readonly HolderSession[], deps: ReleaseDeps): Promise<HoldResult[]> {
  return Promise.all(sessions.map(async (session) => resultOf(session, await endOf(session, deps))));
}

async function endOf(session: HolderSession, deps: ReleaseDeps): Promise<SeenEnd> {
  const end = await within(session.end, answerMillis, deps.clock);
  if (end !== undefined && end.kind !== 'silent') return end;
  if (!session.mayHold) return undefined;
  for (let pause = firstPauseMillis; ; pause = Math.min(2 * pause, longestPauseMillis)) {
    const told = await endHold(session.plan, 'abort', deps);
    const late = await within(session.end, 0, deps.clock);
    if (late !== undefined && late.kind !== 'silent') return late;
    if (told.state !== 'unknown') return told;
    if (deps.clock.monotonic() + pause > deps.until) return undefined;
    await sleep(deps.clock, pause);
  }
}

async function within<T>(promise: Promise<T>, millis: number, clock: Clock): Promise<T | undefined> {
  let cancel = (): void => undefined;
  const timeUp = new Promise<undefined>((resolve) => {
    cancel = clock.after(millis, () => resolve(undefined));
  });
  const first = await Promise.race([promise, timeUp]);
  cancel();
  return first;
}

function resultOf(session: HolderSession, end: SeenEnd): HoldResult {
  const frozen = session.seen('frozen');
  const settledMillis = millis(frozen?.settledMicros);
  return {
    id: session.plan.id,
    frozen: frozen !== undefined,
    ...(frozen?.fenced === true ? { fenced: true } : {}),
    synced: frozen?.synced === true,
    ...ending(end),
    freezeMillis: millis(frozen?.freezeMicros),
    syncMillis: millis(frozen?.syncMicros),
    ...(settledMillis === undefined ? {} : { settledMillis }),
    thawMillis: millis(session.seen('released')?.thawMicros),
  };
}

function ending(end: SeenEnd): Pick<HoldResult, 'unbroken' | 'endedBy' | 'heldMillis'> {
  if (end === undefined) return { unbroken: undefined, endedBy: undefined, heldMillis: undefined };
  if ('kind' in end) {
    return { unbroken: end.kind === 'released' && end.unbroken, endedBy: end.why, heldMillis: end.kind === 'ended' ? undefined : millis(end.heldMicros) };
  }
  switch (end.state) {
    case 'unknown':
      return { unbroken: undefined, endedBy: undefined, heldMillis: undefined };
    case 'absent':
      return { unbroken: false, endedBy: 'absent', heldMillis: undefined };
    case 'ended':
      // Our release won, but what it proved was lost on the way.
      return { unbroken: end.why === 'release' ? undefined : false, endedBy: end.why, heldMillis: end.heldMillis };
  }
}

function millis(micros: number | undefined): number | undefined {
  return micros === undefined ? undefined : micros / 1000;
}
