import type { IncomingMessage } from 'node:http';
import type { Logger } from '../observability/logger.js';
import { errorFromStatus, isGone } from './api-error.js';
import type { ListOptions } from './client.js';
import type { Clock } from './clock.js';
import { sleep } from './clock.js';
import type { KubeObject } from './object.js';
import type { ResourceType } from './resource.js';
import { collectionPath, query, selectors } from './resource-path.js';
import type { Transport } from './transport.js';
import type { WatchFrame } from './watch-stream.js';
import { readFrames } from './watch-stream.js';

/** One change, handed on in the tick in which it arrived. */
export interface SetEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** A running watch; ends only by `close`. */
export interface SetWatch {
  close(): void;
}

export interface WatchSetOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A broken connection is opened again after this long: the watch lives for seconds only. */
const reopenMillis = 100;
const silenceMillis = 150_000;

/**
 * A short-lived watch without a store, for what is about to be created: resolves when the server has accepted it, and from then on
 * every change calls back with the whole object. What existed before is not reported. Rejects with ApiError when it cannot be opened; a
 * watch that breaks later goes on from where it was, after a 410 from now.
 */
export async function watchSet<T extends KubeObject = KubeObject>(
  options: WatchSetOptions,
  type: ResourceType,
  select: ListOptions,
  onEvent: (event: SetEvent<T>) => void,
): Promise<SetWatch> {
  const watch = new OpenSetWatch(options, type, select, (event) => onEvent(event as SetEvent<T>));
  await watch.open();
  return watch;
}

class OpenSetWatch implements SetWatch {
  readonly #options: WatchSetOptions;
  readonly #type: ResourceType;
  readonly #select: ListOptions;
  readonly #onEvent: (event: SetEvent) => void;
  readonly #abort = new AbortController();
  #version: string | undefined;

  constructor(options: WatchSetOptions, type: ResourceType, select: ListOptions, onEvent: (event: SetEvent) => void) {
    this.#options = options;
    this.#type = type;
    this.#select = select;
    this.#onEvent = onEvent;
  }

  async open(): Promise<void> {
    void this.#follow(await this.#connect());
  }

  close(): void {
    this.#abort.abort();
  }

  async #connect(): Promise<IncomingMessage> {
    const { transport } = this.#options;
    const { signal } = this.#abort;
    const root = collectionPath(this.#type, this.#select.namespace);
    if (this.#version === undefined) {
      const answer = await transport.request({ method: 'GET', path: root + query({ limit: 1 }), signal });
      this.#version = (JSON.parse(answer.body.toString('utf8')) as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
    }
    const parameters = { ...selectors(this.#select), watch: true, allowWatchBookmarks: true, resourceVersion: this.#version };
    return transport.stream({ method: 'GET', path: root + query(parameters), signal });
  }

  async #follow(first: IncomingMessage): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#abort;
    let stream: IncomingMessage | undefined = first;
    while (!signal.aborted) {
      try {
        stream ??= await this.#connect();
        await readFrames(stream, { clock, silenceMillis, onFrame: (frame) => this.#take(frame) });
      } catch (error) {
        if (isGone(error)) this.#version = undefined;
        if (!signal.aborted) log.warn('watch failed', { resource: this.#type.plural, error });
      }
      stream = undefined;
      await sleep(clock, reopenMillis, signal).catch(() => undefined); // an abort ends the loop by itself
    }
  }

  #take({ type, object }: WatchFrame): boolean {
    if (type === 'ERROR') throw errorFromStatus(object);
    this.#version = object.metadata.resourceVersion ?? this.#version;
    if (type === 'BOOKMARK') return true;
    try {
      this.#onEvent({ type, object });
    } catch (error) {
      this.#options.log.error('watch handler failed', { resource: this.#type.plural, error });
    }
    return true;
  }
}
