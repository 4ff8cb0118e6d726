import { fail } from '../../api/errors.js';
import { AppError } from '../../runtime/app-error.js';
import { abortError, sleep } from '../../runtime/clock.js';
import { barrier, type BarrierMember } from './barrier.js';
import { settleOf } from './gates.js';
import { startBeats } from './heartbeat.js';
import { holderName } from './holder-input.js';
import { openSession, type HolderSession } from './holder-session.js';
import type { HolderCommand, HolderEvent, HolderEventKind } from './protocol.js';
import { collectEnds } from './release.js';
import { cutDeadlineMillis, freezeDeadlineMillis, gateDeadlineMillis, releaseDeadlineMillis, settleWaitMillis } from './window-deadlines.js';
import { windowResult } from './window-result.js';
import type { WindowDeps } from './window-deps.js';
import type { CutStep, HoldResult, WindowPlan, WindowResult, WindowTrace } from './window-types.js';

/**
 * Runs one window from the first stream to the last release (3-stillness.md, 3.2). Never throws: what went wrong is in
 * the result. Between the first impact and the release there is no status write, no new connection and no logging.
 */
export async function runWindow(plan: WindowPlan, deps: WindowDeps): Promise<WindowResult> {
  const result = await new Window(plan, deps).run();
  const fields = { trace: result.trace, holds: result.holds, cutsSeen: result.cutsSeen, overlapped: result.overlapped, allReleased: result.allReleased };
  if (result.error === undefined) deps.logger.info('window closed', fields);
  else deps.logger.warn('window failed', { ...fields, error: result.error.message, cause: causeText(result.error) });
  return result;
}

interface AllOptions {
  readonly sessions?: readonly HolderSession[];
  /** Called at each answer. */
  readonly onEach?: () => void;
}

type Marks = { -readonly [K in keyof WindowTrace]: WindowTrace[K] };

class Window {
  readonly #plan: WindowPlan;
  readonly #deps: WindowDeps;
  readonly #began: number;
  readonly #trace: Marks;
  readonly #sessions: HolderSession[] = [];
  readonly #cutsSeen: string[] = [];
  readonly #cutErrors: AppError[] = [];
  /** Aborts at the first thing that makes the window worthless; the reason is the window's error. */
  readonly #stop = new AbortController();
  /** Ends the cuts; separate from #stop, since the releases go out first. */
  readonly #cutting = new AbortController();
  /** Ends what is still open at the end. */
  readonly #streams = new AbortController();
  #stopBeats = (): void => undefined;

  constructor(plan: WindowPlan, deps: WindowDeps) {
    this.#plan = plan;
    this.#deps = deps;
    this.#began = deps.clock.monotonic();
    this.#trace = { startedAt: deps.clock.now() };
  }

