import type { Logger } from '../observability/logger.js';
import { isConflict, isNotFound } from './api-error.js';
import type { Client } from './client.js';
import type { Clock } from './clock.js';
import { sleep } from './clock.js';
import type { Lease, LeaseSpec } from './lease-record.js';
import { heldBy, released, sameRecord } from './lease-record.js';
import type { ObjectKey } from './object.js';
import { leases } from './resource.js';

export interface ElectorOptions {
  /** Best on a transport of its own, so that nothing queues in front of a renewal. */
  readonly client: Pick<Client, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Unlike every other candidate's: pod name plus something random. */
  readonly identity: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Default: 15,000. */
  readonly leaseDurationMillis?: number;
  /** Default: 10,000. */
  readonly renewDeadlineMillis?: number;
  /** Default: 2,000. */
  readonly retryPeriodMillis?: number;
  readonly onElected: () => void;
  /** The lease was lost: the process must exit at once, without clean-up. */
  readonly onLost: () => void;
}

/** Leader election by Lease, as client-go does it (tools/leaderelection). */
export interface LeaderElector {
  /** Campaigns and leads until the signal aborts, then gives the lease up and resolves. After a loss it resolves as well. */
  run(signal: AbortSignal): Promise<void>;
  /** Whether we hold the lease and have renewed it within the renew deadline, by our own clock. */
  isLeader(): boolean;
  /** Start of the last successful renewal on the clock's monotonic axis; undefined when not leading. */
  lastRenewMillis(): number | undefined;
  /**
   * Whether an action that lasts at most this long may begin: it ends 1 s before any other candidate can take over
   * (now − lastRenew ≤ leaseDuration − maxHold − 1 s).
   */
  mayAct(maxHoldMillis: number): boolean;
}

const jitterFactor = 1.2;
const actMarginMillis = 1_000;

/** A candidate that does not campaign yet. Throws when the times cannot work: lease > deadline > 1.2 · retry. */
export function createLeaderElector(options: ElectorOptions): LeaderElector {
  return new LeaseElector(options);
}

