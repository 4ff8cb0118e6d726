import type { AppSnapshotSpec } from '../../api/appsnapshot.js';
import type { ErrorCode } from '../../api/errors.js';
import type { Detected, Preflight } from '../adapter.js';
import type { NamespaceView } from '../view.js';
import type { AgentRef } from './end-holds.js';
import type { HolderPlan, WindowLimits } from './window-types.js';

export interface HoldersInput {
  readonly setId: string;
  readonly view: NamespaceView;
  /** Claims of the copy, by name. */
  readonly claims: ReadonlySet<string>;
  readonly applications: readonly { readonly detected: Detected; readonly preflight: Pick<Preflight, 'processName' | 'softLimitMillis' | 'hardLimitMillis' | 'fence' | 'settleMillis' | 'gatePorts' | 'settleOptional'> }[];
  /** The ready agent on a node. */
  readonly agentOn: (node: string) => AgentRef | undefined;
  /** Names of the PersistentVolumes that a VolumeAttachment names. */
  readonly attachedVolumes: ReadonlySet<string>;
  /** By name of a claim that no pod uses: why it is not proven to be unmounted, with the way out. */
  readonly stillMounted: ReadonlyMap<string, string>;
  readonly quiesce: AppSnapshotSpec['quiesce'];
  /** What the operator allows at most, from its lease. */
  readonly maxHoldMillis: number;
  /** What the cut takes at least, as far as that is known. */
  readonly expectedCut?: { readonly millis: number; readonly because: string } | undefined;
}

/** How the plan keeps a claim still. */
export type ClaimStill =
  /** Everything that can write to it is frozen. */
  | 'Frozen'
  /** Its server keeps everybody from writing to it by its clients, and may write by itself. */
  | 'Fenced'
  /** No pod mounts it, no VolumeAttachment names it, and where its driver needs none, no node has it: nothing can write. */
  | 'Unmounted'
  /** Pods only read it. */
  | 'ReadOnly'
  /** Something can write to it during the window. */
  | 'No';

/** One claim of the copy and how it is kept still. */
export interface ClaimHold {
  readonly claim: string;
  readonly uid: string;
  readonly applications: readonly string[];
  readonly still: ClaimStill;
  /** Holds that must be unbroken for it. */
  readonly holds: readonly string[];
  /** Its page cache is written back on every node that has one, by these holds. */
  readonly synced: boolean;
  /** Pods and containers that mount it, as `pod uid/container/container id`, sorted; compared after the release. */
  readonly mountedBy: readonly string[];
  /** Why it is not still or not synced, with the way out. */
  readonly reasons: readonly string[];
}

/** A limit below which nobody notices more than latency. */
export interface SoftLimit {
  readonly millis: number;
  readonly reason: string;
}

export interface PlanBlocker {
  readonly code: Extract<ErrorCode, 'BudgetTooSmall' | 'HoldNotPossible'>;
  readonly message: string;
}

/** Who is held, where and how, and for how long. */
export interface HoldersPlan {
  readonly holders: readonly HolderPlan[];
  readonly claims: readonly ClaimHold[];
  readonly limits: WindowLimits;
  /** Only those below the limit of the hold, smallest first. */
  readonly softLimits: readonly SoftLimit[];
  readonly blockers: readonly PlanBlocker[];
}
