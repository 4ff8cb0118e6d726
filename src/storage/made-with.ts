import { annotations } from '../api/common.js';
import type { EarlierClass } from '../api/volumes.js';
import type { StorageClass } from './render.js';

/** What a class of some name was, and for how long. */
export interface ClassVersion {
  readonly name: string;
  /** ms since the epoch; the API has whole seconds. */
  readonly since: number;
  /** Undefined: it still is. */
  readonly until: number | undefined;
  /** The class that it was made like; of a class of others itself. */
  readonly tier: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
}

/** When a volume was made, and by which class. */
export interface Provisioned {
  readonly className: string | undefined;
  /** When its claim was created, ms since the epoch. */
  readonly claimedAt: number;
  /** When its PersistentVolume was. */
  readonly madeAt: number;
}

/** So long whoever makes volumes may not have heard of the end of a class; it is more than the second that times of the API are rounded by. */
const settleMillis = 2000;

/**
 * What the class may have been that a volume was made with; empty: it is not known. Nothing in the API says so: it follows from when claim and volume
 * were created, and when which class had its name. Pure.
 */
export function madeWith({ className, claimedAt, madeAt }: Provisioned, versions: readonly ClassVersion[]): ClassVersion[] {
  const lasts = ({ until }: ClassVersion, at: number): boolean => until === undefined || until + settleMillis >= at;
  const possible = versions.filter((version) => version.name === className && version.since <= madeAt && lasts(version, claimedAt));
  // Without any that was there to the end another one may have come and gone.
  return possible.some((version) => lasts(version, madeAt)) ? possible : [];
}

/** Every version that is known: the classes that are there, and what the policy's own once was. Pure. */
export function versionsOf(classes: readonly StorageClass[], own: string | undefined, earlier: readonly EarlierClass[]): ClassVersion[] {
  const there = classes.map(({ metadata, parameters = {} }): ClassVersion => ({ name: metadata.name, since: Date.parse(metadata.creationTimestamp ?? ''), until: undefined, tier: metadata.annotations?.[annotations.tier] ?? metadata.name, parameters }));
  const now = classes.find(({ metadata }) => metadata.name === own)?.metadata.creationTimestamp;
  const were = own === undefined ? [] : earlier.map(({ since, until, tier, parameters }, i): ClassVersion => ({ name: own, since: Date.parse(since), until: endOf(until, earlier[i + 1]?.since ?? now), tier, parameters }));
  return [...there, ...were];
}

/** `until` is when it was noted that a class goes; it was there until then at least, and at most until the next one of its name was made. */
function endOf(until: string, next: string | undefined): number {
  return Math.max(Date.parse(until), next === undefined ? 0 : Date.parse(next));
}
