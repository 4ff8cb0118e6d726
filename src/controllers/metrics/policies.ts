import type { Gauge, Metrics } from '../../observability/metrics.js';

/** Labels of the series of a VolumePolicy. */
export interface PolicyKey {
  readonly namespace: string;
  readonly policy: string;
}

/** How a policy stands; times in seconds since the epoch. */
interface PolicyState {
  readonly copies: number;
  readonly lastCopy: number | undefined;
  readonly nextCopy: number | undefined;
  readonly verified: number | undefined;
  /** Seconds. */
  readonly rpo: number | undefined;
  /** Undefined: there is no objective, or nothing to hold against it yet. */
  readonly rpoMet: boolean | undefined;
  /** When the last drill ended. */
  readonly drill: number | undefined;
  readonly drillVerified: boolean | undefined;
  /** It has read a BackupTarget. */
  readonly drillFromTarget: boolean | undefined;
  readonly targets: ReadonlyMap<string, PolicyTarget>;
}

interface PolicyTarget {
  readonly lastCopy: number | undefined;
  readonly failing: boolean;
}

/** Series of VolumePolicies. */
export interface PolicyMetrics {
  policy(key: PolicyKey, state: PolicyState): void;
  forgetPolicy(key: PolicyKey): void;
}

export function policyMetrics(registry: Metrics): PolicyMetrics {
  const gauges: Readonly<Record<Exclude<keyof PolicyState, 'targets'>, Gauge>> = {
    copies: registry.gauge('stillpoint_policy_copies', 'Copies of a policy that are ready.'),
    lastCopy: registry.gauge('stillpoint_policy_last_copy_timestamp_seconds', 'When the newest good copy of a policy was cut.'),
    nextCopy: registry.gauge('stillpoint_policy_next_copy_timestamp_seconds', 'When the next copy of a policy is begun.'),
    verified: registry.gauge('stillpoint_policy_verified_timestamp_seconds', 'When a restore of the newest verified copy of a policy passed every check.'),
    rpo: registry.gauge('stillpoint_rpo_seconds', 'Objective of a policy: how old its newest good copy may be.'),
    rpoMet: registry.gauge('stillpoint_policy_rpo_met', '1: the newest good copy of a policy is within its objective. 0: it is older, or there is none.'),
    drill: registry.gauge('stillpoint_policy_drill_timestamp_seconds', 'When the last drill of a policy ended.'),
    drillVerified: registry.gauge('stillpoint_policy_drill_verified', '1: the last drill of a policy passed every check. 0: it did not, or nothing is known.'),
    drillFromTarget: registry.gauge('stillpoint_policy_drill_from_target', '1: the last drill of a policy restored a copy from a BackupTarget. 0: from snapshots.'),
  };
  const targets = new PolicyTargets(registry);
  const each = Object.entries(gauges) as [keyof typeof gauges, Gauge][];
  return {
    policy: (key, state) => {
      for (const [name, gauge] of each) {
        const value = state[name];
        if (value === undefined) gauge.remove({ ...key });
        else gauge.set(Number(value), { ...key });
      }
      targets.set(key, state.targets);
    },
    forgetPolicy: (key) => {
      each.forEach(([, gauge]) => gauge.remove({ ...key }));
      targets.set(key, new Map());
    },
  };
}

/** A target that a policy does not name any more takes its series along. */
class PolicyTargets {
  readonly #last: Gauge;
  readonly #failing: Gauge;
  readonly #known = new Map<string, readonly string[]>();

  constructor(registry: Metrics) {
    this.#last = registry.gauge('stillpoint_policy_target_last_copy_timestamp_seconds', 'When the newest copy of a policy that is complete in a target was cut.');
    this.#failing = registry.gauge('stillpoint_policy_target_failing', '1: something stands in the way of the copies of a policy to a target. 0: nothing does.');
  }

  set(key: PolicyKey, targets: ReadonlyMap<string, PolicyTarget>): void {
    const id = `${key.namespace}/${key.policy}`;
    for (const target of this.#known.get(id) ?? []) if (!targets.has(target)) [this.#last, this.#failing].forEach((gauge) => gauge.remove({ ...key, target }));
    if (targets.size === 0) this.#known.delete(id);
    else this.#known.set(id, [...targets.keys()]);
    for (const [target, { lastCopy, failing }] of targets) {
      this.#failing.set(Number(failing), { ...key, target });
      if (lastCopy === undefined) this.#last.remove({ ...key, target });
      else this.#last.set(lastCopy, { ...key, target });
    }
  }
}
