import type { AppError } from '../../runtime/app-error.js';
import { isForbidden } from '../../runtime/api-error.js';
import { fail } from '../../api/errors.js';
import type { Exec, ExecOutcome, ExecStream } from '../../runtime/exec.js';
import { userOf, type ServiceAccountRef } from '../../runtime/service-account.js';
import { holdCommand, holderName, holdInput } from './holder-input.js';
import { parseLine, type HolderCommand, type HolderEvent, type HolderEventKind } from './protocol.js';
import { quoted } from './quoted.js';
import type { HolderPlan, WindowLimits } from './window-types.js';

/** How a hold ended: the holder's own word, or that its stream ended without one. */
export type SessionEnd = Extract<HolderEvent, { kind: 'released' | 'broken' | 'ended' }> | { readonly kind: 'silent' };

type EventOf<K extends HolderEventKind> = Extract<HolderEvent, { kind: K }>;

export interface SessionOptions {
  readonly exec: Exec;
  /** Vantage Pod: the account that the exec runs as. */
  readonly account: ServiceAccountRef;
  /** Vantage Pod: text of the holder program. */
  readonly podProgram: string;
  /** Closes the stream; the holder then releases by itself. */
  readonly signal: AbortSignal;
  /** Called once, at the first thing that makes this hold worthless: an error, an end that we did not ask for, a lost stream. */
  readonly onFailure: (error: AppError) => void;
}

interface Waiter {
  readonly resolve: (event: HolderEvent) => void;
  readonly reject: (error: AppError) => void;
}

/** Opens the stream of one holder and gives it its spec. Rejects with an AppError when the exec is refused. */
export async function openSession(plan: HolderPlan, limits: WindowLimits, options: SessionOptions): Promise<HolderSession> {
  const target = holdCommand(plan, limits);
  const as = plan.vantage === 'Pod' ? { as: options.account } : {};
  let stream: ExecStream;
  try {
    stream = await options.exec.open(target, { ...as, signal: options.signal });
  } catch (error) {
    throw openFailure(plan, options.account, error);
  }
  const session = new HolderSession(plan, stream, options.onFailure);
  session.write(holdInput(plan, limits, options.podProgram));
  return session;
}

/** One open holder: commands go out at once, events come in as promises. */
export class HolderSession {
  readonly plan: HolderPlan;
  /** Resolves when the hold has ended or the stream is gone. Never rejects. */
  readonly end: Promise<SessionEnd>;
  readonly #stream: ExecStream;
  readonly #onFailure: (error: AppError) => void;
  readonly #seen = new Map<HolderEventKind, HolderEvent>();
  readonly #waiters = new Map<HolderEventKind, Waiter>();
  #settleEnd: (end: SessionEnd) => void = () => undefined;
  #failure: AppError | undefined;
  #impactSent = false;
  #ending = false;

