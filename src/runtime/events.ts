import { randomBytes } from 'node:crypto';
import type { Logger } from '../observability/logger.js';
import { ApiError, isNotFound } from './api-error.js';
import type { Client } from './client.js';
import type { Clock } from './clock.js';
import { sleep } from './clock.js';
import type { Series } from './event-series.js';
import { SeriesTable } from './event-series.js';
import { microTime } from './lease-record.js';
import type { KubeObject, ObjectMeta } from './object.js';
import { keyOf } from './object.js';
import { events } from './resource.js';

/** What an event is about: apiVersion and kind must be there. */
export interface Regarding {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

export interface EventInput {
  readonly regarding: Regarding;
  readonly related?: Regarding;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase; the same word as the condition's reason. */
  readonly reason: string;
  /** What was done or tried, a CamelCase verb. */
  readonly action: string;
  /** At most 1,024 characters; longer notes are cut. */
  readonly note: string;
}

/** Records events.k8s.io/v1 events. Never throws, never makes the caller wait. */
export interface EventRecorder {
  record(event: EventInput): void;
  /** Resolves when everything recorded so far was sent or given up. */
  flush(): Promise<void>;
  /** Sends what is queued, with the counts of open series, and ends. */
  stop(): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: Pick<Client, 'create' | 'mergePatch'>;
  /** reportingController, e.g. `example.dev/operator`. */
  readonly controller: string;
  /** reportingInstance: the pod's name. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const maxNote = 1024;
const maxQueue = 1000;
/** Series sent at the same time; what belongs to one series goes in order (client-go tools/events: 8 workers). */
const laneCount = 8;
const maxTries = 12;
const retryMillis = 1_000;
const sweepMillis = 60_000;
/** maxLength of reportingInstance and reason in the API. */
const maxField = 128;

/** A recorder that sends in the background, a few series at a time; above 1,000 waiting ones new events are dropped. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new SeriesRecorder(options);
}

type SentEvent = KubeObject;

class SeriesRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #table = new SeriesTable<SentEvent>();
  /** The end of each lane. */
  readonly #lanes = Array.from({ length: laneCount }, () => Promise.resolve());
  #queued = 0;
  #dropped = 0;
  #cancelSweep: (() => void) | undefined;
  #stopped = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#scheduleSweep();
  }

  record(input: EventInput): void {
    const { clock } = this.#options;
    if (this.#stopped) return;
    const { action, series } = this.#table.record(seriesKey(input), this.#eventOf(input), clock.now());
    if (action === 'create') this.#enqueue(series, () => this.#create(series.event));
    else if (action === 'update') this.#enqueue(series, () => this.#update(series));
  }

  async flush(): Promise<void> {
    await Promise.all(this.#lanes);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelSweep?.();
    for (const series of this.#table.finish(Infinity)) this.#enqueue(series, () => this.#update(series));
    return this.flush();
  }

  #enqueue({ event }: Series<SentEvent>, send: () => Promise<unknown>): void {
    if (this.#queued >= maxQueue) {
      this.#dropped += 1;
      if (this.#dropped === 1) this.#options.log.warn('event queue is full: events are dropped');
      return;
    }
    this.#queued += 1;
    const lane = laneOf(event);
    this.#lanes[lane] = (this.#lanes[lane] ?? Promise.resolve()).then(() => this.#send(send)).finally(() => (this.#queued -= 1));
  }

  /** What the server refuses is final; what did not reach it is tried again. */
  async #send(send: () => Promise<unknown>): Promise<void> {
    const { clock, log } = this.#options;
    for (let tries = 1; ; tries += 1) {
      try {
        await send();
        return;
      } catch (error) {
        const refused = !(error instanceof ApiError) || (error.code > 0 && error.code < 500 && error.code !== 429);
        if (refused || tries >= maxTries || this.#stopped) {
          log.warn('event not recorded', { error });
          return;
        }
        await sleep(clock, retryMillis);
      }
    }
  }

  async #create(event: SentEvent): Promise<void> {
    await this.#options.client.create(events, event);
  }

  async #update(series: Series<SentEvent>): Promise<void> {
    const { client } = this.#options;
    const value = { count: series.count, lastObservedTime: microTime(series.lastSeenMillis) };
    try {
      await client.mergePatch(events, keyOf(series.event), { series: value });
    } catch (error) {
      // Events live for an hour by default.
      if (!isNotFound(error)) throw error;
      await client.create(events, { ...series.event, series: value });
    }
  }

  #eventOf(input: EventInput): SentEvent {
    const { controller, instance, clock } = this.#options;
    const namespace = input.regarding.metadata.namespace ?? 'default';
    return {
      metadata: { name: `${input.regarding.metadata.name.slice(0, 230)}.${randomBytes(8).toString('hex')}`, namespace },
      eventTime: microTime(clock.now()),
      reportingController: controller,
      reportingInstance: instance.slice(0, maxField),
      action: input.action,
      reason: input.reason,
      type: input.type,
      note: input.note.length <= maxNote ? input.note : `${input.note.slice(0, maxNote - 3)}...`,
      regarding: referenceTo(input.regarding),
      ...(input.related === undefined ? {} : { related: referenceTo(input.related) }),
    };
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#options.clock.after(sweepMillis, () => {
      for (const series of this.#table.finish(this.#options.clock.now())) this.#enqueue(series, () => this.#update(series));
      this.#scheduleSweep();
    });
  }
}

/** The same for everything that is sent of a series: its event has a name of its own, which ends in random digits. */
function laneOf(event: SentEvent): number {
  return Number.parseInt(event.metadata.name.slice(-2), 16) % laneCount;
}

function referenceTo({ apiVersion, kind, metadata }: Regarding): Record<string, string> {
  const { namespace, name, uid } = metadata;
  return {
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(kind === undefined ? {} : { kind }),
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
  };
}

function seriesKey({ regarding, related, type, action, reason }: EventInput): string {
  return JSON.stringify([type, action, reason, referenceTo(regarding), related === undefined ? null : referenceTo(related)]);
}
