import { setMaxListeners } from 'node:events';
import type { Logger } from '../observability/logger.js';
import type { Clock } from './clock.js';
import { sleep } from './clock.js';
import type { LeaderElector } from './leader-elector.js';

/** Something that works until its signal aborts. Ending earlier is a failure of the whole process. */
export interface Runnable {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** Something that must be up before work begins: HTTP endpoints. */
export interface Service {
  readonly name: string;
  start(): Promise<unknown>;
  stop(): Promise<unknown>;
}

/** The part of a cache that matters here. */
export interface Startable {
  start(signal: AbortSignal): void;
  readonly synced: Promise<void>;
}

export interface ManagerOptions {
  readonly log: Logger;
  readonly clock: Clock;
  /** First up, last down. */
  readonly services: readonly Service[];
  /** Filled before anything that works begins, also on replicas that do not lead: they take over warm. */
  readonly caches: readonly Startable[];
  /** Work of every replica. */
  readonly always: readonly Runnable[];
  /** Work of the leader. */
  readonly leading: readonly Runnable[];
  /** Makes the elector, given what to call; undefined: this process always leads. */
  readonly elector?: (callbacks: { onElected: () => void; onLost: () => void }) => LeaderElector;
  /** Called at once when the lease is lost: must end the process. */
  readonly exit: (code: number) => void;
  /** Limit of a clean stop in ms. Default: 30,000. */
  readonly graceMillis?: number;
  /** Limit of the first fill of all caches in ms. Default: 120,000. */
  readonly syncMillis?: number;
}

/** Starts and stops the parts of a process in order (controller-runtime pkg/manager). */
export interface Manager {
  /** Resolves with the exit code after everything has stopped: 0 when the signal asked for it, 1 when a part failed or the grace was over. */
  run(signal: AbortSignal): Promise<number>;
  /** Why this replica is not ready; undefined when it is. */
  notReady(): string | undefined;
}

export function createManager(options: ManagerOptions): Manager {
  return new OrderedManager(options);
}

class OrderedManager implements Manager {
  readonly #options: ManagerOptions;
  readonly #work = new AbortController();
  readonly #caches = new AbortController();
  readonly #campaign = new AbortController();
  readonly #running: Promise<void>[] = [];
  #campaigning: Promise<void> = Promise.resolve();
  #state: string | undefined = 'starting';
  #failed!: (error: Error) => void;
  readonly #failure: Promise<Error>;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#failure = new Promise((resolve) => (this.#failed = resolve));
    // One listener a part is no leak.
    setMaxListeners(0, this.#work.signal, this.#caches.signal);
  }

  notReady(): string | undefined {
    return this.#state;
  }

  async run(signal: AbortSignal): Promise<number> {
    const { log, services } = this.#options;
    const stopped = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    for (const service of services) await service.start();
    const started = this.#start().then(
      () => new Promise<never>(() => undefined), // from here on, only the signal or a failure ends it
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
    const failure = await Promise.race([stopped, started, this.#failure]);
    if (failure !== undefined) log.error('a part of the process failed', { error: failure });
    const clean = await this.#stop();
    return failure === undefined && clean ? 0 : 1;
  }

  async #start(): Promise<void> {
    const { caches, always, leading, elector, clock, syncMillis = 120_000, exit, log } = this.#options;
    for (const cache of caches) cache.start(this.#caches.signal);
    const limit = new AbortController();
    const late = sleep(clock, syncMillis, limit.signal).then(() => Promise.reject(new Error(`caches not filled after ${syncMillis} ms`)));
    late.catch(() => undefined); // ends with the limit's abort as a rule
    await Promise.race([Promise.all(caches.map((cache) => cache.synced)), late]);
    limit.abort();
    log.info('caches are filled');
    this.#launch(always);
    this.#state = undefined;
    if (elector === undefined) return this.#launch(leading);
    const onLost = (): void => exit(1);
    this.#campaigning = elector({ onElected: () => this.#launch(leading), onLost }).run(this.#campaign.signal);
  }

  #launch(runnables: readonly Runnable[]): void {
    const { signal } = this.#work;
    for (const { name, run } of runnables.map((r) => ({ name: r.name, run: () => r.run(signal) }))) {
      const ended = run().then(
        () => (signal.aborted ? undefined : this.#failed(new Error(`${name} ended by itself`))),
        (cause: unknown) => (signal.aborted ? undefined : this.#failed(new Error(`${name} failed`, { cause }))),
      );
      this.#running.push(ended);
    }
  }

  /** Work, then caches, then the lease, then services. False when the grace was over before the work had ended. */
  async #stop(): Promise<boolean> {
    const { clock, services, log, graceMillis = 30_000 } = this.#options;
    this.#state = 'stopping';
    this.#work.abort(new Error('stopping'));
    const limit = new AbortController();
    const late = sleep(clock, graceMillis, limit.signal).then(
      () => false,
      () => false,
    );
    const clean = await Promise.race([Promise.all(this.#running).then(() => true), late]);
    limit.abort();
    if (!clean) log.error('work has not ended within the grace period', { graceMillis });
    this.#caches.abort(new Error('stopping'));
    // While work may still be going on, the lease is not given up: it runs out.
    if (clean) {
      this.#campaign.abort(new Error('stopping'));
      await this.#campaigning;
    }
    for (const service of services.toReversed()) await service.stop();
    return clean;
  }
}
