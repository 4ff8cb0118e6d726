import type { Clock } from './clock.js';
import { Heap } from './heap.js';
import { ItemRateLimiter } from './rate-limiter.js';

/** Priority of what the first fill of a cache brings: a user's change overtakes it. */
export const lowPriority = -100;

export interface AddOptions {
  /** Higher goes first. Default: 0. */
  readonly priority?: number;
  /** Not before this many ms have passed. Default: 0. */
  readonly afterMillis?: number;
}

/** What a worker has taken. */
export interface Taken<K> {
  readonly key: K;
  readonly priority: number;
  /** Ms from when the key became ready until it was taken. */
  readonly waitedMillis: number;
}

/** Told of what the queue does, for metrics. */
export interface QueueObserver {
  added(): void;
  retried(): void;
  depth(priority: number, change: 1 | -1): void;
}

/**
 * controller-runtime's priority queue (pkg/controller/priorityqueue). A key waits once: adding it again takes the higher priority and the
 * earlier time. A key in hand may be added, and is handed out again only after `done`. Keys of one priority go in the order in which they became ready.
 */
export interface Queue<K> {
  add(key: K, options?: AddOptions): void;
  /** Adds after the key's own growing delay: 5 ms · 2^failures, at most 1,000 s. */
  addRateLimited(key: K, options?: { priority?: number }): void;
  /** Clears the key's failure count; what is queued stays. */
  forget(key: K): void;
  /** The next ready key; undefined once the queue is shut down. */
  take(): Promise<Taken<K> | undefined>;
  /** Must follow every `take`. */
  done(key: K): void;
  /** Ends `take`; queued keys are dropped. */
  shutDown(): void;
  /** Keys queued: ready and waiting. */
  readonly size: number;
}

interface Item<K> {
  readonly key: K;
  priority: number;
  /** Undefined: ready. */
  readyAt: number | undefined;
  /** When it became ready: order within a priority. */
  order: number;
  readySince: number;
  /** Changes with every move, so that stale heap entries are known. */
  version: number;
}

interface Entry<K> {
  readonly item: Item<K>;
  readonly version: number;
  readonly priority: number;
  readonly order: number;
  readonly readyAt: number;
}

/** An empty queue. */
export function createQueue<K>(options: { clock: Clock; observer?: QueueObserver }): Queue<K> {
  return new PriorityQueue(options.clock, options.observer);
}

class PriorityQueue<K> implements Queue<K> {
  readonly #clock: Clock;
  readonly #observer: QueueObserver | undefined;
  readonly #limiter = new ItemRateLimiter<K>();
  readonly #items = new Map<K, Item<K>>();
  readonly #inHand = new Set<K>();
  readonly #ready = new Heap<Entry<K>>((a, b) => (a.priority === b.priority ? a.order < b.order : a.priority > b.priority));
  readonly #waiting = new Heap<Entry<K>>((a, b) => a.readyAt < b.readyAt);
  /** Ready, but in hand: come back to the ready heap with `done`, at their old place. */
  readonly #blocked = new Map<K, Entry<K>>();
  #takers: ((taken: Taken<K> | undefined) => void)[] = [];
  #order = 0;
  #closed = false;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, observer: QueueObserver | undefined) {
    this.#clock = clock;
    this.#observer = observer;
  }

  get size(): number {
    return this.#items.size;
  }

  add(key: K, options: AddOptions = {}): void {
    if (this.#closed) return;
    const now = this.#clock.monotonic();
    const { priority = 0, afterMillis = 0 } = options;
    const readyAt = afterMillis > 0 ? now + afterMillis : undefined;
    const known = this.#items.get(key);
    if (known === undefined) this.#insert(key, priority, readyAt, now);
    else this.#improve(known, priority, readyAt, now);
    this.#serve();
  }

  addRateLimited(key: K, options: { priority?: number } = {}): void {
    if (this.#closed) return;
    this.#observer?.retried();
    this.add(key, { ...options, afterMillis: this.#limiter.next(key) });
  }

  forget(key: K): void {
    this.#limiter.forget(key);
  }

  take(): Promise<Taken<K> | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#serve();
    });
  }

  done(key: K): void {
    this.#inHand.delete(key);
    const blocked = this.#blocked.get(key);
    if (blocked === undefined) return;
    this.#blocked.delete(key);
    this.#ready.push(blocked);
    this.#serve();
  }

  shutDown(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    for (const item of this.#items.values()) this.#observer?.depth(item.priority, -1);
    this.#items.clear();
    for (const resolve of this.#takers.splice(0)) resolve(undefined);
  }

  #insert(key: K, priority: number, readyAt: number | undefined, now: number): void {
    const item: Item<K> = { key, priority, readyAt, order: 0, readySince: now, version: 0 };
    this.#items.set(key, item);
    this.#observer?.added();
    this.#observer?.depth(priority, 1);
    this.#place(item, now);
  }

  #improve(item: Item<K>, priority: number, readyAt: number | undefined, now: number): void {
    const raised = priority > item.priority;
    const sooner = item.readyAt !== undefined && (readyAt === undefined || readyAt < item.readyAt);
    if (!raised && !sooner) return;
    if (raised) {
      this.#observer?.depth(item.priority, -1);
      this.#observer?.depth(priority, 1);
      item.priority = priority;
    }
    if (sooner) item.readyAt = readyAt;
    this.#place(item, now);
  }

  /** Puts an item where it belongs now; its earlier entry becomes stale. */
  #place(item: Item<K>, now: number): void {
    item.version += 1;
    if (item.readyAt === undefined) {
      item.order = this.#order += 1;
      item.readySince = now;
    }
    const { version, priority, order } = item;
    const entry: Entry<K> = { item, version, priority, order, readyAt: item.readyAt ?? now };
    (item.readyAt === undefined ? this.#ready : this.#waiting).push(entry);
  }

  #isCurrent(entry: Entry<K>): boolean {
    return entry.item.version === entry.version && this.#items.get(entry.item.key) === entry.item;
  }

  #serve(): void {
    this.#releaseDue();
    while (this.#takers.length > 0) {
      const entry = this.#nextReady();
      if (entry === undefined) return;
      this.#hand(entry.item);
    }
  }

  #hand(item: Item<K>): void {
    const { key, priority } = item;
    this.#items.delete(key);
    this.#inHand.add(key);
    this.#observer?.depth(priority, -1);
    this.#takers.shift()?.({ key, priority, waitedMillis: this.#clock.monotonic() - item.readySince });
  }

  #nextReady(): Entry<K> | undefined {
    for (let entry = this.#ready.pop(); entry !== undefined; entry = this.#ready.pop()) {
      if (!this.#isCurrent(entry)) continue;
      if (!this.#inHand.has(entry.item.key)) return entry;
      this.#blocked.set(entry.item.key, entry);
    }
    return undefined;
  }

  /** Moves what has become due to the ready heap and sets the timer for the next. */
  #releaseDue(): void {
    const now = this.#clock.monotonic();
    for (let entry = this.#waiting.peek(); entry !== undefined; entry = this.#waiting.peek()) {
      if (this.#isCurrent(entry)) {
        if (entry.readyAt > now) break;
        entry.item.readyAt = undefined;
        this.#place(entry.item, now);
      }
      this.#waiting.pop();
    }
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const next = this.#waiting.peek();
    if (next !== undefined && !this.#closed) this.#cancelTimer = this.#clock.after(Math.max(1, next.readyAt - now), () => this.#serve());
  }
}
