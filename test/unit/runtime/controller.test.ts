import { describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/observability/logger.js';
import { createMetrics } from '../../../src/observability/metrics.js';
import { AppError } from '../../../src/runtime/app-error.js';
import type { Controller, ControllerOptions } from '../../../src/runtime/controller.js';
import { createController } from '../../../src/runtime/controller.js';
import type { Outcome } from '../../../src/runtime/outcome.js';
import { createRuntimeMetrics } from '../../../src/runtime/runtime-metrics.js';
import { FakeClock } from './fake-clock.js';

function setup(reconcile: ControllerOptions<string>['reconcile'], options: { concurrency?: number; timeoutMillis?: number } = {}) {
  const clock = new FakeClock();
  const metrics = createMetrics();
  const runs: { key: string; at: number }[] = [];
  const controller: Controller = createController({
    name: 'c',
    clock,
    log: silentLogger(),
    metrics: createRuntimeMetrics(metrics),
    reconcile: (key, context) => {
      runs.push({ key, at: clock.monotonic() });
      return reconcile(key, context);
    },
    ...options,
  });
  const stop = new AbortController();
  const ended = controller.run(stop.signal);
  const total = (result: string): string | undefined =>
    new RegExp(`reconcile_total\\{controller="c",result="${result}"\\} (\\d+)`).exec(metrics.render())?.[1];
  return { clock, controller, runs, stop, ended, total, metrics };
}

describe('outcomes', () => {
  const times = async (outcome: () => Outcome, millis: number): Promise<{ at: number[]; total: (result: string) => string | undefined; metrics: string }> => {
    const { clock, controller, runs, total, metrics } = setup(() => Promise.resolve().then(outcome));
    controller.enqueue('a');
    await clock.advance(millis);
    return { at: runs.map((r) => r.at), total, metrics: metrics.render() };
  };

  test('done: not again', async () => {
    const { at, total } = await times(() => ({ kind: 'done' }), 60_000);
    expect([at, total('success'), total('error')]).toEqual([[0], '1', '0']);
  });

  test('later: after that time', async () => {
    const { at, total } = await times(() => ({ kind: 'later', seconds: 20 }), 60_000);
    expect([at, total('requeue_after')]).toEqual([[0, 20_000, 40_000, 60_000], '4']);
  });

  test('retry, returned or thrown: with growing delay', async () => {
    const thrown = await times(() => {
      throw new Error('x');
    }, 40);
    expect([thrown.at, thrown.total('error')]).toEqual([[0, 5, 15, 35], '4']);
    expect((await times(() => ({ kind: 'retry', error: new Error() }), 40)).at).toEqual(thrown.at);
  });

  test('stalled: not again, counted as terminal', async () => {
    const { at, total, metrics } = await times(() => {
      throw new AppError('Code', 'm', { retry: 'never' });
    }, 60_000);
    expect([at, total('error')]).toEqual([[0], '1']);
    expect(metrics).toContain('terminal_reconcile_errors_total{controller="c"} 1');
    expect(metrics).toContain('reconcile_panics_total{controller="c"} 0');
  });

  test('a fault of the program is counted and the controller goes on', async () => {
    const { metrics, at } = await times(() => (undefined as unknown as { f: () => Outcome }).f(), 10);
    expect(at).toEqual([0, 5]);
    expect(metrics).toContain('reconcile_panics_total{controller="c"} 2');
  });
});

test('a success clears the failure count', async () => {
  const outcomes: Outcome['kind'][] = ['retry', 'retry', 'done', 'retry', 'done'];
  const { clock, controller, runs } = setup(() => {
    const kind = outcomes.shift();
    return Promise.resolve(kind === 'retry' ? { kind, error: new Error() } : { kind: 'done' });
  });
  controller.enqueue('a');
  await clock.advance(1_000);
  controller.enqueue('a');
  await clock.advance(1_000);
  expect(runs.map((r) => r.at)).toEqual([0, 5, 15, 1_000, 1_005]);
});

test('one key never runs twice at the same time, others do, up to the concurrency', async () => {
  const open = new Map<string, () => void>();
  const { clock, controller } = setup((key) => new Promise((resolve) => open.set(key, () => resolve({ kind: 'done' }))), { concurrency: 2 });
  for (const key of ['a', 'a', 'b', 'c']) controller.enqueue(key);
  await clock.advance(0);
  expect([...open.keys()]).toEqual(['a', 'b']);
  controller.enqueue('a');
  await clock.advance(0);
  open.get('b')?.();
  await clock.advance(0);
  expect([...open.keys()]).toEqual(['a', 'b', 'c']);
});

test('the signal aborts at the time limit', async () => {
  let reason: unknown;
  const { clock, controller, metrics } = setup(
    (_key, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(((reason = signal.reason), { kind: 'done' })))),
    { timeoutMillis: 1_000 },
  );
  controller.enqueue('a');
  await clock.advance(999);
  expect(reason).toBeUndefined();
  await clock.advance(1);
  expect(String(reason)).toContain('longer than 1000 ms');
  expect(metrics.render()).toContain('reconcile_timeouts_total{controller="c"} 1');
});

test('stopping waits for what is in hand and drops the rest', async () => {
  let finish: () => void = () => undefined;
  const { clock, controller, runs, stop, ended } = setup(() => new Promise((resolve) => (finish = () => resolve({ kind: 'done' }))));
  controller.enqueue('a');
  controller.enqueue('b');
  await clock.advance(0);
  stop.abort();
  let over = false;
  void ended.then(() => (over = true));
  await clock.advance(10);
  expect(over).toBe(false);
  finish();
  await ended;
  expect(runs.map((r) => r.key)).toEqual(['a']);
});
