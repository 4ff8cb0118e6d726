// Loaded in front of the operator by --import: answers its parent with the lag of the event loop since the last question, and with its memory.
// The lag also holds what the machine kept from the process.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolution = 5;
const delay = monitorEventLoopDelay({ resolution });
delay.enable();
const lag = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution);

process.on('message', ({ collect }) => {
  const loop = delay.count === 0 ? { p50: 0, p99: 0, max: 0 } : { p50: lag(delay.percentile(50)), p99: lag(delay.percentile(99)), max: lag(delay.max) };
  if (collect) globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send({ loop, rss, heapUsed, external });
  delay.reset();
});
process.channel.unref();
