import type { WindowStatus } from '../api/appsnapshot.js';
import type { Counter, Histogram, Metrics } from '../observability/metrics.js';
import { copyMetrics, type CopyMetrics } from './metrics/copies.js';
import { policyMetrics, type PolicyMetrics } from './metrics/policies.js';
import { targetMetrics, type TargetMetrics } from './metrics/targets.js';
import { volumeMetrics, type VolumeMetrics } from './metrics/volumes.js';

/** Series of ours beside those of the runtime (7-operations.md). */
export interface OperatorMetrics extends CopyMetrics, PolicyMetrics, TargetMetrics, VolumeMetrics {
  /** A window is over. */
  window(window: WindowStatus): void;
  holdBroken(why: string): void;
  /** Windows that are open, and AppSnapshots that wait for one. */
  windows(count: { readonly open: number; readonly waiting: number }): void;
}

export function createOperatorMetrics(registry: Metrics): OperatorMetrics {
  const hold: Histogram = registry.histogram('stillpoint_hold_seconds', 'From the first request to close ports or to freeze, to the last release.', holdBuckets);
  const overhead: Histogram = registry.histogram('stillpoint_window_overhead_seconds', 'Window minus the time that the cut itself took and servers needed to settle.', holdBuckets);
  const broken: Counter = registry.counter('stillpoint_hold_broken_total', 'Holds that were not ended by our release, by who ended them.');
  return {
    window: (w) => {
      if (w.heldMillis !== undefined) hold.observe(w.heldMillis / 1000);
      if (w.overheadMillis !== undefined) overhead.observe(w.overheadMillis / 1000);
    },
    holdBroken: (why) => broken.inc({ why }),
    ...copyMetrics(registry),
    ...policyMetrics(registry),
    ...targetMetrics(registry),
    ...volumeMetrics(registry),
    ...windowMetrics(registry),
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
