import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/observability/logger.js';
import type { LeaderElector } from '../../../src/runtime/leader-elector.js';
import type { ManagerOptions } from '../../../src/runtime/manager.js';
import { createManager } from '../../../src/runtime/manager.js';
import { processSignal } from '../../../src/runtime/signals.js';
import { FakeClock } from './fake-clock.js';

function parts(overrides: Partial<ManagerOptions> = {}) {
  const steps: string[] = [];
  const clock = new FakeClock();
  const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
  const worker = (name: string) => ({
    name,
    run: async (signal: AbortSignal) => {
      steps.push(`${name} up`);
      await aborted(signal);
      steps.push(`${name} down`);
    },
  });
  let callbacks: { onElected: () => void; onLost: () => void } | undefined;
  const exits: number[] = [];
  const options: ManagerOptions = {
    log: silentLogger(),
    clock,
    services: [{ name: 'http', start: () => Promise.resolve(steps.push('http up')), stop: () => Promise.resolve(steps.push('http down')) }],
    caches: [{ start: (signal) => signal.addEventListener('abort', () => steps.push('cache down')), synced: Promise.resolve().then(() => void steps.push('cache up')) }],
    always: [worker('always')],
    leading: [worker('leading')],
    elector: (given) => {
      callbacks = given;
      const elector: Pick<LeaderElector, 'run'> = {
        run: async (signal) => {
          await aborted(signal);
          steps.push('lease released');
        },
      };
      return elector as LeaderElector;
    },
    exit: (code) => exits.push(code),
    ...overrides,
  };
  return { options, steps, clock, exits, elect: () => callbacks?.onElected(), lose: () => callbacks?.onLost() };
}

test('starts and stops in order; the lease goes after the work, the endpoints last', async () => {
  const { options, steps, clock, elect } = parts();
  const manager = createManager(options);
  const stop = new AbortController();
  expect(manager.notReady()).toBe('starting');
  const ended = manager.run(stop.signal);
  await clock.advance(0);
  expect(manager.notReady()).toBeUndefined();
  expect(steps).toEqual(['http up', 'cache up', 'always up']);
  elect();
  await clock.advance(0);
  stop.abort();
  expect(await ended).toBe(0);
  expect(manager.notReady()).toBe('stopping');
  expect(steps.slice(3)).toEqual(['leading up', 'always down', 'leading down', 'cache down', 'lease released', 'http down']);
});

test('a part that ends by itself or fails ends the process with 1', async () => {
  for (const run of [() => Promise.resolve(), () => Promise.reject(new Error('x'))]) {
    const { options } = parts({ always: [{ name: 'bad', run }] });
    expect(await createManager(options).run(new AbortController().signal)).toBe(1);
  }
});

test('caches that do not fill in time end the process with 1', async () => {
  const { options, clock } = parts({ caches: [{ start: () => undefined, synced: new Promise(() => undefined) }], syncMillis: 5_000 });
  const ended = createManager(options).run(new AbortController().signal);
  await clock.advance(5_000);
  expect(await ended).toBe(1);
});

test('work that does not end keeps the lease from being given up', async () => {
  const { options, steps, clock } = parts({ leading: [], always: [{ name: 'stuck', run: () => new Promise(() => undefined) }], graceMillis: 1_000 });
  const stop = new AbortController();
  const ended = createManager(options).run(stop.signal);
  await clock.advance(0);
  stop.abort();
  await clock.advance(1_000);
  expect(await ended).toBe(1);
  expect(steps).not.toContain('lease released');
});

test('a lost lease exits at once', async () => {
  const { options, clock, exits, lose, steps } = parts();
  void createManager(options).run(new AbortController().signal);
  await clock.advance(0);
  lose();
  expect(exits).toEqual([1]);
  expect(steps).not.toContain('always down');
});

test('the first signal stops, the second exits; what nobody caught exits', () => {
  const process = new EventEmitter();
  const exits: number[] = [];
  const source = { on: (event: string, listener: (detail: never) => void) => process.on(event, listener as () => void) };
  const signal = processSignal({ process: source, exit: (code) => exits.push(code), log: silentLogger() });
  process.emit('SIGTERM', 'SIGTERM');
  expect([signal.aborted, exits]).toEqual([true, []]);
  process.emit('SIGINT', 'SIGINT');
  expect(exits).toEqual([1]);
  process.emit('unhandledRejection', new Error('x'));
  expect(exits).toEqual([1, 1]);
});
