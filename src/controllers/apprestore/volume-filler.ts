import type { RestoredVolume } from '../../api/apprestore.js';
import type { AppRestore } from '../../api/kinds.js';
import type { CapturedObject } from '../../manifests/captured.js';
import type { OperatorDeps } from '../deps.js';
import type { RestoredClaim } from './restore-set.js';
import type { RestoreWriter } from './steps.js';

/** A claim of which is known what it is made from. */
export interface PreparedClaim {
  /** Status of it, without how far it is. */
  readonly from: Omit<RestoredVolume, 'phase' | 'message'>;
  /** As it is applied; undefined: it cannot be made yet. */
  readonly captured: CapturedObject | undefined;
  /** What it waits for. */
  readonly message: string | undefined;
}

/** How far a volume is. */
export interface VolumeState {
  readonly volume: RestoredVolume;
  /** What it waits for, where status has nothing of that. */
  readonly why?: string | undefined;
  /** All of its data is there, or comes with its first pod by the rules of its class. */
  readonly settled: boolean;
  /** The storage has not made it for longer than it is waited for, and reports an error. */
  readonly failed: boolean;
}

/** How the volumes of a copy get their content; one for each place where copies lie. Both can be repeated. */
export interface VolumeFiller {
  /** Makes what the claim is made from usable in the target. */
  prepare(object: AppRestore, claim: RestoredClaim, deps: OperatorDeps): Promise<PreparedClaim>;
  /** Goes on with what is to be done when the claims are there; `states` tell of the claims alone. */
  fill(writer: RestoreWriter, claims: readonly RestoredClaim[], states: readonly VolumeState[], deps: OperatorDeps): Promise<readonly VolumeState[]>;
}
