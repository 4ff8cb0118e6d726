import { expect, test } from '@jest/globals';
import { createMetrics } from '../../../src/observability/metrics.js';
import { addProcessMetrics } from '../../../src/observability/process-metrics.js';

test('counters and gauges by labels, in the text format', () => {
  const metrics = createMetrics();
  const counter = metrics.counter('requests_total', 'All\nof them');
  counter.inc({ b: '2', a: '1' });
  counter.inc({ a: '1', b: '2' }, 2);
  counter.inc({ a: 'quote " back \\ line \n' });
  const gauge = metrics.gauge('depth', 'Depth');
  gauge.set(3);
  gauge.add(-1);
  expect(metrics.render()).toBe(
    [
      '# HELP requests_total All\\nof them',
      '# TYPE requests_total counter',
      'requests_total{a="1",b="2"} 3',
      'requests_total{a="quote \\" back \\\\ line \\n"} 1',
      '# HELP depth Depth',
      '# TYPE depth gauge',
      'depth 2',
      '',
    ].join('\n'),
  );
});

test('histograms are cumulative and end in +Inf, sum and count', () => {
  const metrics = createMetrics();
  const histogram = metrics.histogram('seconds', 'Time', [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value, { v: 'x' });
  expect(metrics.render().split('\n').slice(2, -1)).toEqual([
    'seconds_bucket{v="x",le="0.1"} 2',
    'seconds_bucket{v="x",le="1"} 3',
    'seconds_bucket{v="x",le="+Inf"} 4',
    'seconds_sum{v="x"} 7.65',
    'seconds_count{v="x"} 4',
  ]);
});

test('a series can be forgotten, a name is given once', () => {
  const metrics = createMetrics();
  const gauge = metrics.gauge('g', 'G');
  gauge.set(1, { name: 'gone' });
  gauge.remove({ name: 'gone' });
  expect(metrics.render()).not.toContain('gone');
  expect(() => metrics.counter('g', 'again')).toThrow('exists already');
});

test('the process reports itself', () => {
  const metrics = createMetrics();
  addProcessMetrics(metrics, process);
  const text = metrics.render();
  for (const name of ['nodejs_eventloop_lag_seconds', 'process_resident_memory_bytes', 'process_cpu_seconds_total']) expect(text).toMatch(new RegExp(`^${name}.* [\\d.e-]+$`, 'm'));
});
