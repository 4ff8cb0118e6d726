import { durationMillis } from '../api/common.js';
import type { VolumePolicySpec } from '../api/volumepolicy.js';
import { bytesOf } from '../manifests/quantity.js';

/** What a policy says of growth. */
export type Growth = NonNullable<VolumePolicySpec['growth']>;

/** How full a file system is, or why that is not known. */
export type Usage = { readonly totalBytes: number; readonly usedBytes: number; readonly availableBytes: number } | { readonly error: string };

/** A volume, as far as growth goes by it. Sizes in bytes. */
export interface Growing {
  readonly requested: bigint;
  /** Undefined: the claim is not bound yet. */
  readonly capacity: bigint | undefined;
  /** When it was last made to grow, ms since the epoch. */
  readonly grownAt: number | undefined;
  /** Its class allows expansion. */
  readonly expandable: boolean;
  /** As it was just now, after everything else of this: a reading of before an expansion says nothing of after it. */
  readonly usage: Usage | undefined;
}

const mebibyte = 1024n * 1024n;

/** Part of a file system that is used, as df counts it: what is reserved for root is not free. Undefined: it is not known. Pure. */
export function usedPercent(usage: Usage | undefined): number | undefined {
  if (usage === undefined || 'error' in usage) return undefined;
  const whole = usage.usedBytes + usage.availableBytes;
  return whole > 0 ? Math.min(100, Math.ceil((usage.usedBytes * 100) / whole)) : undefined;
}

/** Why growth would not help a file system; undefined: it would. Pure. */
export function notItsOwn(usage: Usage | undefined, capacity: bigint): string | undefined {
  if (usage === undefined || 'error' in usage) return undefined;
  const total = BigInt(usage.totalBytes);
  if (total > capacity) return 'its file system is larger than the volume, and so not its own.';
  return total * 2n < capacity ? 'its file system has not followed the size of the volume.' : undefined;
}

/** The size that a volume is to grow to now, in whole MiB; undefined: it stays as it is. Never smaller than it is, never more than max. Pure. */
export function nextSize(volume: Growing, { whenUsedPercent, by, max, cooldown }: Growth, now: number): bigint | undefined {
  const { requested, capacity, grownAt, expandable } = volume;
  const used = usedPercent(volume.usage);
  if (used === undefined || used < whenUsedPercent || !expandable) return undefined;
  // It is growing, or has just grown.
  if (capacity === undefined || requested > capacity || notItsOwn(volume.usage, capacity) !== undefined) return undefined;
  if (grownAt !== undefined && now - grownAt < durationMillis(cooldown)) return undefined;
  const step = by.endsWith('%') ? (capacity * BigInt(by.slice(0, -1)) + 99n) / 100n : bytesOf(by);
  const wanted = ((capacity + step + mebibyte - 1n) / mebibyte) * mebibyte;
  const most = bytesOf(max);
  const size = wanted < most ? wanted : most;
  return size > capacity ? size : undefined;
}

/** A size as a claim has it, in the largest unit that it is a whole number of. Pure. */
export function sizeText(bytes: bigint): string {
  const units: [string, bigint][] = [['Ti', mebibyte * mebibyte], ['Gi', mebibyte * 1024n], ['Mi', mebibyte]];
  const [unit, factor] = units.find(([, bytesOfUnit]) => bytes % bytesOfUnit === 0n) ?? ['', 1n];
  return `${bytes / factor}${unit}`;
}
