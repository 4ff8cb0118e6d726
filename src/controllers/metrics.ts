import type { Grade } from '../api/common.js';
import { grades } from '../api/common.js';
import type { WindowStatus } from '../api/appsnapshot.js';
import type { Counter, Gauge, Histogram, Metrics } from '../observability/metrics.js';

/** Series of ours beside those of the runtime (7-operations.md). */
export interface OperatorMetrics {
  /** A window is over. */
  window(window: WindowStatus): void;
  holdBroken(why: string): void;
  /** A copy is ready; `at`: since when, ms since the epoch. */
  copy(key: { namespace: string; name: string }, grade: Grade, at: number): void;
  forget(key: { namespace: string; name: string }): void;
  /** How a policy stands; times in seconds since the epoch. */
  policy(key: PolicyKey, state: PolicyState): void;
  forgetPolicy(key: PolicyKey): void;
  /** Windows that are open, and AppSnapshots that wait for one. */
  windows(count: { readonly open: number; readonly waiting: number }): void;
}

/** Labels of the series of a VolumePolicy. */
interface PolicyKey {
  readonly namespace: string;
  readonly policy: string;
}

interface PolicyState {
  readonly copies: number;
  readonly lastCopy: number | undefined;
  readonly nextCopy: number | undefined;
  readonly verified: number | undefined;
  /** Undefined: there is no objective, or nothing to hold against it yet. */
  readonly rpoMet: boolean | undefined;
  /** When the last drill ended. */
  readonly drill: number | undefined;
  readonly drillVerified: boolean | undefined;
}

export function createOperatorMetrics(registry: Metrics): OperatorMetrics {
  const hold: Histogram = registry.histogram('stillpoint_hold_seconds', 'From the first request to close ports or to freeze, to the last release.', holdBuckets);
  const overhead: Histogram = registry.histogram('stillpoint_window_overhead_seconds', 'Window minus the time that the cut itself took and servers needed to settle.', holdBuckets);
  const broken: Counter = registry.counter('stillpoint_hold_broken_total', 'Holds that were not ended by our release, by who ended them.');
  const grade: Gauge = registry.gauge('stillpoint_copy_grade', 'Proven grade of a copy: 4 Frozen, 3 Quiesced, 2 CrashConsistentSynced, 1 CrashConsistent, 0 Inconsistent.');
  const last: Gauge = registry.gauge('stillpoint_last_copy_timestamp_seconds', 'When the newest ready copy of a namespace was completed.');
  const newestByNamespace = new Map<string, number>();
  return {
    window: (w) => {
      if (w.heldMillis !== undefined) hold.observe(w.heldMillis / 1000);
      if (w.overheadMillis !== undefined) overhead.observe(w.overheadMillis / 1000);
    },
    holdBroken: (why) => broken.inc({ why }),
    copy: (key, value, at) => {
      grade.set(grades.length - 1 - grades.indexOf(value), { ...key });
      const newest = Math.max(at, newestByNamespace.get(key.namespace) ?? 0);
      newestByNamespace.set(key.namespace, newest);
      last.set(newest / 1000, { namespace: key.namespace });
    },
    forget: (key) => grade.remove({ ...key }),
    ...policyMetrics(registry),
    ...windowMetrics(registry),
  };
}

function policyMetrics(registry: Metrics): Pick<OperatorMetrics, 'policy' | 'forgetPolicy'> {
  const gauges: Readonly<Record<keyof PolicyState, Gauge>> = {
    copies: registry.gauge('stillpoint_policy_copies', 'Copies of a policy that are ready.'),
    lastCopy: registry.gauge('stillpoint_policy_last_copy_timestamp_seconds', 'When the newest good copy of a policy was cut.'),
    nextCopy: registry.gauge('stillpoint_policy_next_copy_timestamp_seconds', 'When the next copy of a policy is begun.'),
    verified: registry.gauge('stillpoint_policy_verified_timestamp_seconds', 'When a restore of the newest verified copy of a policy passed every check.'),
    rpoMet: registry.gauge('stillpoint_policy_rpo_met', '1: the newest good copy of a policy is within its objective. 0: it is older, or there is none.'),
    drill: registry.gauge('stillpoint_policy_drill_timestamp_seconds', 'When the last drill of a policy ended.'),
    drillVerified: registry.gauge('stillpoint_policy_drill_verified', '1: the last drill of a policy passed every check. 0: it did not, or nothing is known.'),
  };
  const each = Object.entries(gauges) as [keyof PolicyState, Gauge][];
  return {
    policy: (key, state) => {
      for (const [name, gauge] of each) {
        const value = state[name];
        if (value === undefined) gauge.remove({ ...key });
        else gauge.set(Number(value), { ...key });
      }
    },
    forgetPolicy: (key) => each.forEach(([, gauge]) => gauge.remove({ ...key })),
  };
}

function windowMetrics(registry: Metrics): Pick<OperatorMetrics, 'windows'> {
  const gauge = registry.gauge('stillpoint_windows', 'Windows by state: open, and waiting for their turn.');
  return {
    windows: ({ open, waiting }) => {
      gauge.set(open, { state: 'open' });
      gauge.set(waiting, { state: 'waiting' });
    },
  };
}

const holdBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
