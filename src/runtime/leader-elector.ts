import type { Logger } from '../observability/logger.js';
import type { Client } from './client.js';
import type { Clock } from './clock.js';

export interface ElectorOptions {
  readonly client: Client;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Unlike every other candidate's: pod name plus something random. */
  readonly identity: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Default: 15,000. */
  readonly leaseDurationMillis?: number;
  /** Default: 10,000. */
  readonly renewDeadlineMillis?: number;
  /** Default: 2,000. */
  readonly retryPeriodMillis?: number;
  readonly onElected: () => void;
  /** The lease was lost: the process must exit at once, without clean-up. */
  readonly onLost: () => void;
}

/** Leader election by Lease, as client-go does it. */
export interface LeaderElector {
  /** Campaigns and leads until the signal aborts, then gives the lease up and resolves. Resolves also after a loss. */
  run(signal: AbortSignal): Promise<void>;
  /** Whether the lease is ours and still valid by our own clock. */
  isLeader(): boolean;
  /** Start of the last successful renewal on the clock's monotonic axis; undefined when not leading. */
  lastRenewMillis(): number | undefined;
  /**
   * Whether an action that lasts at most this long may begin: it ends 1 s before any other candidate can take over
   * (now − lastRenew ≤ leaseDuration − maxHold − 1 s).
   */
  mayAct(maxHoldMillis: number): boolean;
}

export declare function createLeaderElector(options: ElectorOptions): LeaderElector;
