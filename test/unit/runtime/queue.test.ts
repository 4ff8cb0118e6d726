import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Queue, Taken } from '../../../src/runtime/queue.js';
import { createQueue, lowPriority } from '../../../src/runtime/queue.js';
import { FakeClock, settle } from './fake-clock.js';

/** Takes what is ready now; undefined when nothing is. */
async function takeNow(queue: Queue<string>, clock: FakeClock): Promise<Taken<string> | undefined> {
  let taken: Taken<string> | undefined;
  void queue.take().then((t) => (taken = t));
  await clock.advance(0);
  return taken;
}

function setup(): { clock: FakeClock; queue: Queue<string>; next: () => Promise<string | undefined> } {
  const clock = new FakeClock();
  const queue = createQueue<string>({ clock });
  return { clock, queue, next: async () => (await takeNow(queue, clock))?.key };
}

describe('a key', () => {
  test('added several times is handed out once', async () => {
    const { queue, next } = setup();
    queue.add('a');
    queue.add('a');
    expect(queue.size).toBe(1);
    expect(await next()).toBe('a');
    expect(queue.size).toBe(0);
  });

  test('added while in hand comes back after done, and only then', async () => {
    const { queue, clock } = setup();
    queue.add('a');
    expect((await takeNow(queue, clock))?.key).toBe('a');
    queue.add('a');
    queue.add('a');
    let again: string | undefined;
    void queue.take().then((t) => (again = t?.key));
    await settle();
    expect(again).toBeUndefined();
    queue.done('a');
    await settle();
    expect(again).toBe('a');
    expect(queue.size).toBe(0);
  });

  test('in hand does not hold up others', async () => {
    const { queue, next } = setup();
    queue.add('a');
    await next();
    queue.add('a');
    queue.add('b');
    expect(await next()).toBe('b');
  });
});

describe('priority', () => {
  test('a change overtakes the first fill', async () => {
    const { queue, next } = setup();
    for (const key of ['a', 'b', 'c']) queue.add(key, { priority: lowPriority });
    queue.add('restore');
    expect(await next()).toBe('restore');
    expect(await next()).toBe('a');
  });

  test('raised goes to the end of its new class; a lower one changes nothing', async () => {
    const { queue, next } = setup();
    queue.add('a', { priority: lowPriority });
    queue.add('b');
    queue.add('a');
    queue.add('b', { priority: lowPriority });
    expect([await next(), await next()]).toEqual(['b', 'a']);
  });

  test('is told to the worker, who requeues with it', async () => {
    const { queue, clock } = setup();
    queue.add('a', { priority: 7 });
    expect((await takeNow(queue, clock))?.priority).toBe(7);
  });
});

describe('delay', () => {
  test('an entry moves earlier, never later', async () => {
    const { queue, clock } = setup();
    const got: string[] = [];
    void queue.take().then((t) => got.push(t?.key ?? ''));
    queue.add('a', { afterMillis: 1000 });
    queue.add('a', { afterMillis: 5000 });
    queue.add('a', { afterMillis: 300 });
    await clock.advance(299);
    expect(got).toEqual([]);
    await clock.advance(1);
    expect(got).toEqual(['a']);
  });

  test('a plain add releases a waiting entry at once, and the delayed one is used up by it', async () => {
    const { queue, clock, next } = setup();
    queue.add('a', { afterMillis: 1000 });
    queue.add('a');
    expect(await next()).toBe('a');
    queue.done('a');
    await clock.advance(2000);
    expect(queue.size).toBe(0);
  });

  test('keys are ordered by when they became ready', async () => {
    const { queue, clock, next } = setup();
    queue.add('late', { afterMillis: 20 });
    queue.add('early', { afterMillis: 10 });
    await clock.advance(50);
    queue.add('now');
    expect([await next(), await next(), await next()]).toEqual(['early', 'late', 'now']);
  });

  test('grows with failures: 5 ms · 2^n, at most 1,000 s, until forgotten', async () => {
    const { queue, clock } = setup();
    const measure = async (): Promise<number> => {
      const start = clock.monotonic();
      let end = -1;
      void queue.take().then(() => (end = clock.monotonic()));
      queue.addRateLimited('a');
      await clock.advance(2_000_000);
      queue.done('a');
      return end - start;
    };
    expect([await measure(), await measure(), await measure()]).toEqual([5, 10, 20]);
    for (let i = 0; i < 20; i += 1) await measure();
    expect(await measure()).toBe(1_000_000);
    queue.forget('a');
    expect(await measure()).toBe(5);
  });
});

test('shutting down ends waiting workers, drops what is queued and takes nothing more', async () => {
  const { queue, next } = setup();
  const waiting = queue.take();
  queue.shutDown();
  queue.add('a');
  expect(await waiting).toBeUndefined();
  expect(queue.size).toBe(0);
  expect(await next()).toBeUndefined();
});

test('depth is what is queued, by priority', async () => {
  const clock = new FakeClock();
  const depth = new Map<number, number>();
  const observer = {
    added: () => undefined,
    retried: () => undefined,
    depth: (priority: number, change: number) => void depth.set(priority, (depth.get(priority) ?? 0) + change),
  };
  const queue = createQueue<string>({ clock, observer });
  queue.add('a', { priority: lowPriority });
  queue.add('b', { priority: lowPriority });
  queue.add('a');
  expect([...depth]).toEqual([[lowPriority, 1], [0, 1]]);
  await takeNow(queue, clock);
  await takeNow(queue, clock);
  expect([...depth.values()]).toEqual([0, 0]);
});

