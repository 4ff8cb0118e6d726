import type { AppError } from '../../runtime/app-error.js';
import type { FenceProgram } from './fence.js';

/** One thing that a holder holds: all processes of a container (Node) or of a server (Pod). */
export interface HoldTarget {
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
  readonly containerId: string;
  readonly applications: readonly string[];
  /** False: only watched, to see that it stays the same container (mode None). */
  readonly freeze: boolean;
}

/** One volume that a holder syncs; found through a container that mounts it. */
export interface HoldVolume {
  /** Uid of the claim. */
  readonly claimUid: string;
  readonly podUid: string;
  readonly containerId: string;
  readonly path: string;
  readonly block: boolean;
}

/** A pod whose client ports are closed while its server runs on for a while, before everything is frozen (vantage Node). */
export interface HoldGate {
  readonly pod: string;
  readonly podUid: string;
  /** Container of the server: one of the holder's targets, through which the pod's network is found. */
  readonly container: string;
  readonly containerId: string;
  readonly ports: readonly number[];
  /** How long its server must run on without clients, ms. */
  readonly settleMillis: number;
}

/** One holder of a window: one per node at vantage Node, one per member at vantage Pod. */
export interface HolderPlan {
  /** `[a-z0-9-]{1,63}`, unique to window and holder. */
  readonly id: string;
  readonly vantage: 'Node' | 'Pod';
  readonly node: string;
  /** Where the holder program is executed. */
  readonly exec: { readonly namespace: string; readonly pod: string; readonly podUid: string; readonly container: string };
  readonly targets: readonly HoldTarget[];
  readonly volumes: readonly HoldVolume[];
  /** Closed before anything is frozen; absent for none. */
  readonly gates?: readonly HoldGate[];
  /** Vantage Pod: process name of the server. */
  readonly processName?: string;
  /** Vantage Pod: the server is fenced by these commands instead of being stopped. */
  readonly fence?: FenceProgram;
}

export interface WindowLimits {
  readonly ttlMillis: number;
  readonly maxMillis: number;
  readonly beatMillis: number;
  /** For streams, resolving, warm-up sync and arming: before any impact. */
  readonly readyMillis: number;
}

/** One cut to be made inside the window, everything prepared (a group, or one single snapshot). */
export interface Cut {
  readonly name: string;
  /** True when the storage declares that the members of this cut share one instant. */
  readonly atomic: boolean;
  readonly claimUids: readonly string[];
  /** True: begun only when every other cut was seen and `beforeLastCuts` of the window has resolved. */
  readonly last?: boolean;
  /** Sends the prepared create. Resolves when the content carries its creationTime; rejects with an AppError. `onStep` is told of what comes before. */
  run(signal: AbortSignal, onStep?: (step: CutStep) => void): Promise<void>;
}

/** On the way to a cut: the API server has answered the create; the content object is there, not cut yet. */
export type CutStep = 'answered' | 'content';

export interface WindowPlan {
  readonly holders: readonly HolderPlan[];
  readonly cuts: readonly Cut[];
  readonly limits: WindowLimits;
}

/** What happened to one hold. */
export interface HoldResult {
  readonly id: string;
  readonly frozen: boolean;
  /** It was a fence: clients could not write, the server ran on. Absent for a freeze. */
  readonly fenced?: true;
  /** All volumes of the holder were synced after the freeze. */
  readonly synced: boolean;
  /** The holder itself says: ended by our release, and still frozen just before it. Undefined when it did not answer. */
  readonly unbroken: boolean | undefined;
  readonly endedBy: string | undefined;
  readonly heldMillis: number | undefined;
  readonly freezeMillis: number | undefined;
  readonly syncMillis: number | undefined;
  /** From the last gate closed to the first freeze, on the holder's clock. Absent without gates. */
  readonly settledMillis?: number;
  /** From the release command to everything thawed, on the holder's clock. */
  readonly thawMillis: number | undefined;
}

/** Milliseconds since the window began, on a monotonic clock; undefined for what did not happen. */
export interface WindowTrace {
  /** Wall clock of the begin, ms since the epoch: for people only, never compared. */
  readonly startedAt: number;
  readonly ready?: number;
  readonly armed?: number;
  readonly announced?: number;
  /** The first impact of a window with gates. */
  readonly gateSent?: number;
  readonly allGated?: number;
  readonly freezeSent?: number;
  readonly firstFrozen?: number;
  readonly allFrozen?: number;
  readonly cutSent?: number;
  /** The last create was answered. */
  readonly cutAnswered?: number;
  /** The last content object was there. */
  readonly contentSeen?: number;
  readonly allCut?: number;
  readonly releaseSent?: number;
  readonly allReleased?: number;
}

/** What a window proved. */
export interface WindowResult {
  readonly holds: readonly HoldResult[];
  /** Names of the cuts that were seen, all before the first release was sent. */
  readonly cutsSeen: readonly string[];
  readonly trace: WindowTrace;
  /** Every holder answered `frozen`, every cut was seen before the first release, every hold ended unbroken. */
  readonly overlapped: boolean;
  /** Every release was acknowledged: nothing of ours holds any more. */
  readonly allReleased: boolean;
  readonly error?: AppError;
}
