import type { StartFile } from '../api/appsnapshot.js';
import type { ApplicationKind, Check, Grade } from '../api/common.js';
import type { Exec } from '../runtime/exec.js';
import type { ServiceAccountRef } from '../runtime/service-account.js';
import type { FenceProgram } from './hold/fence.js';
import type { ProfileReader } from './profile.js';
import type { NamespaceView, PodView } from './view.js';

/** Modes in which nothing is held: a method of the server's own makes the copy. */
export type OnlineMode = 'BackupAPI' | 'Repository';

/** An application as detection or the spec names it. */
export interface Detected {
  readonly name: string;
  readonly kind: ApplicationKind;
  /** Pods that belong to it, by name. */
  readonly pods: readonly string[];
  /** Container of the server, per pod. */
  readonly container: Readonly<Record<string, string>>;
  /** How sure detection is: operator's label 100, owner resource 90, image and port 60; the spec 1000. */
  readonly rank: number;
  /** What it was recognised by, for people. */
  readonly by: string;
  /** `spec.applications[].mode` of the entry that names it. */
  readonly mode: 'Auto' | 'Freeze' | 'None' | OnlineMode;
  /** Snapshot repository of the server, when the spec names one for mode Repository. */
  readonly repository?: string;
  /** Secret with username and password, when the spec names one. */
  readonly credentialsSecret: string | undefined;
  /** QuiesceProfile of kind Custom; the digest is known once a plan has fixed it. */
  readonly profile?: { readonly name: string; readonly digest?: string };
}

/** What adapters work with: exec in the tenant's pods runs as the tenant's account. */
export interface AdapterContext {
  readonly account: ServiceAccountRef;
  readonly exec: Exec;
  readonly view: NamespaceView;
  /** Claims that belong to the copy, by name. */
  readonly claims: ReadonlySet<string>;
  /** Reads the data of a Secret as the account. */
  readonly secret: (name: string) => Promise<Readonly<Record<string, string>>>;
  /** Reads a QuiesceProfile as the account. */
  readonly profile: ProfileReader;
  /** Id that marks everything of this copy (the snapshot set id). */
  readonly setId: string;
  readonly signal: AbortSignal;
}

/** What keeps a grade from being higher than `grade`, in a sentence. */
export interface Cap {
  readonly grade: Grade;
  readonly reason: string;
}

/** Something that makes the plan impossible. */
export interface Blocker {
  readonly code: 'DataOutsideSet' | 'ApplicationNotReady' | 'ContainerNotFound' | 'HoldNotPossible' | 'ApplicationNotFound' | 'RepositoryNotUsable' | 'RepositorySnapshotRunning';
  readonly message: string;
}

/** Result of looking at an application before anything is done to it. */
export interface Preflight {
  readonly version: string | undefined;
  readonly roles: Readonly<Record<string, string>>;
  readonly blockers: readonly Blocker[];
  readonly caps: readonly Cap[];
  /** Process name of the server, for vantage Pod. */
  readonly processName: string;
  /** Time the server must run on behind a gate before a freeze, from its own settings; 0 for none. */
  readonly settleMillis: number;
  /** Client ports that are closed while the server settles; empty when it needs no gate. At most 16. */
  readonly gatePorts: readonly number[];
  /** What the server does that makes it need that time, within a sentence. */
  readonly settleBecause?: string;
  /** Where the limits of the hold leave no time to settle it is held without, for a lower grade; else such a plan is refused. */
  readonly settleOptional?: true;
  /** Longest hold that nobody notices except as latency, and the longest that does no harm. */
  readonly softLimitMillis: number;
  readonly hardLimitMillis: number;
  /** Facts for the restore, kept on the snapshots (never secrets). */
  readonly facts: Readonly<Record<string, string>>;
  /** What a copy by the application's own online method would be like; undefined when it has none, or cannot run it now. */
  readonly online?: OnlineOffer;
  /** QuiesceProfile that the plan is made by. */
  readonly profile?: { readonly name: string; readonly digest: string };
  /** Its server runs on and keeps its clients from writing, instead of being frozen. */
  readonly fence?: FenceProgram;
}

/** A copy without a hold, by the application's own method. */
interface OnlineOffer {
  /** The mode of `spec.applications` that chooses it. */
  readonly mode: OnlineMode;
  /** Claims, by name, that are cut after the method was ended; all others before. */
  readonly lastClaims: readonly string[];
}

/** What an online method leaves beside the volumes. */
export interface OnlineEvidence {
  readonly positions: Positions;
  readonly startFiles: readonly StartFile[];
}

