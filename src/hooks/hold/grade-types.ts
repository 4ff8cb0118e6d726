import type { ApplicationKind, Grade } from '../../api/common.js';
import type { Cap } from '../adapter.js';
import type { ClaimHold } from './plan-types.js';
import type { Cut, WindowResult } from './window-types.js';

/** An application with what its adapter says about its recovery. */
export interface GradedApplication {
  readonly name: string;
  readonly kind: ApplicationKind;
  readonly caps: readonly Cap[];
  /** How long it must run on behind a gate before a freeze, in ms; how long it did, default 0. */
  readonly settleMillis: number;
  readonly settledMillis?: number;
  /** Why it must, within a sentence. */
  readonly settleBecause?: string | undefined;
  /** Copied by its own online method (mode BackupAPI or Repository), and the method's evidence is there. */
  readonly online?: boolean;
}

/** All evidence. Leaving any of it out never makes the grade better. */
export interface GradeInput {
  readonly claims: readonly ClaimHold[];
  readonly applications: readonly GradedApplication[];
  readonly cuts: readonly Pick<Cut, 'name' | 'atomic' | 'claimUids'>[];
  /** Names of the cuts whose contents carry their creation time. */
  readonly cutsMade: ReadonlySet<string>;
  /** Undefined when its end was not seen, as after a crash. */
  readonly window: Pick<WindowResult, 'holds' | 'overlapped' | 'error'> | undefined;
  /** By uid of the claim: what was found after the release not to be as planned (see `changedClaims`). */
  readonly changed: ReadonlyMap<string, string>;
}

export interface ApplicationGrade {
  readonly name: string;
  readonly grade: Grade;
  /** What keeps the grade from being higher, with the way out where there is one. */
  readonly caps: readonly string[];
}

/** What a copy is proven to be. */
export interface GradeReport {
  /** The least of the applications' grades. */
  readonly grade: Grade;
  readonly reasons: readonly string[];
  /** In the order of the input. */
  readonly applications: readonly ApplicationGrade[];
}