class LeaseElector implements LeaderElector {
  readonly #options: ElectorOptions;
  readonly #key: ObjectKey;
  readonly #leaseMillis: number;
  readonly #deadlineMillis: number;
  readonly #retryMillis: number;
  /** The lease as last seen, and when it last changed by our own clock: its own times are not compared with ours. */
  #seen: { readonly lease: Lease; readonly changedAt: number } | undefined;
  #lastRenew: number | undefined;
  /** Only the newest attempt may change what we know: an older one may come back late. */
  #attempt = 0;

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#key = { namespace: options.namespace, name: options.name };
    this.#leaseMillis = options.leaseDurationMillis ?? 15_000;
    this.#deadlineMillis = options.renewDeadlineMillis ?? 10_000;
    this.#retryMillis = options.retryPeriodMillis ?? 2_000;
    if (this.#leaseMillis <= this.#deadlineMillis) throw new Error('leaseDuration must be longer than renewDeadline');
    if (this.#deadlineMillis <= this.#retryMillis * jitterFactor) throw new Error(`renewDeadline must be longer than ${jitterFactor} · retryPeriod`);
  }

  isLeader(): boolean {
    return this.#age() <= this.#deadlineMillis;
  }

  lastRenewMillis(): number | undefined {
    return this.#lastRenew;
  }

  mayAct(maxHoldMillis: number): boolean {
    return this.isLeader() && this.#age() <= this.#leaseMillis - maxHoldMillis - actMarginMillis;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, onElected, onLost, identity } = this.#options;
    if (!(await this.#acquire(signal))) return;
    log.info('became leader', { identity });
    onElected();
    if (await this.#keep(signal)) return this.#release();
    this.#lastRenew = undefined;
    log.error('lost the lease', { identity });
    onLost();
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, random } = this.#options;
    while (!signal.aborted) {
      if (await this.#try(this.#deadlineMillis)) return true;
      await sleep(clock, this.#retryMillis * (1 + jitterFactor * random()), signal).catch(() => undefined); // the loop looks at the signal
    }
    return false;
  }

  /** Renews until stopped (true) or until the deadline has passed without success (false). */
  async #keep(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    for (let pause = this.#retryMillis; ; ) {
      await sleep(clock, pause, signal).catch(() => undefined); // the loop looks at the signal
      if (signal.aborted) return true;
      const startedAt = clock.monotonic();
      const left = this.#deadlineMillis - this.#age();
      // One request that hangs must leave time for another, which then comes at once.
      const renewed = left > 0 && (await this.#try(Math.min(left, this.#deadlineMillis / 2)));
      if (this.#age() >= this.#deadlineMillis) return false;
      pause = renewed ? this.#retryMillis : Math.max(0, this.#retryMillis - (clock.monotonic() - startedAt));
    }
  }

  #age(): number {
    return this.#lastRenew === undefined ? Infinity : this.#options.clock.monotonic() - this.#lastRenew;
  }

  /** One attempt to take or renew the lease, given up after `limitMillis`. */
  async #try(limitMillis: number): Promise<boolean> {
    const { clock, log } = this.#options;
    const attempt = (this.#attempt += 1);
    const startedAt = clock.monotonic();
    let cancel: (() => void) | undefined;
    const limit = new Promise<undefined>((resolve) => (cancel = clock.after(limitMillis, () => resolve(undefined))));
    const work = this.#takeOrRenew(attempt).catch((error: unknown) => {
      log.warn('lease not renewed', { error });
      return undefined;
    });
    const lease = await Promise.race([work, limit]);
    cancel?.();
    if (lease === undefined) {
      this.#attempt += 1;
      return false;
    }
    this.#observe(lease);
    this.#lastRenew = startedAt;
    return true;
  }

  /** The lease as we have written it; undefined when another holds it. */
  async #takeOrRenew(attempt: number): Promise<Lease | undefined> {
    if (this.#lastRenew !== undefined && this.#seen !== undefined) {
      try {
        return await this.#write(this.#seen.lease);
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) throw error;
      }
    }
    const { client, namespace, name, log } = this.#options;
    const lease = await this.#read();
    // Given up meanwhile: whoever came after may have decided otherwise.
    if (attempt !== this.#attempt) return undefined;
    if (lease === undefined) return client.create<Lease>(leases, { metadata: { name, namespace }, spec: this.#spec(undefined) });
    this.#observe(lease);
    if (this.#heldByOther(lease.spec)) {
      log.debug('another candidate holds the lease', { holder: lease.spec?.holderIdentity });
      return undefined;
    }
    return this.#write(lease);
  }

  async #read(): Promise<Lease | undefined> {
    try {
      return await this.#options.client.get<Lease>(leases, this.#key);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #write(lease: Lease): Promise<Lease> {
    return this.#options.client.replace<Lease>(leases, { ...lease, spec: this.#spec(lease.spec) });
  }

  #spec(old: LeaseSpec | undefined): LeaseSpec {
    return heldBy(this.#options.identity, old, this.#leaseMillis, this.#options.clock.now());
  }

  #observe(lease: Lease): void {
    const changed = this.#seen === undefined || !sameRecord(this.#seen.lease.spec, lease.spec);
    this.#seen = { lease, changedAt: changed ? this.#options.clock.monotonic() : (this.#seen?.changedAt ?? 0) };
  }

  #heldByOther(spec: LeaseSpec | undefined): boolean {
    const holder = spec?.holderIdentity ?? '';
    if (holder === '' || holder === this.#options.identity || this.#seen === undefined) return false;
    return this.#options.clock.monotonic() < this.#seen.changedAt + (spec?.leaseDurationSeconds ?? 0) * 1000;
  }

  /** Free for the next at once; when this fails, the next waits for the lease to run out. */
  async #release(): Promise<void> {
    const { client, identity, clock, log } = this.#options;
    this.#lastRenew = undefined;
    try {
      const lease = await client.get<Lease>(leases, this.#key);
      if (lease.spec?.holderIdentity !== identity) return;
      await client.replace<Lease>(leases, { ...lease, spec: released(lease.spec, clock.now()) });
      log.info('released the lease', { identity });
    } catch (error) {
      log.warn('lease not released', { error });
    }
  }
}