  constructor(plan: HolderPlan, stream: ExecStream, onFailure: (error: AppError) => void) {
    this.plan = plan;
    this.#stream = stream;
    this.#onFailure = onFailure;
    this.end = new Promise((resolve) => (this.#settleEnd = resolve));
    stream.onLine((line) => this.#read(line));
    void stream.outcome.then((outcome) => this.#streamEnded(outcome));
  }

  /** True from the moment a gate or freeze was asked for: from then on an end must be seen. */
  get mayHold(): boolean {
    return this.#impactSent;
  }

  /** The last event of this kind, if there was one. */
  seen<K extends HolderEventKind>(kind: K): EventOf<K> | undefined {
    return this.#seen.get(kind) as EventOf<K> | undefined;
  }

  /** Sends a command at once. Never throws: a stream that is gone is a failure of the session. */
  send(command: HolderCommand): void {
    if (command === 'gate' || command === 'freeze') this.#impactSent = true;
    if (command === 'release' || command === 'abort') this.#ending = true;
    this.write(command);
  }

  /** Writes a line. Never throws. */
  write(line: string): void {
    try {
      this.#stream.send(line);
    } catch (error) {
      this.#failed(fail(this.#impactSent ? 'HoldBroken' : 'HoldRefused', `${holderName(this.plan)}: the stream is closed.`, { cause: error }));
      this.#settleEnd({ kind: 'silent' });
    }
  }

  /** The next event of this kind; one that is there already counts. Rejects when the session has failed or fails. */
  expect<K extends HolderEventKind>(kind: K): Promise<EventOf<K>> {
    const seen = this.seen(kind);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (seen !== undefined) return Promise.resolve(seen);
    return new Promise((resolve, reject) => this.#waiters.set(kind, { resolve: (event) => resolve(event as EventOf<K>), reject }));
  }

  /** Ends the stream. A holder that still holds lets go when its stdin ends. */
  close(): void {
    this.#ending = true;
    this.#stream.close();
  }

  #read(line: string): void {
    const parsed = parseLine(line, this.plan.id);
    if (parsed.kind === 'foreign') return;
    if (parsed.kind === 'malformed') {
      this.#failed(fail('HoldRefused', `${holderName(this.plan)} answers in a way that is not the protocol (${parsed.reason}).`));
      return;
    }
    this.#take(parsed.event);
  }

  #take(event: HolderEvent): void {
    this.#seen.set(event.kind, event);
    switch (event.kind) {
      case 'error':
        this.#failed(fail('HoldRefused', `${holderName(this.plan)}: ${quoted(event.message)} (${event.code}).`));
        return;
      case 'released':
      case 'broken':
      case 'ended':
        if (!this.#ending) this.#failed(fail('HoldBroken', `${holderName(this.plan)}: the hold was ended by ${event.why}, not by its release.`));
        this.#settleEnd(event);
        return;
      case 'frozen':
        // Nobody may take a fence for a freeze.
        if (event.fenced !== (this.plan.fence !== undefined)) this.#failed(fail('HoldRefused', `${holderName(this.plan)} says fenced=${event.fenced}, which is not what it was asked for.`));
        this.#answer(event);
        return;
      default:
        this.#answer(event);
    }
  }

  #answer(event: HolderEvent): void {
    this.#waiters.get(event.kind)?.resolve(event);
    this.#waiters.delete(event.kind);
  }

  #streamEnded(outcome: ExecOutcome): void {
    if (!this.#ending) {
      const stderr = quoted(this.#stream.stderr());
      const what = `${describeOutcome(outcome)}${stderr === '' ? '' : `: ${stderr}`}`;
      this.#failed(fail(this.#impactSent ? 'HoldBroken' : 'HoldRefused', `${holderName(this.plan)} ended before it was asked to, ${what}.`));
    }
    this.#settleEnd({ kind: 'silent' });
  }

  #failed(error: AppError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const waiter of this.#waiters.values()) waiter.reject(error);
    this.#waiters.clear();
    this.#onFailure(error);
  }
}

function describeOutcome(outcome: ExecOutcome): string {
  switch (outcome.kind) {
    case 'exited':
      return `with code ${outcome.code}`;
    case 'failed':
      return `${outcome.reason} ${quoted(outcome.message)}`;
    case 'lost':
      return `connection lost (${outcome.why})`;
  }
}

function openFailure(plan: HolderPlan, account: ServiceAccountRef, cause: unknown): AppError {
  const { namespace, pod } = plan.exec;
  if (plan.vantage === 'Pod' && isForbidden(cause)) {
    return fail('AccountNotAllowed', `${userOf(account)} may not create pods/exec in ${namespace}: bind the ClusterRole stillpoint-tenant to it.`, { cause });
  }
  const why = cause instanceof Error ? quoted(cause.message) : 'unknown reason';
  return fail('HoldRefused', `${holderName(plan)} could not be started by exec into pod ${namespace}/${pod}: ${why}.`, { cause });
}
