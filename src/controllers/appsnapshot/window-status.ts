import type { HoldStatus, WindowStatus } from '../../api/appsnapshot.js';
import type { WindowResult, WindowTrace } from '../../hooks/hold/window-types.js';

interface WindowFacts {
  readonly id: string;
  readonly attempt: number;
  readonly openedAt: string | undefined;
  /** One atomic cut covered all members. */
  readonly atomic: boolean;
  /** Something was stopped; otherwise there is no hold to speak of. */
  readonly held: boolean;
}

/** What the window proved, in the words of status. */
export function windowStatus({ id, attempt, openedAt, atomic, held }: WindowFacts, result: WindowResult): WindowStatus {
  const { trace } = result;
  const longest = (pick: (h: WindowResult['holds'][number]) => number | undefined): number | undefined => max(result.holds.map(pick));
  return defined({
    id,
    attempt,
    openedAt,
    cutMillis: tenth(between(trace.cutSent, trace.allCut)),
    ...(held && {
      heldFrom: wallClock(trace, trace.allFrozen),
      heldUntil: wallClock(trace, trace.releaseSent),
      heldMillis: whole(between(impactOf(trace), trace.allReleased)),
      settleMillis: whole(settle(trace)),
      skewMillis: tenth(between(trace.firstFrozen, trace.allFrozen)),
      overheadMillis: whole(overhead(trace)),
    }),
    freezeMillis: tenth(longest((h) => h.freezeMillis)),
    syncMillis: tenth(longest((h) => h.syncMillis)),
    unbroken: result.holds.every((h) => h.unbroken === true),
    atomic,
    marks: marks(trace),
  });
}

/** The first moment at which clients could notice anything. */
function impactOf(trace: WindowTrace): number | undefined {
  return trace.gateSent ?? trace.freezeSent;
}

/** How long gated servers ran on, which they need whoever holds them; undefined without gates. */
function settle(trace: WindowTrace): number | undefined {
  return between(trace.allGated, trace.freezeSent);
}

/** The window without the cut and the settle: what holding cost beside what the storage took and the servers need. */
function overhead(trace: WindowTrace): number | undefined {
  const window = between(impactOf(trace), trace.allReleased);
  const cut = between(trace.cutSent, trace.allCut);
  return window === undefined || cut === undefined ? undefined : window - cut - (settle(trace) ?? 0);
}

function marks(trace: WindowTrace): NonNullable<WindowStatus['marks']> {
  const since = (at: number | undefined): number | undefined => tenth(between(impactOf(trace), at));
  return defined({
    ...(trace.gateSent !== undefined && { allGated: since(trace.allGated), freezeSent: since(trace.freezeSent) }),
    firstFrozen: since(trace.firstFrozen),
    allFrozen: since(trace.allFrozen),
    cutSent: since(trace.cutSent),
    cutAnswered: since(trace.cutAnswered),
    contentSeen: since(trace.contentSeen),
    allCut: since(trace.allCut),
    releaseSent: since(trace.releaseSent),
    allReleased: since(trace.allReleased),
  });
}

/** The holds after the window. One whose end nobody acknowledged stays `Intended`: it is ended first of all. */
export function closedHolds(intended: readonly HoldStatus[], result: WindowResult): HoldStatus[] {
  return intended.map((hold) => {
    const own = result.holds.find((h) => h.id === hold.id);
    if (own?.unbroken === undefined) return hold;
    return defined({
      ...hold,
      state: own.unbroken ? ('Released' as const) : own.frozen ? ('Broken' as const) : ('Ended' as const),
      endedBy: own.endedBy,
      heldMillis: tenth(own.heldMillis),
      freezeMillis: tenth(own.freezeMillis),
      syncMillis: tenth(own.syncMillis),
      settledMillis: tenth(own.settledMillis),
      thawMillis: tenth(own.thawMillis),
    });
  });
}

function wallClock(trace: WindowTrace, at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(trace.startedAt + at).toISOString();
}

function between(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : to - from;
}

function max(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((v) => v !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

const tenth = (millis: number | undefined): number | undefined => (millis === undefined ? undefined : Math.round(millis * 10) / 10);
const whole = (millis: number | undefined): number | undefined => (millis === undefined ? undefined : Math.round(millis));

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the fields that are undefined: status is JSON. */
function defined<T extends object>(value: T): Partial<Defined<T>> & T {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Partial<Defined<T>> & T;
}
