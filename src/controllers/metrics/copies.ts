import { grades, type Grade } from '../../api/common.js';
import type { Gauge, Metrics } from '../../observability/metrics.js';

/** An AppSnapshot, as its series name it. */
export interface CopyKey {
  readonly namespace: string;
  readonly name: string;
}

interface CopyTimes {
  /** When it was ready, ms since the epoch. */
  readonly at: number;
  /** When a restore of it last passed every check, ms since the epoch. */
  readonly verifiedAt: number | undefined;
}

/** Series of AppSnapshots that are ready. */
export interface CopyMetrics {
  copy(key: CopyKey, grade: Grade, times: CopyTimes): void;
  /** It is not ready any more, or gone. */
  forget(key: CopyKey): void;
}

export function copyMetrics(registry: Metrics): CopyMetrics {
  const grade = registry.gauge('stillpoint_copy_grade', 'Proven grade of a copy: 4 Frozen, 3 Quiesced, 2 CrashConsistentSynced, 1 CrashConsistent, 0 Inconsistent.');
  const last = new NewestOf(registry.gauge('stillpoint_last_copy_timestamp_seconds', 'When the newest ready copy of a namespace was completed.'));
  const verified = new NewestOf(registry.gauge('stillpoint_verified_timestamp_seconds', 'When a restore of a copy of a namespace last passed every check.'));
  return {
    copy: (key, value, { at, verifiedAt }) => {
      grade.set(grades.length - 1 - grades.indexOf(value), { ...key });
      last.set(key, at);
      verified.set(key, verifiedAt);
    },
    forget: (key) => {
      grade.remove({ ...key });
      last.set(key, undefined);
      verified.set(key, undefined);
    },
  };
}

/** The newest of the times of a namespace's copies; no series when there is none any more. */
class NewestOf {
  readonly #gauge: Gauge;
  readonly #times = new Map<string, Map<string, number>>();

  constructor(gauge: Gauge) {
    this.#gauge = gauge;
  }

  set({ namespace, name }: CopyKey, at: number | undefined): void {
    const times = this.#times.get(namespace) ?? new Map<string, number>();
    if (at === undefined) times.delete(name);
    else times.set(name, at);
    if (times.size > 0) {
      this.#times.set(namespace, times);
      this.#gauge.set(Math.max(...times.values()) / 1000, { namespace });
      return;
    }
    this.#times.delete(namespace);
    this.#gauge.remove({ namespace });
  }
}
