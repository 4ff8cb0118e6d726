import { EventEmitter, once } from 'node:events';

/** Points of a window at which a test acts (design page 8), as the proxy sees them pass. */
export const windowMoments = [
  'exec upgrade',
  'freeze sent',
  'frozen seen',
  'cut posted',
  'cut observed',
  'release sent',
  'released seen',
  'status written',
] as const;
/** `gate sent`: only of windows that close client ports. `write`: any request that changes what the API server keeps, except for leases and events. */
export type MomentName = (typeof windowMoments)[number] | 'gate sent' | 'write';

/** One passage of one point. `before`: the bytes are here and have not been passed on; `after`: they are in the kernel of the receiver's side. */
export interface Moment {
  readonly name: MomentName;
  readonly when: 'before' | 'after';
  /** Path of the request that it belongs to. */
  readonly path: string;
  /** CLOCK_MONOTONIC of the host, ms. */
  readonly at: number;
}

/** What is done at a moment, in the tick in which it is there. */
export type Deed =
  /** Sends a signal to a process of this host. */
  | { readonly kind: 'signal'; readonly pid: number; readonly signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGUSR2' }
  /** Resets the connection that the moment belongs to. */
  | { readonly kind: 'cut' }
  /** Resets every connection. */
  | { readonly kind: 'cutAll' }
  /** Nothing passes any more on any connection, and nothing is closed; for so long, or until it is told to end. */
  | { readonly kind: 'silence'; readonly millis?: number }
  /** New rules come into force. */
  | { readonly kind: 'rules'; readonly rules: readonly unknown[] }
  /** The bytes wait until they are let go. */
  | { readonly kind: 'hold' };

export interface Trigger {
  readonly name: MomentName;
  readonly when: 'before' | 'after';
  /** Which passage since the trigger was set, from 1. Default: 1. */
  readonly nth?: number;
  readonly deed: Deed;
}

/** The log of moments, and what is to be done at them. */
export class Moments {
  readonly log: Moment[] = [];
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #now: () => number;
  #triggers: { readonly trigger: Trigger; seen: number }[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Replaces all triggers; counts begin anew and the log is emptied. */
  set(triggers: readonly Trigger[]): void {
    this.#triggers = triggers.map((trigger) => ({ trigger, seen: 0 }));
    this.log.length = 0;
  }

  /** Notes a passage and returns what is to be done. */
  pass(name: MomentName, when: 'before' | 'after', path: string): Deed[] {
    const moment: Moment = { name, when, path, at: this.#now() };
    this.log.push(moment);
    const deeds: Deed[] = [];
    for (const entry of this.#triggers) {
      if (entry.trigger.name !== name || entry.trigger.when !== when) continue;
      entry.seen += 1;
      if (entry.seen === (entry.trigger.nth ?? 1)) deeds.push(entry.trigger.deed);
    }
    this.#emitter.emit('moment');
    return deeds;
  }

  /** Resolves with the first passage since the triggers were set; rejects when the signal aborts. */
  async reached(name: MomentName, when: 'before' | 'after', signal: AbortSignal): Promise<Moment> {
    for (;;) {
      const found = this.log.find((m) => m.name === name && m.when === when);
      if (found !== undefined) return found;
      await once(this.#emitter, 'moment', { signal });
    }
  }
}
