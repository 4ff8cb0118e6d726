import type { Logger } from '../observability/logger.js';
import type { Client } from './client.js';
import type { Clock } from './clock.js';
import type { KubeObject, ObjectMeta } from './object.js';

/** What an event is about: apiVersion and kind must be there. */
export type Regarding = Pick<KubeObject, 'apiVersion' | 'kind'> & { readonly metadata: ObjectMeta };

export interface EventInput {
  readonly regarding: Regarding;
  readonly related?: Regarding;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase; the same word as the condition's reason. */
  readonly reason: string;
  /** What was done or tried, CamelCase verb. */
  readonly action: string;
  /** At most 1,024 characters; longer notes are cut. */
  readonly note: string;
}

/** Records events.k8s.io/v1 events. Never throws, never waits. */
export interface EventRecorder {
  record(event: EventInput): void;
  /** Resolves when everything recorded so far was sent or given up. */
  flush(): Promise<void>;
  /** Ends the timers. What is queued is dropped. */
  stop(): void;
}

export declare function createEventRecorder(options: {
  client: Client;
  /** reportingController, e.g. `stillpoint.dev/operator`. */
  controller: string;
  /** reportingInstance: the pod's name. */
  instance: string;
  clock: Clock;
  log: Logger;
}): EventRecorder;
