import { superfluous, type KeptCopy, type Retention } from './retention.js';

/**
 * How a copy stands in a target. Open: not begun. Begun: movers write it, from its snapshots. Complete: it can be restored from there. Left: it was given up, and parts of
 * it may be there. Gone: nothing of it is there, nor will be.
 */
export type PlaceState = 'open' | 'begun' | 'complete' | 'left' | 'gone';

/** A copy in all the places where it may be. */
export interface PlacedCopy extends KeptCopy {
  /** In the storage of the cluster. */
  readonly snapshots: boolean;
  readonly targets: ReadonlyMap<string, PlaceState>;
}

/** What is kept where. */
export interface Retentions {
  readonly snapshots: Retention;
  /** By target. One that is not named keeps what it has. */
  readonly targets: ReadonlyMap<string, Retention>;
  readonly timeZone: string;
}

/** What nobody asks for any more of one copy. */
export interface Surplus {
  readonly name: string;
  /** Its snapshots may go. */
  readonly snapshots: boolean;
  /** Targets that may forget it. */
  readonly targets: readonly string[];
  /** Nothing of it is anywhere else, nor wanted: its object may go. */
  readonly whole: boolean;
}

/**
 * What may go of each copy, oldest first; copies of which everything is wanted are not named. Each place is judged by its own retention over what is whole in it. Snapshots that
 * a target still needs stay: those of the oldest copy that is being written, which must not start anew with every tick, and of the newest, which will be what the target keeps. Pure.
 */
export function surplusOf(copies: readonly PlacedCopy[], retentions: Retentions): Surplus[] {
  const { targets: ofTargets, timeZone } = retentions;
  const unwanted = namesOf(superfluous(copies.filter((copy) => copy.snapshots), retentions.snapshots, timeZone));
  const needed = new Set([...ofTargets.keys()].flatMap((target) => neededBy(target, copies)));
  const inTargets = new Map([...ofTargets].map(([target, retention]) => [target, namesOf(superfluous(copies.filter((copy) => copy.targets.get(target) === 'complete'), retention, timeZone))] as const));
  return [...copies]
    .sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1))
    .map((copy) => {
      const snapshots = copy.snapshots && unwanted.has(copy.name) && !needed.has(copy.name);
      const targets = [...copy.targets].filter(([target, state]) => state === 'left' || (state === 'complete' && inTargets.get(target)?.has(copy.name) === true)).map(([target]) => target);
      const elsewhere = [...copy.targets.values()].some((state) => state === 'begun' || state === 'complete' || state === 'left');
      return { name: copy.name, snapshots, targets, whole: !elsewhere && (!copy.snapshots || snapshots) && !copy.inUse };
    })
    .filter(({ snapshots, targets, whole }) => snapshots || targets.length > 0 || whole);
}

function neededBy(target: string, copies: readonly PlacedCopy[]): string[] {
  const oldestFirst = copies.filter((copy) => copy.snapshots).sort((a, b) => a.at - b.at);
  const begun = oldestFirst.filter((copy) => copy.targets.get(target) === 'begun');
  const coming = oldestFirst.filter((copy) => copy.targets.get(target) === 'begun' || copy.targets.get(target) === 'open');
  return [...begun.slice(0, 1), ...coming.slice(-1)].map(({ name }) => name);
}

function namesOf(copies: readonly KeptCopy[]): ReadonlySet<string> {
  return new Set(copies.map(({ name }) => name));
}