/** An online method that is under way. It guards itself: when its session ends, for whatever reason, the server forgets it, or {@link ApplicationAdapter.forget} does. */
export interface OnlineSession {
  /** Every claim but the last ones is cut: ends the method. Throws AppError when it was broken off. */
  stop(): Promise<void>;
  /** Every claim is cut: what is proven. Throws AppError when something that the copy needs was lost meanwhile. */
  evidence(): Promise<OnlineEvidence>;
  /** Ends the session wherever it is. Never throws. */
  close(): void;
}

/** Positions as the database names them; compared by its own adapter only. */
export type Positions = Readonly<Record<string, string>>;

/** A program run in a pod of the copy's own image before the application starts, with its volumes mounted. */
export interface FixupStep {
  readonly name: string;
  readonly pod: string;
  readonly container: string;
  /** argv; every variable part is an argument of its own, never part of a script. */
  readonly command: readonly string[];
  /** What it changes, for status. */
  readonly description: string;
}

/** What a restore knows of the application in the copy. */
export interface CopiedApplication {
  readonly name: string;
  readonly kind: ApplicationKind;
  readonly version: string | undefined;
  /** Pods by name with the role at the time of the cut, and the server's container. */
  readonly members: readonly { readonly pod: string; readonly role: string; readonly container: string }[];
  /** Those of the warm-up and of the evidence in one; their keys differ. */
  readonly positions: Positions;
  readonly facts: Readonly<Record<string, string>>;
  /** Files that must be in the data before the first start. */
  readonly startFiles: readonly StartFile[];
  readonly setId: string;
  /** QuiesceProfile by which it was held. */
  readonly profile?: { readonly name: string; readonly digest: string };
}

/** What a copy by an online method may have left on its server. */
export interface Leftover {
  readonly facts: Readonly<Record<string, string>>;
  readonly positions: Positions;
  /** The set ids of all attempts begin with it. */
  readonly copyId: string;
}

/** Where a copy is restored to. */
export interface RestoreTarget {
  /** The original may be running. */
  readonly isolated: boolean;
  /** Namespace of the copy, and the one that it is restored to. */
  readonly from: string;
  readonly to: string;
}

/** One database product. The hold itself is common (3-stillness.md, 3.5). */
export interface ApplicationAdapter {
  readonly kind: ApplicationKind;
  /** Pure: what the objects of the namespace say. */
  detect(view: NamespaceView): Detected[];
  /** Reads only. */
  preflight(app: Detected, context: AdapterContext): Promise<Preflight>;
  /** Shortens the hold; no impact on clients. Returns positions before the hold. */
  warmUp(app: Detected, context: AdapterContext): Promise<Positions>;
  /** Begins the online method that preflight offered; no impact on clients. Throws AppError. */
  online?(app: Detected, preflight: Preflight, context: AdapterContext): Promise<OnlineSession>;
  /**
   * Removes from the server what the online method made there for the copy, in whichever attempt, beside the volumes: when every claim is cut, or nobody
   * wants the copy any more. Resolves with positions that say so; what is gone already is no error. Throws AppError.
   */
  forget?(app: Detected, left: Leftover, context: AdapterContext): Promise<Positions>;
  /** Positions after the release. */
  evidence(app: Detected, context: AdapterContext): Promise<Positions>;
  /** Pure: what the positions before and after the hold say against the copy; empty when nothing does. */
  contradictions(before: Positions, after: Positions): Cap[];
  /** Steps before the first start of a copy. Throws AppError RestoreFailed for a copy that must not be started. */
  fixups(app: CopiedApplication, target: RestoreTarget): FixupStep[];
  /**
   * A step on the running application before it is checked, where volumes alone do not bring its data back. Called again until it waits for nothing, also after a
   * crash: whatever it has done already stays as it is. Resolves with what it waits for, in a sentence. Throws AppError.
   */
  afterStart?(app: CopiedApplication, context: RestoreContext): Promise<string | undefined>;
  /** Proof of a restore; the application runs. Never throws for a finding. */
  verify(app: CopiedApplication, context: RestoreContext): Promise<Check[]>;
}

export interface RestoreContext {
  readonly account: ServiceAccountRef;
  readonly exec: Exec;
  /** Pods of the restored application, by their names in the copy. */
  readonly pods: ReadonlyMap<string, PodView>;
  readonly namespace: string;
  /** Reads the data of a Secret of that namespace as the account. */
  readonly secret: (name: string) => Promise<Readonly<Record<string, string>>>;
  /** Reads a QuiesceProfile of that namespace as the account. */
  readonly profile: ProfileReader;
  readonly signal: AbortSignal;
}

