import type { Logger } from '../observability/logger.js';
import type { Clock } from './clock.js';
import type { KubeObject, ObjectKey, ObjectMeta } from './object.js';
import type { ResourceType } from './resource.js';
import type { Transport } from './transport.js';

/** What a cache keeps of an object: at least uid and resourceVersion, in `metadata`. */
export interface Projected {
  readonly metadata: ObjectMeta;
}

/** One change of a cache. An object that was deleted and made anew under its name arrives as deleted, then added. */
export type CacheEvent<P> =
  /** `initial`: part of the first fill, or replayed to a late subscriber. */
  | { readonly type: 'added'; readonly key: string; readonly object: P; readonly initial: boolean }
  | { readonly type: 'updated'; readonly key: string; readonly object: P; readonly old: P }
  /** With the last state known; deletes missed while disconnected are made up for at the next fill. */
  | { readonly type: 'deleted'; readonly key: string; readonly old: P };

export interface WaitOptions {
  readonly timeoutMillis: number;
  readonly signal?: AbortSignal;
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
  /** Calls back on every change, in order, at once; what is there already arrives as `added` before this returns. */
  subscribe(handler: (event: CacheEvent<P>) => void): () => void;
  /** Resolves as soon as the object satisfies the predicate. Rejects with WaitTimeout, or when the signal aborts. */
  until(key: ObjectKey | string, predicate: (object: P) => boolean, options: WaitOptions): Promise<P>;
  /** Resolves as soon as the object is gone, or has another uid than the given one. Rejects as `until`. */
  untilGone(key: ObjectKey | string, options: WaitOptions & { uid?: string }): Promise<void>;
}

export interface CacheOptions<P extends Projected> {
  readonly transport: Transport;
  readonly type: ResourceType;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Runs before an object enters the cache; what it drops is never held in memory. */
  readonly project: (object: KubeObject) => P;
  /** Index name → the values under which an object is found. */
  readonly indexes?: Readonly<Record<string, (object: P) => readonly string[]>>;
  readonly clock: Clock;
  readonly log: Logger;
}

export declare function createCache<P extends Projected>(options: CacheOptions<P>): Cache<P>;
