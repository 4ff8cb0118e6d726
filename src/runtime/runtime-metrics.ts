import type { Counter, Gauge, Histogram, Metrics } from '../observability/metrics.js';
import type { QueueObserver } from './queue.js';

/** 5 ms … 60 s: the buckets of controller-runtime. */
const reconcileBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9,
  10, 15, 20, 25, 30, 40, 50, 60,
];
/** 10 ns … 1000 s by decades: client-go workqueue metrics as controller-runtime registers them. */
const queueBuckets = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000];

export const results = ['success', 'error', 'requeue_after', 'requeue'] as const;
export type ReconcileResult = (typeof results)[number];

/** The metrics of controller-runtime under its names, so that its dashboards and alert rules fit. Made once per registry. */
export interface RuntimeMetrics {
  readonly reconcileTotal: Counter;
  readonly reconcileErrors: Counter;
  readonly terminalErrors: Counter;
  readonly panics: Counter;
  readonly timeouts: Counter;
  readonly reconcileSeconds: Histogram;
  readonly maxConcurrent: Gauge;
  readonly activeWorkers: Gauge;
  readonly queueDepth: Gauge;
  readonly queueAdds: Counter;
  readonly queueSeconds: Histogram;
  readonly workSeconds: Histogram;
  readonly queueRetries: Counter;
  readonly unfinishedSeconds: Gauge;
  readonly longestSeconds: Gauge;
  readonly leader: Gauge;
  /** For `createTransport({ observe })`. */
  onRequest(request: { method: string; code: string; host: string }): void;
  beforeRender(collect: () => void): void;
}

export function createRuntimeMetrics(metrics: Metrics): RuntimeMetrics {
  const requests = metrics.counter('rest_client_requests_total', 'Requests to the API server by code, method and host');
  const cr = 'controller_runtime';
  return {
    reconcileTotal: metrics.counter(`${cr}_reconcile_total`, 'Reconciles by controller and result'),
    reconcileErrors: metrics.counter(`${cr}_reconcile_errors_total`, 'Failed reconciles by controller'),
    terminalErrors: metrics.counter(`${cr}_terminal_reconcile_errors_total`, 'Reconciles that failed for good'),
    panics: metrics.counter(`${cr}_reconcile_panics_total`, 'Reconciles that threw what is not an operational error'),
    timeouts: metrics.counter(`${cr}_reconcile_timeouts_total`, 'Reconciles that reached their time limit'),
    reconcileSeconds: metrics.histogram(`${cr}_reconcile_time_seconds`, 'Duration of reconciles', reconcileBuckets),
    maxConcurrent: metrics.gauge(`${cr}_max_concurrent_reconciles`, 'Reconciles that may run at the same time'),
    activeWorkers: metrics.gauge(`${cr}_active_workers`, 'Reconciles that run now'),
    queueDepth: metrics.gauge('workqueue_depth', 'Keys in the queue'),
    queueAdds: metrics.counter('workqueue_adds_total', 'Keys added to the queue'),
    queueSeconds: metrics.histogram('workqueue_queue_duration_seconds', 'From ready to taken', queueBuckets),
    workSeconds: metrics.histogram('workqueue_work_duration_seconds', 'From taken to done', queueBuckets),
    queueRetries: metrics.counter('workqueue_retries_total', 'Keys added again after a failure'),
    unfinishedSeconds: metrics.gauge('workqueue_unfinished_work_seconds', 'Sum of the ages of what is in hand'),
    longestSeconds: metrics.gauge('workqueue_longest_running_processor_seconds', 'Age of the oldest work in hand'),
    leader: metrics.gauge('leader_election_master_status', 'Whether this process holds the lease (1) or not (0)'),
    onRequest: ({ method, code, host }) => requests.inc({ method, code, host }),
    beforeRender: (collect) => metrics.beforeRender(collect),
  };
}

/** Counts what the queue of a controller does. */
export function queueObserver(metrics: RuntimeMetrics, controller: string): QueueObserver {
  const labels = { name: controller, controller };
  return {
    added: () => metrics.queueAdds.inc(labels),
    retried: () => metrics.queueRetries.inc(labels),
    depth: (priority, change) => metrics.queueDepth.add(change, { ...labels, priority: String(priority) }),
  };
}

/** All series of a controller at 0, so that rates and alerts have a start. */
export function zeroControllerSeries(metrics: RuntimeMetrics, controller: string, concurrency: number): void {
  for (const result of results) metrics.reconcileTotal.inc({ controller, result }, 0);
  for (const counter of [metrics.reconcileErrors, metrics.terminalErrors, metrics.panics, metrics.timeouts]) counter.inc({ controller }, 0);
  metrics.activeWorkers.set(0, { controller });
  metrics.maxConcurrent.set(concurrency, { controller });
  const labels = { name: controller, controller };
  metrics.queueAdds.inc(labels, 0);
  metrics.queueRetries.inc(labels, 0);
  metrics.queueDepth.set(0, { ...labels, priority: '0' });
}
