import type { Growing } from './growth.js';

/** A claim of the selection with its volume, as far as a policy goes by it. */
export interface Volume extends Growing {
  readonly pvc: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The policy that governs it, if that is another one. */
  readonly governor: string | undefined;
  readonly bound: boolean;
  readonly className: string | undefined;
  /** When the claim was created, ms since the epoch. */
  readonly claimedAt: number;
  /** When its PersistentVolume was; undefined: it was not made by a driver for a class. */
  readonly madeAt: number | undefined;
  readonly driver: string | undefined;
  readonly attributes: Attributes;
  readonly block: boolean;
  readonly mounted: boolean;
  /** What is said of an expansion that has not ended. */
  readonly resizing: string | undefined;
}

/** How a claim stands to VolumeAttributesClasses. */
export interface Attributes {
  /** `spec.volumeAttributesClassName`. */
  readonly wanted: string | undefined;
  /** A policy has given it that. */
  readonly ours: boolean;
  readonly current: string | undefined;
  /** `status.modifyVolumeStatus.status`: Pending, InProgress or Infeasible; undefined: nothing is to be changed. */
  readonly state: string | undefined;
  readonly error: string | undefined;
}
