import type { Logger } from '../observability/logger.js';
import { ApiError, errorFromStatus, isGone, isInvalid, isTooManyRequests, isUnreachable } from './api-error.js';
import { Backoff } from './backoff.js';
import type { ListOptions } from './client.js';
import type { Clock } from './clock.js';
import { sleep } from './clock.js';
import type { KubeObject } from './object.js';
import { keyOf, keyText } from './object.js';
import type { ResourceType } from './resource.js';
import { apiVersionOf } from './resource.js';
import { collectionPath, query, selectors } from './resource-path.js';
import type { Projected, Store } from './store.js';
import type { Transport } from './transport.js';
import type { WatchEnd, WatchFrame } from './watch-stream.js';
import { readFrames } from './watch-stream.js';

export interface ReflectorOptions<P extends Projected> {
  readonly transport: Transport;
  readonly type: ResourceType;
  readonly select: ListOptions;
  readonly project: (object: KubeObject) => P;
  readonly store: Store<P>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly onSynced: () => void;
}

/** Without bookmarks for this long (the server sends one about every minute) a watch is opened anew from where it was. */
const silenceMillis = 150_000;
const pageSize = 500;
/** Annotation of the bookmark that ends the initial events of a WatchList (KEP-3157). */
const initialEventsEnd = 'k8s.io/initial-events-end';

/** What follows when a watch is over. */
type Next = 'rewatch' | 'relist';

/**
 * Keeps a store equal to what the server has (client-go tools/cache/reflector.go): WatchList streaming where the server offers it, pages
 * otherwise; watches from the last version seen; lists again when that has expired. Never gives up until the signal aborts.
 */
export class Reflector<P extends Projected> {
  readonly #options: ReflectorOptions<P>;
  readonly #backoff: Backoff;
  /** The last version seen; '' = the most recent one. */
  #version = '';
  #streaming = true;
  #synced = false;

  constructor(options: ReflectorOptions<P>) {
    this.#options = options;
    this.#backoff = new Backoff({ clock: options.clock, random: options.random });
  }

  async run(signal: AbortSignal): Promise<void> {
    let next: Next = 'relist';
    while (!signal.aborted) {
      try {
        next = next === 'relist' ? await this.#fill(signal) : await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        next = this.#afterError(error, next);
        await this.#pause(error, signal);
      }
    }
  }

  /** One fill of the store. By streaming, the watch goes on from it, and what follows its end is the answer. */
  async #fill(signal: AbortSignal): Promise<Next> {
    if (this.#streaming) return this.#streamFill(signal);
    const objects = new Map<string, P>();
    let token: string | undefined;
    do {
      const page = await this.#page(token, signal);
      for (const item of page.items ?? []) this.#stage(objects, item);
      token = page.metadata.continue;
      if (token === undefined || token === '') this.#version = page.metadata.resourceVersion ?? '';
    } while (token !== undefined && token !== '');
    this.#replace(objects);
    return 'rewatch';
  }

