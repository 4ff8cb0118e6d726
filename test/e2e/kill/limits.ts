import type { Lane } from '../../proof/lanes.js';
import type { Stretch } from '../../proof/tokens.js';

/** What clients may see of a case. Pure: no clock, no database. */

/** Beyond MAX, for the guard to notice and to thaw. */
const graceMillis = 1000;

/** When every one of these holds is over at the latest, ms since the first impact; a second when there are none. */
export function latestEnd(holds: readonly { readonly maxHoldMillis: number }[]): number {
  return Math.max(0, ...holds.map((h) => h.maxHoldMillis)) + graceMillis;
}

/** Longest time after which TCP sends the first packet again that was not answered; it doubles with each further one (RFC 6298). */
const firstResendMillis = 1000;

/** What a database needs or does beyond the hold itself. */
interface Habits {
  /** From the request for a copy until its window is open, on two busy cores, s: what adapters ask of servers on the JVM starts a JVM each time. */
  readonly windowSeconds: number;
  /** Until every lane over it is acknowledged again when one of its containers was killed, s. 0: before the limit of the hold is over. */
  readonly restartSeconds: number;
  /** Its client ports are closed for the hold: what clients send meanwhile is lost, and sent again by TCP. */
  readonly gated?: true;
  /** Held almost as long as it tolerates it takes members for dead, and clients see errors (docs/kafka.md). */
  readonly errsAfterLongHold?: true;
}

const habits: ReadonlyMap<string, Habits> = new Map<string, Habits>([
  ['postgresql', { windowSeconds: 30, restartSeconds: 0 }],
  ['kafka', { windowSeconds: 120, restartSeconds: 240, errsAfterLongHold: true }],
  ['cassandra', { windowSeconds: 120, restartSeconds: 300, gated: true }],
  ['elasticsearch', { windowSeconds: 120, restartSeconds: 300 }],
  ['opensearch', { windowSeconds: 120, restartSeconds: 300 }],
]);

function habitsOf(application: string): Habits {
  const known = habits.get(application);
  if (known === undefined) throw new Error(`no limits of ${application}`);
  return known;
}

/** Longest time until a window over these applications is open, s. Throws for one that is not known. */
export function windowSeconds(applications: readonly string[]): number {
  return Math.max(...applications.map((name) => habitsOf(name).windowSeconds));
}

/** Longest time until an application of which a container was killed takes all writes again, s; 0 when none was. Throws for one that is not known. */
export function restartSeconds(application: string | undefined): number {
  return application === undefined ? 0 : habitsOf(application).restartSeconds;
}

/** Whether client ports of one of these applications are closed for a hold. Throws for one that is not known. */
export function anyGated(applications: readonly string[]): boolean {
  return applications.some((name) => habitsOf(name).gated === true);
}

/** The applications that a lane goes over. */
export function storesOf(lane: Lane): string[] {
  return [...new Set(lane.slots.map((slot) => slot.store))];
}

/** What happens in a case, as far as it moves the limits. */
export interface Harm {
  /** Application of which a container is killed. */
  readonly restarts?: string;
  /** The hold goes on until almost MAX, past the soft limits of the databases. */
  readonly longHold?: boolean;
  /** So long, s, a server may not answer the operator after the hold; its clients notice nothing of it. */
  readonly silentSeconds?: number;
}

/** What clients of one lane may see. */
export interface LaneLimits {
  /** Longest time without an acknowledgement, ms. */
  readonly gapMillis: number;
  readonly errors: boolean;
}

/**
 * Limits of a lane in a case; `inTime` is what {@link latestEnd} says. A window has one MAX, the smallest of its members, and holds all of them as
 * long, so that it bounds every lane, the ring as well. Two things come on top: the start of a server that was killed; and, for a connection through a
 * gate that was closed very long, the doubling waits of TCP, by which its next packet comes at the latest after twice the time and one wait more.
 * Throws for an application that is not known.
 */
export function limitsOf(lane: Lane, inTime: number, { restarts, longHold = false }: Harm): LaneLimits {
  const stores = storesOf(lane);
  if (restarts !== undefined && stores.includes(restarts)) return { gapMillis: inTime + restartSeconds(restarts) * 1000, errors: true };
  if (!longHold) return { gapMillis: inTime, errors: false };
  return { gapMillis: anyGated(stores) ? 2 * inTime + firstResendMillis : inTime, errors: stores.some((store) => habitsOf(store).errsAfterLongHold === true) };
}

/** A lane whose clients saw more than they may. */
export interface Breach {
  readonly lane: number;
  readonly stores: readonly string[];
  readonly gapMs: number;
  readonly limitMs: number;
  readonly errors: readonly string[];
}

/** Lanes beyond their limits. A lane without a gap was not watched, which is a breach as well. */
export function breaches(lanes: readonly Lane[], seen: Stretch, inTime: number, harm: Harm): Breach[] {
  return lanes.flatMap((lane): Breach[] => {
    const { gapMillis, errors } = limitsOf(lane, inTime, harm);
    const gapMs = seen.gaps.get(lane.id) ?? Infinity;
    const own = errors ? [] : seen.failures.filter((f) => f.lane === lane.id).map((f) => f.error ?? '');
    return gapMs <= gapMillis && own.length === 0 ? [] : [{ lane: lane.id, stores: storesOf(lane), gapMs, limitMs: gapMillis, errors: own }];
  });
}

/** Longest gap of each application's own lanes, and of the ring where it goes over several, whole ms. */
export function gapsByStore(lanes: readonly Lane[], gaps: ReadonlyMap<number, number>): Record<string, number> {
  const longest: Record<string, number> = {};
  for (const lane of lanes) {
    const stores = storesOf(lane);
    const name = stores.length === 1 ? (stores[0] ?? '') : 'ring';
    longest[name] = Math.max(longest[name] ?? 0, Math.round(gaps.get(lane.id) ?? NaN));
  }
  return longest;
}
