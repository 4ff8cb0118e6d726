import type { ApplicationKind } from '../api/common.js';
import type { ApplicationAdapter } from '../hooks/adapter.js';
import type { Logger } from '../observability/logger.js';
import type { MoverSettings } from '../movers/job.js';
import type { Client } from '../runtime/client.js';
import type { Clock } from '../runtime/clock.js';
import type { EventRecorder } from '../runtime/events.js';
import type { Exec } from '../runtime/exec.js';
import type { LeaderElector } from '../runtime/leader-elector.js';
import type { Patience } from '../runtime/patience.js';
import type { ServiceAccountRef } from '../runtime/service-account.js';
import type { GroupTypes } from '../snapshots/capability.js';
import type { KnownGroups } from '../snapshots/lost-contents.js';
import type { Caches } from './caches.js';
import type { OperatorMetrics } from './metrics.js';

/** What an admin lets drills do. */
export interface DrillSettings {
  /** Whether the operator has the rights for them. */
  readonly enabled: boolean;
  /** How many may be under way at a time. */
  readonly atOnce: number;
  /** Whether a drill whose network is not isolated is given up. */
  readonly requireIsolation: boolean;
  /** Longest drill, ms, whatever a policy asks for. */
  readonly longestMillis: number;
  /** Labels of the source's namespace that the drill's gets as well. */
  readonly labels: readonly string[];
  /** Where the cluster's name servers run. */
  readonly dnsNamespace: string;
  /** The operator's own account. */
  readonly operator: ServiceAccountRef;
}

/** Where retained recovery points lie, and how many of them. */
export interface RetainedSettings {
  /** The operator's own namespace. */
  readonly namespace: string;
  /** Of one namespace; 0: none are retained. */
  readonly perNamespace: number;
}

/** What every controller works with; made once in main. */
export interface OperatorDeps {
  readonly client: Client;
  readonly exec: Exec;
  readonly caches: Caches;
  /** Best served version of group snapshots, found at start. */
  readonly group: GroupTypes | undefined;
  readonly knownGroups: KnownGroups;
  readonly adapters: Readonly<Record<ApplicationKind, ApplicationAdapter>>;
  readonly events: EventRecorder;
  readonly elector: Pick<LeaderElector, 'mayAct'>;
  readonly clock: Clock;
  /** For what is begun by others. */
  readonly patience: Patience;
  readonly log: Logger;
  readonly metrics: OperatorMetrics;
  /** Namespace of the agents. */
  readonly agentNamespace: string;
  /** Upper bound of every hold that this installation allows, ms. */
  readonly maxHoldMillis: number;
  /** Image and resources of movers. */
  readonly mover: MoverSettings;
  readonly drills: DrillSettings;
  readonly retained: RetainedSettings;
  /** Text of the holder program for vantage Pod. */
  readonly podProgram: string;
}