  async run(): Promise<WindowResult> {
    const giveUp = (): void => this.#fail(givenUp(this.#deps.signal));
    this.#deps.signal.addEventListener('abort', giveUp, { once: true });
    if (this.#deps.signal.aborted) giveUp();
    let error: AppError | undefined;
    try {
      await this.#prepare();
      await this.#gate();
      await this.#freeze();
      await this.#cut();
    } catch (cause) {
      error = asAppError(cause);
    }
    this.#sendAll(error === undefined ? 'release' : 'abort');
    const impact = this.#impact !== undefined;
    if (impact) this.#mark('releaseSent');
    if (error !== undefined) this.#fail(error);
    const holds = await this.#ends();
    // A cut that was given up says what the storage said, if it said anything: better than that it was late.
    if (error?.code === 'CutTooSlow') error = this.#cutErrors.find((e) => e.code !== 'CutTooSlow') ?? error;
    if (impact && holds.every((hold) => hold.endedBy !== undefined)) this.#mark('allReleased');
    this.#deps.signal.removeEventListener('abort', giveUp);
    return windowResult(this.#plan, { holds, cutsSeen: this.#cutsSeen, trace: this.#trace, error });
  }

  /** Everything that has no impact: streams, warm-up sync, guards, and the announcement. */
  async #prepare(): Promise<void> {
    const { readyMillis } = this.#plan.limits;
    await this.#barrier('ready', readyMillis, this.#plan.holders.map((holder) => ({ name: holderName(holder), done: this.#open(holder) })));
    this.#mark('ready');
    await this.#all('sync', 'synced', readyMillis);
    await this.#all('arm', 'armed', readyMillis);
    this.#mark('armed');
    this.#stopBeats = startBeats(this.#sessions, this.#plan.limits.beatMillis, this.#deps.clock);
    await this.#barrier('announced', readyMillis, [{ name: 'the status of the object', done: this.#deps.announce() }]);
    this.#mark('announced');
  }

  async #open(holder: WindowPlan['holders'][number]): Promise<void> {
    const { exec, account, podProgram } = this.#deps;
    const options = { exec, account, podProgram, signal: this.#streams.signal, onFailure: (error: AppError) => this.#fail(error) };
    const session = await openSession(holder, this.#plan.limits, options);
    if (this.#stop.signal.aborted) {
      session.close();
      return;
    }
    this.#sessions.push(session);
    const ready = await session.expect('ready');
    const gates = holder.gates?.length ?? 0;
    if (holder.vantage === 'Node' && (ready.targets !== holder.targets.length || ready.volumes !== holder.volumes.length || ready.gates !== gates)) {
      throw fail('HoldRefused', `${holderName(holder)} found ${ready.targets} of ${holder.targets.length} containers, ${ready.volumes} of ${holder.volumes.length} volumes and ${ready.gates} of ${gates} gates.`);
    }
  }

  /** With gates impact begins here: clients are kept out, and everybody runs on until the last gated server has settled. */
  async #gate(): Promise<void> {
    const gated = this.#sessions.filter((session) => session.plan.gates !== undefined);
    if (gated.length === 0) return;
    const { maxMillis } = this.#plan.limits;
    const settleMillis = settleOf(this.#plan.holders);
    this.#mayGoOn(maxMillis);
    this.#mark('gateSent');
    await this.#all('gate', 'gated', gateDeadlineMillis(maxMillis, settleMillis), { sessions: gated });
    this.#mark('allGated');
    await sleep(this.#deps.clock, settleWaitMillis(settleMillis), this.#stop.signal);
  }

  /** Without gates impact begins here. A member that needs no settling is frozen only when the others are. */
  async #freeze(): Promise<void> {
    const { maxMillis } = this.#plan.limits;
    const heldMillis = this.#heldMillis();
    this.#mayGoOn(maxMillis - heldMillis);
    this.#mark('freezeSent');
    const onEach = (): void => {
      if (this.#trace.firstFrozen === undefined) this.#mark('firstFrozen');
    };
    await this.#all('freeze', 'frozen', freezeDeadlineMillis(maxMillis, settleOf(this.#plan.holders)) - heldMillis, { onEach });
    this.#mark('allFrozen');
  }

  async #cut(): Promise<void> {
    const last = this.#plan.cuts.filter((cut) => cut.last === true);
    this.#mayGoOn(this.#plan.limits.maxMillis - this.#heldMillis());
    this.#mark('cutSent');
    await this.#make(this.#plan.cuts.filter((cut) => cut.last !== true));
    if (last.length > 0) {
      await this.#beforeRelease([{ name: 'the step before the last cuts', done: this.#deps.beforeLastCuts?.() ?? Promise.resolve() }]);
      this.#mayGoOn(this.#plan.limits.maxMillis - this.#heldMillis());
      await this.#make(last);
    }
    this.#mark('allCut');
  }

  async #make(planned: WindowPlan['cuts']): Promise<void> {
    const cuts = planned.map((cut) => ({
      name: cut.name,
      done: cut.run(this.#cutting.signal, (step) => this.#sawStep(step)).then(
        () => this.#sawCut(cut.name),
        (cause: unknown) => {
          const error = cause instanceof AppError ? cause : fail('SnapshotFailed', `Cut ${cut.name} failed.`, { cause });
          this.#cutErrors.push(error);
          return Promise.reject(error);
        },
      ),
    }));
    await this.#beforeRelease(cuts);
  }

  /** Waits as long as the hold leaves time for cuts. */
  #beforeRelease(members: readonly BarrierMember<void>[]): Promise<void> {
    return this.#barrier('cut', cutDeadlineMillis(this.#plan.limits.maxMillis) - this.#heldMillis(), members);
  }

