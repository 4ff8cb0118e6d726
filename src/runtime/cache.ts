import type { Logger } from '../observability/logger.js';
import type { Clock } from './clock.js';
import { abortError } from './clock.js';
import type { KubeObject, ObjectKey } from './object.js';
import { keyText } from './object.js';
import { Reflector } from './reflector.js';
import type { ResourceType } from './resource.js';
import type { CacheEvent, Indexes, Projected } from './store.js';
import { namespaceIndex, Store } from './store.js';
import type { Transport } from './transport.js';

export type { CacheEvent, Projected } from './store.js';

export interface WaitOptions {
  readonly timeoutMillis: number;
  readonly signal?: AbortSignal;
}

/** The time of a wait is over and the object is not as it was waited for. */
export class WaitTimeout extends Error {
  override readonly name = 'WaitTimeout';
}

/** A live local copy of the objects that a list selects. Objects in it are shared: never change them. */
export interface Cache<P extends Projected> {
  readonly type: ResourceType;
  /** Fills the cache and follows changes until the signal aborts. Once only. */
  start(signal: AbortSignal): void;
  /** Resolves when the first fill is complete; rejects when the signal aborts before that. */
  readonly synced: Promise<void>;
  hasSynced(): boolean;
  get(key: ObjectKey | string): P | undefined;
  /** All, or those of one namespace. */
  list(namespace?: string): P[];
  /** Those that the named index files under `value`. Throws on an index that does not exist. */
  by(index: string, value: string): P[];
  /**
   * Calls back on every change, in order, at once; what is there already arrives as `added` before this returns, unless `replay` is false: in a
   * large cluster it is a lot.
   */
  subscribe(handler: (event: CacheEvent<P>) => void, options?: { readonly replay?: boolean }): () => void;
  /** Resolves as soon as the object satisfies the predicate. Rejects with WaitTimeout, or when the signal aborts. */
  until(key: ObjectKey | string, predicate: (object: P) => boolean, options: WaitOptions): Promise<P>;
  /** Resolves as soon as the object is gone, or has another uid than the given one. Rejects as `until`. */
  untilGone(key: ObjectKey | string, options: WaitOptions & { uid?: string }): Promise<void>;
}

export interface CacheOptions<P extends Projected> {
  readonly transport: Transport;
  readonly type: ResourceType;
  /** Default: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Runs before an object enters the cache; what it drops is never held in memory. */
  readonly project: (object: KubeObject) => P;
  readonly indexes?: Indexes<P>;
  readonly clock: Clock;
  /** In [0, 1): spreads watch durations and retries. Default: Math.random. */
  readonly random?: () => number;
  readonly log: Logger;
}

/** A cache that is not started yet. */
export function createCache<P extends Projected>(options: CacheOptions<P>): Cache<P> {
  return new WatchingCache(options);
}

class WatchingCache<P extends Projected> implements Cache<P> {
  readonly type: ResourceType;
  readonly synced: Promise<void>;
  readonly #options: CacheOptions<P>;
  readonly #store: Store<P>;
  readonly #handlers = new Set<(event: CacheEvent<P>) => void>();
  #isSynced = false;
  #resolveSynced!: () => void;
  #rejectSynced!: (error: Error) => void;
  #started = false;

  constructor(options: CacheOptions<P>) {
    this.type = options.type;
    this.#options = options;
    this.#store = new Store(options.indexes ?? {}, (event) => this.#notify(event));
    this.synced = new Promise((resolve, reject) => {
      this.#resolveSynced = resolve;
      this.#rejectSynced = reject;
    });
    // Nobody has to wait for it.
    this.synced.catch(() => undefined);
  }

  start(stop: AbortSignal): void {
    // One signal for many caches and requests: a derived one keeps their listeners off it.
    const signal = AbortSignal.any([stop]);
    if (this.#started) throw new Error(`cache of ${this.type.plural} was started before`);
    this.#started = true;
    const { transport, type, project, clock, log, random = Math.random } = this.#options;
    const reflector = new Reflector<P>({
      transport,
      type,
      select: this.#options,
      project,
      store: this.#store,
      clock,
      random,
      log,
      onSynced: () => {
        this.#isSynced = true;
        this.#resolveSynced();
      },
    });
    signal.addEventListener('abort', () => this.#rejectSynced(abortError(signal)), { once: true });
    reflector.run(signal).catch((error: unknown) => log.error('cache ended', { resource: type.plural, error }));
  }

  hasSynced(): boolean {
    return this.#isSynced;
  }

  get(key: ObjectKey | string): P | undefined {
    return this.#store.get(textOf(key));
  }

  list(namespace?: string): P[] {
    return namespace === undefined ? this.#store.all() : this.#store.by(namespaceIndex, namespace);
  }

  by(index: string, value: string): P[] {
    return this.#store.by(index, value);
  }

  subscribe(handler: (event: CacheEvent<P>) => void, { replay = true }: { readonly replay?: boolean } = {}): () => void {
    this.#handlers.add(handler);
    if (!replay) return () => void this.#handlers.delete(handler);
    for (const [key, object] of this.#store.entries()) this.#call(handler, { type: 'added', key, object, initial: true });
    return () => void this.#handlers.delete(handler);
  }

  until(key: ObjectKey | string, predicate: (object: P) => boolean, options: WaitOptions): Promise<P> {
    const text = textOf(key);
    return this.#wait(text, options, () => {
      const object = this.#store.get(text);
      return object !== undefined && predicate(object) ? { value: object } : undefined;
    });
  }

  untilGone(key: ObjectKey | string, options: WaitOptions & { uid?: string }): Promise<void> {
    const text = textOf(key);
    return this.#wait(text, options, () => {
      const uid = this.#store.get(text)?.metadata.uid;
      return uid === undefined || (options.uid !== undefined && uid !== options.uid) ? { value: undefined } : undefined;
    });
  }

  #wait<T>(key: string, options: WaitOptions, test: () => { value: T } | undefined): Promise<T> {
    const { promise, resolve, reject } = deferred<T>();
    const { signal } = options;
    const check = (): void => {
      // An empty cache says nothing about what is gone.
      const found = this.#isSynced ? test() : undefined;
      if (found !== undefined) resolve(found.value);
    };
    const onAbort = (): void => reject(abortError(signal));
    const handler = (event: CacheEvent<P>): void => {
      if (event.key !== key) return;
      try {
        check();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const cancelTimer = this.#options.clock.after(options.timeoutMillis, () =>
      reject(new WaitTimeout(`${this.type.kind} ${key}: not as expected after ${options.timeoutMillis} ms`)),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    this.#handlers.add(handler);
    const checked = this.#isSynced ? Promise.resolve() : this.synced;
    checked.then(check).catch(reject);
    return promise.finally(() => {
      cancelTimer();
      signal?.removeEventListener('abort', onAbort);
      this.#handlers.delete(handler);
    });
  }

  #notify(event: CacheEvent<P>): void {
    for (const handler of this.#handlers) this.#call(handler, event);
  }

  #call(handler: (event: CacheEvent<P>) => void, event: CacheEvent<P>): void {
    try {
      handler(event);
    } catch (error) {
      this.#options.log.error('cache handler failed', { resource: this.type.plural, key: event.key, error });
    }
  }
}

function textOf(key: ObjectKey | string): string {
  return typeof key === 'string' ? key : keyText(key);
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
