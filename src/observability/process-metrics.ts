import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.js';

const resolutionMillis = 10;

/**
 * Event-loop lag, memory, file descriptors and processor time of this process, read at each rendering. The lag is the largest and the 99th
 * percentile since the last one: it tells whether timers (lease, heartbeats) could run on time.
 */
export function addProcessMetrics(metrics: Metrics, process: NodeJS.Process): void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMillis });
  delay.enable();
  const lag = metrics.gauge('nodejs_eventloop_lag_seconds', 'Delay of timers beyond their time, by quantile since the last scrape');
  const heap = metrics.gauge('nodejs_heap_size_used_bytes', 'Heap in use');
  const resident = metrics.gauge('process_resident_memory_bytes', 'Resident memory');
  const descriptors = metrics.gauge('process_open_fds', 'Open file descriptors');
  const seconds = metrics.counter('process_cpu_seconds_total', 'User and system processor time');
  let counted = 0;
  metrics.beforeRender(() => {
    const lagSeconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - resolutionMillis / 1000);
    lag.set(lagSeconds(delay.count === 0 ? 0 : delay.max), { quantile: '1' });
    lag.set(lagSeconds(delay.count === 0 ? 0 : delay.percentile(99)), { quantile: '0.99' });
    delay.reset();
    const memory = process.memoryUsage();
    heap.set(memory.heapUsed);
    resident.set(memory.rss);
    const cpu = process.cpuUsage();
    const total = (cpu.user + cpu.system) / 1e6;
    seconds.inc(undefined, total - counted);
    counted = total;
    if (process.platform === 'linux') descriptors.set(readdirSync('/proc/self/fd').length);
  });
}
