import { zoneOf, type Zone } from './zone.js';

/** How many copies are kept: the newest ones, and the newest of each of so many hours, days, weeks, months and years that have one. */
export interface Retention {
  readonly last: number;
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  /** The newest so many that were verified; one at least. */
  readonly minVerified: number;
}

/** A copy that can be restored, whole: all its volumes and its capture. */
export interface KeptCopy {
  readonly name: string;
  /** When it was due, ms since the epoch. */
  readonly at: number;
  readonly verified: boolean;
  /** A restore reads from it, or is going to. */
  readonly inUse: boolean;
}

/** Why a copy is kept. */
export type KeepReason = 'last' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly' | 'verified' | 'inUse';

const periods = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** The reasons to keep each copy, by name; whoever has none may go. Hours, days, weeks (from Monday), months and years are those of the time zone. */
export function reasonsToKeep(copies: readonly KeptCopy[], retention: Retention, timeZone: string): ReadonlyMap<string, readonly KeepReason[]> {
  const zone = zoneOf(timeZone);
  const newestFirst = [...copies].sort((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1));
  const sets: readonly (readonly [KeepReason, readonly KeptCopy[]])[] = [
    ['last', newestFirst.slice(0, retention.last)],
    ...periods.map((period) => [period, newestOfEach(newestFirst, (at) => periodOf[period](at, zone), retention[period])] as const),
    ['verified', newestFirst.filter((c) => c.verified).slice(0, Math.max(1, retention.minVerified))],
    ['inUse', copies.filter((c) => c.inUse)],
  ];
  return new Map(copies.map(({ name }) => [name, sets.flatMap(([reason, kept]) => (kept.some((c) => c.name === name) ? [reason] : []))]));
}

/** The copies that may go, oldest first. */
export function superfluous(copies: readonly KeptCopy[], retention: Retention, timeZone: string): KeptCopy[] {
  const reasons = reasonsToKeep(copies, retention, timeZone);
  return copies.filter(({ name }) => reasons.get(name)?.length === 0).sort((a, b) => a.at - b.at);
}

function newestOfEach(newestFirst: readonly KeptCopy[], period: (at: number) => string, count: number): KeptCopy[] {
  const newest = new Map<string, KeptCopy>();
  if (count === 0) return [];
  for (const copy of newestFirst) {
    const key = period(copy.at);
    if (newest.has(key)) continue;
    if (newest.size === count) break;
    newest.set(key, copy);
  }
  return [...newest.values()];
}

const hour = 3_600_000;
const day = 24 * hour;

const periodOf: Readonly<Record<(typeof periods)[number], (at: number, zone: Zone) => string>> = {
  // Of an hour that the wall clock shows twice, each one counts.
  hourly: (at, zone) => `${Math.floor((at + zone.offset(at)) / hour)} ${zone.offset(at)}`,
  daily: (at, zone) => String(wallDay(at, zone)),
  // Day 0 of the epoch was a Thursday.
  weekly: (at, zone) => String(Math.floor((wallDay(at, zone) + 3) / 7)),
  monthly: (at, zone) => new Date(wallDay(at, zone) * day).toISOString().slice(0, 7),
  yearly: (at, zone) => new Date(wallDay(at, zone) * day).toISOString().slice(0, 4),
};

function wallDay(at: number, zone: Zone): number {
  return Math.floor((at + zone.offset(at)) / day);
}
