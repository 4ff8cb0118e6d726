import { randomUUID } from 'node:crypto';
import type { Logger } from '../observability/logger.js';
import type { Cache, CacheEvent, Projected } from './cache.js';
import type { Clock } from './clock.js';
import { parseKey } from './object.js';
import type { Outcome } from './outcome.js';
import { isBug, outcomeOf } from './outcome.js';
import type { AddOptions, Queue, Taken } from './queue.js';
import { createQueue, lowPriority } from './queue.js';
import type { ReconcileResult, RuntimeMetrics } from './runtime-metrics.js';
import { queueObserver, zeroControllerSeries } from './runtime-metrics.js';

/** What a reconcile gets besides its key. */
export interface ReconcileContext {
  /** Carries controller, namespace, name and reconcileID. */
  readonly log: Logger;
  /** Aborts when the controller stops, or when the reconcile has taken longer than its limit. */
  readonly signal: AbortSignal;
}

export interface ControllerOptions<K extends string> {
  readonly name: string;
  /** Never runs twice at the same time for one key; what it throws becomes an outcome (see outcomeOf). */
  readonly reconcile: (key: K, context: ReconcileContext) => Promise<Outcome>;
  /** Keys reconciled at the same time. Default: 1. */
  readonly concurrency?: number;
  /** Limit of one reconcile in ms, after which its signal aborts. Default: 600,000. */
  readonly timeoutMillis?: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
}

export interface Controller<K extends string = string> {
  readonly name: string;
  /** Asks for a reconcile; equal keys collapse into one. */
  enqueue(key: K, options?: AddOptions): void;
  /** Works until the signal aborts, then resolves once the reconciles in hand have ended. */
  run(signal: AbortSignal): Promise<void>;
}

/** A controller with its queue; keys may be added before it runs. */
export function createController<K extends string = string>(options: ControllerOptions<K>): Controller<K> {
  return new QueueController(options);
}

/**
 * Enqueues the keys that `keysOf` answers for every change of a cache: for an update those of the old and of the new state. The first fill
 * has low priority, and `when` may leave out updates that are of no interest.
 */
export function enqueueFrom<P extends Projected, K extends string>(
  cache: Cache<P>,
  controller: Pick<Controller<K>, 'enqueue'>,
  keysOf: (object: P, key: string) => readonly K[],
  when: (event: CacheEvent<P>) => boolean = () => true,
): () => void {
  return cache.subscribe((event) => {
    if (!when(event)) return;
    const states = event.type === 'added' ? [event.object] : event.type === 'deleted' ? [event.old] : [event.old, event.object];
    const options = event.type === 'added' && event.initial ? { priority: lowPriority } : {};
    for (const key of new Set(states.flatMap((state) => keysOf(state, event.key)))) controller.enqueue(key, options);
  });
}

class QueueController<K extends string> implements Controller<K> {
  readonly name: string;
  readonly #options: ControllerOptions<K>;
  readonly #queue: Queue<K>;
  readonly #concurrency: number;
  readonly #startedAt = new Map<K, number>();

  constructor(options: ControllerOptions<K>) {
    this.name = options.name;
    this.#options = options;
    this.#concurrency = options.concurrency ?? 1;
    this.#queue = createQueue({ clock: options.clock, observer: queueObserver(options.metrics, options.name) });
    zeroControllerSeries(options.metrics, options.name, this.#concurrency);
    options.metrics.beforeRender(() => this.#reportWorkInHand());
  }

  enqueue(key: K, options?: AddOptions): void {
    this.#queue.add(key, options);
  }

  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#queue.shutDown();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    await Promise.all(Array.from({ length: this.#concurrency }, () => this.#work(signal)));
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { clock, metrics } = this.#options;
    for (let taken = await this.#queue.take(); taken !== undefined; taken = await this.#queue.take()) {
      const { key } = taken;
      const labels = { name: this.name, controller: this.name };
      const startedAt = clock.monotonic();
      this.#startedAt.set(key, startedAt);
      metrics.queueSeconds.observe(taken.waitedMillis / 1000, labels);
      metrics.activeWorkers.add(1, { controller: this.name });
      try {
        this.#conclude(taken, await this.#reconcile(key, signal));
      } finally {
        const seconds = (clock.monotonic() - startedAt) / 1000;
        metrics.reconcileSeconds.observe(seconds, { controller: this.name });
        metrics.workSeconds.observe(seconds, labels);
        metrics.activeWorkers.add(-1, { controller: this.name });
        this.#startedAt.delete(key);
        this.#queue.done(key);
      }
    }
  }

  async #reconcile(key: K, stop: AbortSignal): Promise<Outcome> {
    const { clock, metrics, reconcile, timeoutMillis = 600_000 } = this.#options;
    const log = this.#options.log.child({ controller: this.name, ...parseKey(key), reconcileID: randomUUID() });
    const limit = new AbortController();
    const cancel = clock.after(timeoutMillis, () => {
      metrics.timeouts.inc({ controller: this.name });
      limit.abort(new Error(`reconcile took longer than ${timeoutMillis} ms`));
    });
    let outcome: Outcome;
    try {
      outcome = await reconcile(key, { log, signal: AbortSignal.any([stop, limit.signal]) });
    } catch (error) {
      if (isBug(error)) metrics.panics.inc({ controller: this.name });
      outcome = outcomeOf(error);
    } finally {
      cancel();
    }
    if (outcome.kind === 'retry' || outcome.kind === 'stalled') {
      log.error('reconcile failed', { outcome: outcome.kind, error: outcome.error });
    }
    return outcome;
  }

  /** The outcome table of controller-runtime's reconcileHandler; a requeue keeps the priority that the key came with. */
  #conclude({ key, priority }: Taken<K>, outcome: Outcome): void {
    const { metrics } = this.#options;
    const count = (result: ReconcileResult): void => metrics.reconcileTotal.inc({ controller: this.name, result });
    switch (outcome.kind) {
      case 'done':
        this.#queue.forget(key);
        return count('success');
      case 'later':
        this.#queue.forget(key);
        this.#queue.add(key, { priority, afterMillis: outcome.seconds * 1000 });
        return count('requeue_after');
      case 'retry':
        metrics.reconcileErrors.inc({ controller: this.name });
        this.#queue.addRateLimited(key, { priority });
        return count('error');
      case 'stalled':
        metrics.reconcileErrors.inc({ controller: this.name });
        metrics.terminalErrors.inc({ controller: this.name });
        // What changes next is a new attempt: it starts without the old delay.
        this.#queue.forget(key);
        return count('error');
    }
  }

  #reportWorkInHand(): void {
    const { clock, metrics } = this.#options;
    const labels = { name: this.name, controller: this.name };
    const ages = [...this.#startedAt.values()].map((startedAt) => (clock.monotonic() - startedAt) / 1000);
    metrics.unfinishedSeconds.set(ages.reduce((sum, age) => sum + age, 0), labels);
    metrics.longestSeconds.set(Math.max(0, ...ages), labels);
  }
}