/** The rules of the queue in the plainest form: a list that is searched, and workers that wait in line. */
class Model {
  readonly queued = new Map<string, { priority: number; readyAt: number; order: number }>();
  readonly inHand = new Set<string>();
  /** Keys in the order in which they were handed out, with their priorities. */
  readonly handed: string[] = [];
  readonly #failures = new Map<string, number>();
  #waitingWorkers = 0;
  #order = 0;
  #now = 0;

  add(key: string, priority: number, afterMillis: number): void {
    const readyAt = this.#now + afterMillis;
    const old = this.queued.get(key);
    const raised = old === undefined || priority > old.priority;
    const sooner = old === undefined || (old.readyAt > this.#now && readyAt < old.readyAt);
    const wasReady = old !== undefined && old.readyAt <= this.#now;
    const entry = {
      priority: Math.max(priority, old?.priority ?? -Infinity),
      readyAt: wasReady ? old.readyAt : Math.min(readyAt, old?.readyAt ?? Infinity),
      order: old?.order ?? 0,
    };
    if ((raised || sooner) && entry.readyAt <= this.#now) entry.order = this.#order += 1;
    this.queued.set(key, entry);
    this.#serve();
  }

  /** The delay of the next `addRateLimited` of the key. */
  nextDelay(key: string): number {
    return Math.min(5 * 2 ** (this.#failures.get(key) ?? 0), 1_000_000);
  }

  addRateLimited(key: string, priority: number): void {
    const delay = this.nextDelay(key);
    this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
    this.add(key, priority, delay);
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  advance(millis: number): void {
    const end = this.#now + millis;
    const due = [...this.queued.values()].filter((e) => e.readyAt > this.#now && e.readyAt <= end).sort((a, b) => a.readyAt - b.readyAt);
    for (const entry of due) {
      this.#now = entry.readyAt;
      entry.order = this.#order += 1;
      this.#serve();
    }
    this.#now = end;
  }

  take(): void {
    this.#waitingWorkers += 1;
    this.#serve();
  }

  done(key: string): void {
    this.inHand.delete(key);
    this.#serve();
  }

  /** What is queued is dropped, workers are sent away; what is in hand stays there. */
  shutDown(): void {
    this.queued.clear();
    this.handed.push(...Array.from({ length: this.#waitingWorkers }, () => 'end'));
    this.#waitingWorkers = 0;
  }

  #serve(): void {
    while (this.#waitingWorkers > 0) {
      const ready = [...this.queued].filter(([key, e]) => e.readyAt <= this.#now && !this.inHand.has(key));
      const [first] = ready.sort(([, a], [, b]) => b.priority - a.priority || a.order - b.order);
      if (first === undefined) return;
      const [key, { priority }] = first;
      this.queued.delete(key);
      this.inHand.add(key);
      this.handed.push(`${key} ${priority}`);
      this.#waitingWorkers -= 1;
    }
  }
}

const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const priorities = fc.constantFrom(lowPriority, 0, 5);
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('add' as const), key: keys, priority: priorities, delay: fc.constant(0) }),
    fc.record({ do: fc.constant('add' as const), key: keys, priority: priorities, delay: fc.integer({ min: 1, max: 50 }) }),
    fc.record({ do: fc.constant('addRateLimited' as const), key: keys, priority: priorities }),
    fc.record({ do: fc.constant('forget' as const), key: keys }),
    fc.record({ do: fc.constant('take' as const) }),
    fc.record({ do: fc.constant('done' as const), key: keys }),
    fc.record({ do: fc.constant('advance' as const), millis: fc.integer({ min: 1, max: 40 }) }),
  ),
  { maxLength: 80 },
);

type Step = typeof steps extends fc.Arbitrary<readonly (infer S)[]> ? S : never;

function apply(step: Step, queue: Queue<string>, model: Model, handed: string[]): void {
  switch (step.do) {
    case 'add':
      queue.add(step.key, { priority: step.priority, afterMillis: step.delay });
      return model.add(step.key, step.priority, step.delay);
    case 'addRateLimited':
      queue.addRateLimited(step.key, { priority: step.priority });
      return model.addRateLimited(step.key, step.priority);
    case 'forget':
      queue.forget(step.key);
      return model.forget(step.key);
    case 'take':
      void queue.take().then((taken) => handed.push(taken === undefined ? 'end' : `${taken.key} ${taken.priority}`));
      return model.take();
    case 'done':
      queue.done(step.key);
      return model.done(step.key);
    case 'advance':
      return model.advance(step.millis);
  }
}

test('behaves as the model on any sequence, and so does its end', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const { queue, clock } = setup();
      const model = new Model();
      const handed: string[] = [];
      const usedInstants = new Set<number>();
      for (const step of sequence) {
        // Two delays that end in the same instant have no order: such adds are left out.
        const delay = step.do === 'add' ? step.delay : step.do === 'addRateLimited' ? model.nextDelay(step.key) : 0;
        const instant = clock.monotonic() + delay;
        if (delay > 0 && usedInstants.has(instant)) continue;
        if (delay > 0) usedInstants.add(instant);
        apply(step, queue, model, handed);
        await clock.advance(step.do === 'advance' ? step.millis : 0);
        expect(handed).toEqual(model.handed);
        expect(queue.size).toBe(model.queued.size);
      }
      queue.shutDown();
      model.shutDown();
      queue.add('a');
      await clock.advance(1_000);
      expect(handed).toEqual(model.handed);
      expect(queue.size).toBe(0);
    }),
    { numRuns: 300 },
  );
}, 120_000);