  async #page(token: string | undefined, signal: AbortSignal): Promise<{ items?: KubeObject[]; metadata: { continue?: string; resourceVersion?: string } }> {
    const { transport, type, select } = this.#options;
    const path = collectionPath(type, select.namespace) + query({ ...selectors(select), limit: pageSize, continue: token });
    const answer = await transport.request({ method: 'GET', path, signal });
    return JSON.parse(answer.body.toString('utf8')) as { items?: KubeObject[]; metadata: { continue?: string; resourceVersion?: string } };
  }

  async #streamFill(signal: AbortSignal): Promise<Next> {
    const staged = new Map<string, P>();
    let filling = true;
    const next = await this.#open({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', resourceVersion: this.#version }, signal, (frame) => {
      if (!filling) return this.#applyFrame(frame);
      // The version counts from the closing bookmark on: before it, the state is not complete.
      if (frame.type === 'BOOKMARK') {
        if (frame.object.metadata.annotations?.[initialEventsEnd] !== 'true') return;
        this.#version = frame.object.metadata.resourceVersion ?? '';
        filling = false;
        this.#replace(staged);
        staged.clear();
      } else if (frame.type === 'DELETED') staged.delete(keyText(keyOf(frame.object)));
      else this.#stage(staged, frame.object);
    });
    if (filling) throw new ApiError({ code: 0, reason: 'Unknown', message: 'the watch ended before the first fill was complete' });
    return next;
  }

  #watch(signal: AbortSignal): Promise<Next> {
    return this.#open({ resourceVersion: this.#version }, signal, (frame) => this.#applyFrame(frame));
  }

  async #open(parameters: Record<string, string | boolean>, signal: AbortSignal, onFrame: (frame: WatchFrame) => void): Promise<Next> {
    const { transport, type, select, clock, random } = this.#options;
    const timeoutSeconds = Math.round(300 * (1 + random()));
    const fixed = { ...selectors(select), watch: true, allowWatchBookmarks: true, timeoutSeconds };
    const path = collectionPath(type, select.namespace) + query({ ...fixed, ...parameters });
    const openedAt = clock.monotonic();
    const stream = await transport.stream({ method: 'GET', path, signal });
    let frames = 0;
    let failure: ApiError | undefined;
    const end = await readFrames(stream, {
      clock,
      silenceMillis,
      onFrame: (frame) => {
        frames += 1;
        if (frame.type === 'ERROR') failure = errorFromStatus(frame.object);
        else onFrame(frame);
        return failure === undefined;
      },
    });
    if (failure !== undefined) throw failure;
    return this.#afterEnd(end, frames, clock.monotonic() - openedAt);
  }

  #afterEnd(end: WatchEnd, frames: number, lastedMillis: number): Next {
    // A server that ends watches at once without a word cannot be watched from this version.
    if (lastedMillis < 1000 && frames === 0) throw new ApiError({ code: 0, reason: 'Unknown', message: 'the watch ended at once' });
    this.#options.log.debug('watch is over', { end, frames, lastedSeconds: Math.round(lastedMillis / 1000) });
    return 'rewatch';
  }

  #afterError(error: unknown, failed: Next): Next {
    if (isGone(error) || isTooLarge(error)) {
      this.#version = '';
      return 'relist';
    }
    // Servers without WatchList refuse the parameter.
    if (failed === 'relist' && this.#streaming && isInvalid(error)) this.#streaming = false;
    return isTooManyRequests(error) || isUnreachable(error) ? failed : 'relist';
  }

  async #pause(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, log, type } = this.#options;
    const waitMillis = isGone(error) ? 0 : this.#backoff.next();
    log.warn('watch failed', { resource: `${type.plural}.${type.group}`, waitMillis: Math.round(waitMillis), error });
    await sleep(clock, waitMillis, signal).catch(() => undefined); // an abort ends the loop by itself
  }

  #stage(objects: Map<string, P>, object: KubeObject): void {
    objects.set(keyText(keyOf(object)), this.#project(object));
  }

  #project(object: KubeObject): P {
    const { type, project } = this.#options;
    object.apiVersion ??= apiVersionOf(type);
    object.kind ??= type.kind;
    return project(object);
  }

  #replace(objects: ReadonlyMap<string, P>): void {
    this.#options.store.replace(objects, !this.#synced);
    if (this.#synced) return;
    this.#synced = true;
    this.#options.onSynced();
  }

  #applyFrame(frame: WatchFrame): void {
    const { metadata } = frame.object;
    if (frame.type === 'DELETED') this.#options.store.delete(keyText(keyOf(frame.object)));
    else if (frame.type !== 'BOOKMARK') this.#options.store.set(keyText(keyOf(frame.object)), this.#project(frame.object));
    if (metadata.resourceVersion !== undefined) this.#version = metadata.resourceVersion;
  }
}

/** A version that this server has not seen: an etcd restored from a backup, or an API server far behind. */
function isTooLarge(error: unknown): boolean {
  return error instanceof ApiError && error.details.causes?.some((c) => c.reason === 'ResourceVersionTooLarge') === true;
}
