import { fail } from '../api/errors.js';
import type { AppError } from '../runtime/app-error.js';
import type { ObjectMeta } from '../runtime/object.js';
import type { SnapshotCapability } from './capability.js';
import { chooseClass, type ChosenClass } from './choose-class.js';

/** What planning reads of a claim joined with its volume. */
export interface PlanClaim {
  readonly metadata: ObjectMeta;
  readonly phase: string;
  /** From the PersistentVolume; undefined when unbound or not CSI. */
  readonly driver: string | undefined;
  readonly volumeHandle: string | undefined;
}

export interface PlanInput {
  /** All claims that the copy shall have. */
  readonly claims: readonly PlanClaim[];
  readonly capability: SnapshotCapability;
  /** From the spec. */
  readonly volumeSnapshotClassName?: string | undefined;
  readonly volumeGroupSnapshotClassName?: string | undefined;
}

/** One claim that will be cut, checked: bound, CSI, with a uid. */
export interface PlannedClaim {
  readonly name: string;
  readonly uid: string;
  readonly driver: string;
  readonly volumeHandle: string;
}

/** One snapshot object to be made: a group of one driver, or a single snapshot of one claim. */
export interface PlannedCut {
  readonly kind: 'group' | 'single';
  readonly driver: string;
  readonly className: string;
  /** Sorted by name; exactly one for a single snapshot. */
  readonly claims: readonly PlannedClaim[];
  /** The claims of this cut share one instant: declared so by the class, or there is only one. */
  readonly atomic: boolean;
  /** Where the order matters: `last` is made when every `first` was seen. */
  readonly stage?: CutStage;
}

/** Halves of a set whose cuts have an order. */
export type CutStage = 'first' | 'last';

export interface SnapshotPlan {
  /** Sorted by driver and claim; empty when there are errors. */
  readonly cuts: readonly PlannedCut[];
  readonly errors: readonly AppError[];
  /** Things that a user should know, as sentences. */
  readonly notes: readonly string[];
  /** One cut covers all claims at one instant. */
  readonly storageAtomic: boolean;
}

/**
 * Decides how the claims are cut: per driver one group snapshot when the API is served and the driver has a class for
 * it, otherwise a single snapshot each. Pure. All errors are collected, so that a user sees them at once.
 */
export function planSnapshots(input: PlanInput): SnapshotPlan {
  const { claims, errors } = checkClaims(input.claims);
  const byDriver = new Map<string, PlannedClaim[]>();
  for (const claim of claims) byDriver.set(claim.driver, [...(byDriver.get(claim.driver) ?? []), claim]);
  const drivers = [...byDriver.keys()].sort();
  errors.push(...checkNamedClasses(input, drivers));
  if (errors.length > 0) return { cuts: [], errors, notes: [], storageAtomic: false };

  const cuts: PlannedCut[] = [];
  const notes: string[] = [];
  for (const [driver, members] of [...byDriver].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const chosen = chooseFor(driver, members, input);
    if ('error' in chosen) {
      errors.push(chosen.error);
      continue;
    }
    cuts.push(...cutsOf(driver, members, chosen));
    if (chosen.class.deletionPolicy === 'Retain') {
      notes.push(`Class ${chosen.class.name} has deletionPolicy Retain: the storage keeps the snapshots when this copy is removed.`);
    }
  }
  if (errors.length > 0) return { cuts: [], errors, notes: [], storageAtomic: false };
  return { cuts, errors, notes, storageAtomic: cuts.length === 1 && cuts[0]?.atomic === true };
}

function checkClaims(claims: readonly PlanClaim[]): { claims: PlannedClaim[]; errors: AppError[] } {
  if (claims.length === 0) return { claims: [], errors: [fail('NoMembers', 'spec.selector matches no PersistentVolumeClaim of this namespace: correct it, or create the claims.')] };
  const good: PlannedClaim[] = [];
  const errors: AppError[] = [];
  for (const claim of [...claims].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    const { name, uid } = claim.metadata;
    if (claim.phase !== 'Bound' || uid === undefined || claim.metadata.deletionTimestamp !== undefined) {
      const state = claim.metadata.deletionTimestamp === undefined ? claim.phase : 'being deleted';
      errors.push(fail('ClaimNotBound', `PersistentVolumeClaim ${name} is ${state}, not Bound; leave it out with spec.selector or bind it.`));
    } else if (claim.driver === undefined || claim.volumeHandle === undefined) {
      errors.push(fail('UnsupportedVolume', `PersistentVolumeClaim ${name} has no CSI volume, so no snapshot can be made of it; leave it out with spec.selector.`));
    } else {
      good.push({ name, uid, driver: claim.driver, volumeHandle: claim.volumeHandle });
    }
  }
  return { claims: good, errors };
}

/** A class that the spec names must exist and belong to a driver of the set; other drivers of the set choose on their own. */
function checkNamedClasses(input: PlanInput, drivers: readonly string[]): AppError[] {
  const named = [
    { field: 'spec.volumeGroupSnapshotClassName', name: input.volumeGroupSnapshotClassName, known: input.capability.groupClasses },
    { field: 'spec.volumeSnapshotClassName', name: input.volumeSnapshotClassName, known: input.capability.singleClasses },
  ];
  const errors: AppError[] = [];
  for (const { field, name, known } of named) {
    if (name === undefined || drivers.length === 0) continue;
    const found = known.find((c) => c.name === name);
    if (found === undefined) errors.push(fail('SnapshotClassMissing', `${field} names ${name}, which does not exist.`));
    else if (!drivers.includes(found.driver)) {
      errors.push(fail('SnapshotClassWrongDriver', `${field} names ${name}, a class of driver ${found.driver}; the claims have ${drivers.join(', ')}.`));
    }
  }
  return errors;
}

type Choice = (ChosenClass & { readonly kind: 'group' | 'single' }) | { readonly error: AppError };

function chooseFor(driver: string, members: readonly PlannedClaim[], input: PlanInput): Choice {
  const { capability } = input;
  if (capability.group !== undefined) {
    const group = chooseClass(capability.groupClasses, driver, input.volumeGroupSnapshotClassName, 'VolumeGroupSnapshotClass', 'spec.volumeGroupSnapshotClassName');
    if (group !== undefined) return 'error' in group ? group : { ...group, kind: 'group' };
  }
  const single = chooseClass(capability.singleClasses, driver, input.volumeSnapshotClassName, 'VolumeSnapshotClass', 'spec.volumeSnapshotClassName');
  if (single === undefined) return { error: fail('SnapshotClassMissing', `Driver ${driver} has no VolumeSnapshotClass, so ${members.map((m) => m.name).join(', ')} cannot be cut: an admin creates one, or leave them out with spec.selector.`) };
  return 'error' in single ? single : { ...single, kind: 'single' };
}

function cutsOf(driver: string, claims: readonly PlannedClaim[], chosen: Exclude<Choice, { error: AppError }>): PlannedCut[] {
  const className = chosen.class.name;
  if (chosen.kind === 'single') return claims.map((claim) => ({ kind: 'single', driver, className, claims: [claim], atomic: true }));
  return [{ kind: 'group', driver, className, claims, atomic: chosen.class.atomic || claims.length === 1 }];
}