  /** When the first gate or freeze was sent. */
  get #impact(): number | undefined {
    return this.#trace.gateSent ?? this.#trace.freezeSent;
  }

  /** Since the first impact; 0 before. MAX counts from there. */
  #heldMillis(): number {
    return this.#impact === undefined ? 0 : this.#deps.clock.monotonic() - this.#began - this.#impact;
  }

  /** The last cut of several counts. */
  #sawStep(step: CutStep): void {
    if (!this.#cutting.signal.aborted) this.#mark(step === 'answered' ? 'cutAnswered' : 'contentSeen');
  }

  /** A cut that ends after the releases were sent proves nothing. */
  #sawCut(name: string): void {
    if (!this.#cutting.signal.aborted) this.#cutsSeen.push(name);
  }

  /** Releases are on their way already; streams and cuts are ended after that. */
  async #ends(): Promise<HoldResult[]> {
    this.#stopBeats();
    this.#cutting.abort();
    const { clock } = this.#deps;
    const from = this.#began + (this.#impact ?? 0);
    const until = from + releaseDeadlineMillis(this.#plan.limits.maxMillis);
    const ends = await collectEnds(this.#sessions, { ...this.#deps, until: Math.max(until, clock.monotonic()) });
    for (const session of this.#sessions) session.close();
    this.#streams.abort();
    return ends;
  }

  /** The last look before an impact: nothing has failed, and leadership holds for the length of a hold. */
  #mayGoOn(millis: number): void {
    this.#stop.signal.throwIfAborted();
    if (!this.#deps.mayAct(millis)) throw fail('LeaseTooOld', 'Leadership could not be proven for the length of a hold: nothing was frozen or cut any further.');
  }

  /** Tells holders, all by default, in one go and waits for all their answers. */
  #all(command: HolderCommand, kind: HolderEventKind, withinMillis: number, { sessions = this.#sessions, onEach }: AllOptions = {}): Promise<void> {
    for (const session of sessions) session.send(command);
    const members = sessions.map((session) => ({ name: holderName(session.plan), done: onEvent(session.expect(kind), onEach) }));
    return this.#barrier(kind, withinMillis, members);
  }

  #sendAll(command: HolderCommand): void {
    for (const session of this.#sessions) session.send(command);
  }

  async #barrier<T>(step: HolderEventKind | 'cut' | 'announced', withinMillis: number, members: readonly BarrierMember<T>[]): Promise<void> {
    const code = step === 'cut' ? 'CutTooSlow' : 'HoldRefused';
    const late = (missing: readonly string[]): AppError => fail(code, `Not ${step} within ${Math.round(withinMillis)} ms: ${missing.join(', ')}.`);
    await barrier(members, { clock: this.#deps.clock, withinMillis, signal: this.#stop.signal, late });
  }

  #fail(error: AppError): void {
    this.#stop.abort(error);
  }

  #mark(moment: Exclude<keyof WindowTrace, 'startedAt'>): void {
    this.#trace[moment] = this.#deps.clock.monotonic() - this.#began;
  }
}

async function onEvent(event: Promise<HolderEvent>, callback: (() => void) | undefined): Promise<void> {
  await event;
  callback?.();
}

function givenUp(signal: AbortSignal): AppError {
  const reason = abortError(signal);
  return reason instanceof AppError ? reason : fail('HoldBroken', `The window was given up: ${reason.message}.`, { cause: reason });
}

function asAppError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return fail('HoldRefused', `The window could not be run: ${cause instanceof Error ? cause.message : String(cause)}.`, { cause });
}

function causeText(error: AppError): string | undefined {
  return error.cause instanceof Error ? error.cause.message : undefined;
}
