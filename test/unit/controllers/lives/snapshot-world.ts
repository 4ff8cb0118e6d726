import { appSnapshotSpec, type HoldStatus } from '../../../../src/api/appsnapshot.js';
import type { Grade } from '../../../../src/api/common.js';
import type { AppSnapshot } from '../../../../src/api/kinds.js';
import { recovered } from '../../../../src/controllers/appsnapshot/cleanup.js';
import { decide, expiresAt, snapshotFinalizer, type SnapshotPlan } from '../../../../src/controllers/appsnapshot/decide.js';
import { closedHolds } from '../../../../src/controllers/appsnapshot/window-status.js';
import { later, now, onChange } from '../../../../src/controllers/step.js';
import type { HoldEnd } from '../../../../src/hooks/hold/end-hold.js';
import type { HoldResult } from '../../../../src/hooks/hold/window-types.js';
import { World, Writer, type Dice, type Step } from './life.js';

/** A hold as it is on its node. */
interface RealHold {
  readonly id: string;
  readonly frozenAt: number;
  /** Its guard's own limits: over by then, whatever else happens. */
  until: number;
  endedBy: string | undefined;
}

const maxMillis = 10_000;
const ttlMillis = 3_000;

/**
 * One AppSnapshot in a world of its own: its status is written as the steps in src/controllers/appsnapshot write it, in the same order. What
 * a step finds out there, and what users do meanwhile, the dice decide.
 */
export class SnapshotWorld extends World<AppSnapshot> {
  /** Set ids of the windows, in order. */
  readonly windows: string[] = [];
  readonly plans: { readonly plan: SnapshotPlan['kind']; readonly mayHold: boolean }[] = [];
  /** Sets in the storage, with the rounds that their deletion still takes. */
  readonly sets = new Map<string, { rounds: number; proven: boolean }>();
  readonly holds: RealHold[] = [];

  constructor(dice: Dice, spec: object) {
    super(dice, {
      apiVersion: 'stillpoint.dev/v1alpha1',
      kind: 'AppSnapshot',
      metadata: { name: 'copy', namespace: 'shop', uid: '0d4c0d4c-0000-4000-8000-000000000001', resourceVersion: '1', generation: 1, creationTimestamp: '2026-11-24T11:00:00Z', finalizers: [] },
      spec: appSnapshotSpec.parse({ serviceAccountName: 'stillpoint', ...spec }),
    });
  }

  /** Holds that are on now. */
  get still(): RealHold[] {
    return this.holds.filter((h) => h.endedBy === undefined && h.until > this.now);
  }

  /** The holder reads the end of its input; or the machine is dead, and the guard's limits are what is left. */
  crash(): void {
    const silent = this.dice.roll(2) === 1;
    for (const hold of this.still) {
      if (silent) hold.until = Math.min(hold.until, this.now + ttlMillis);
      else hold.endedBy = 'eof';
    }
    this.pass(this.dice.roll(3) * 15);
  }

  /** An end is an end; the data of a finished copy may expire. */
  protected mayFollow(before: string, after: string): boolean {
    return before !== 'Failed' && before !== 'Expired' && (before !== 'Ready' || after === 'Expired');
  }

  untilExpiry(): void {
    const at = this.object === undefined ? undefined : expiresAt(this.object);
    if (at !== undefined) this.now = Math.max(this.now, at);
  }

  *step(): Step {
    const object = this.object;
    if (object === undefined) return onChange;
    const plan = decide({ object, now: this.now });
    this.plans.push({ plan: plan.kind, mayHold: (object.status?.holds ?? []).some((h) => h.state === 'Intended') });
    return yield* this.#act(plan, new Writer<AppSnapshot>(this, object));
  }

  *#act(plan: SnapshotPlan, writer: Writer<AppSnapshot>): Step {
    switch (plan.kind) {
      case 'idle':
        return onChange;
      case 'suspended':
        yield* writer.write({});
        return onChange;
      case 'wait':
        // Until then nothing happens; the test moves the clock when it wants to see the end.
        return onChange;
      case 'addFinalizer':
        yield* writer.finalizers([snapshotFinalizer]);
        return onChange;
      case 'recover':
        return yield* this.#recover(writer);
      case 'attempt':
        return yield* this.#attempt(plan.attempt, plan.setId, writer);
      case 'grade':
        return yield* this.#grade(writer);
      case 'complete':
        return yield* this.#complete(writer);
      case 'copy':
      case 'forget':
        throw new Error('nobody asks for copies in these lives: they have their own, copies-life.test.ts');
      case 'retain':
      case 'release':
        throw new Error('nobody retains anything in these lives: retained-life.test.ts');
      case 'expire':
        if (writer.status.phase !== 'Expired') yield* writer.write({ phase: 'Expired' });
        return yield* this.#discard(writer);
      case 'discard':
        return yield* this.#discard(writer);
      case 'delete': {
        const { setId } = writer.status;
        if (setId !== undefined && !(yield* this.#removed(setId))) return later(2);
        yield* writer.finalizers([]);
        return onChange;
      }
    }
  }

  *#recover(writer: Writer<AppSnapshot>): Step {
    const ends = (writer.status.holds ?? []).map((hold): HoldEnd => this.#end(hold));
    const { change, open } = recovered(writer.object, ends, this.now);
    yield* writer.write(change);
    return open.length > 0 ? later(1) : now;
  }

  /** `end takeover` of one hold, by an exec that may get no answer, before or after it has done its work. */
  #end(named: HoldStatus): HoldEnd {
    const fate = this.dice.roll(5);
    const hold = this.holds.find((h) => h.id === named.id);
    if (fate >= 3) return { id: named.id, state: 'unknown', reason: 'no answer' };
    if (hold !== undefined) hold.endedBy ??= hold.until > this.now ? 'takeover' : 'ttl';
    if (fate === 2) return { id: named.id, state: 'unknown', reason: 'the answer was lost' };
    return hold === undefined ? { id: named.id, state: 'absent' } : { id: named.id, state: 'ended', why: hold.endedBy ?? 'takeover', heldMillis: undefined };
  }

  *#attempt(attempt: number, setId: string, writer: Writer<AppSnapshot>): Step {
    switch (this.dice.roll(8)) {
      case 6:
        yield* writer.write({});
        return later(30);
      case 7:
        yield* writer.write({ phase: 'Failed' });
        return later(0.1);
      default:
    }
    yield* writer.write({ phase: 'Planned', setId, window: undefined, holds: undefined });
    if (this.dice.roll(8) === 7) {
      yield* writer.write({});
      return later(5);
    }
    yield* writer.write({ phase: 'Warmed', capture: { objects: 1, digest: 'd', secrets: [] } });
    const ids = Array.from({ length: this.dice.roll(3) === 2 ? 0 : 2 }, (_, i) => `${setId}-${i}`);
    yield* writer.write({ phase: 'Intended', attempts: attempt, holds: ids.map(intended), window: { id: setId, attempt, openedAt: new Date(this.now).toISOString() } });
    return yield* this.#window(attempt, setId, ids, writer);
  }

  *#window(attempt: number, setId: string, ids: readonly string[], writer: Writer<AppSnapshot>): Step {
    const { quiesce } = writer.object.spec;
    this.windows.push(setId);
    if (this.windows.length > quiesce.attempts) this.violations.push(`window ${this.windows.length} of ${quiesce.attempts}`);
    const fate = this.dice.roll(8);
    const frozen = fate !== 7;
    if (frozen) this.#freeze(ids);
    // From here on a crash leaves the hold on: the yield stands for the frozen members.
    yield;
    const cut = frozen && fate !== 6;
    if (cut) this.#cut(setId);
    yield;
    this.pass(fate === 5 ? 12 : 0.1);
    const results = ids.map((id): HoldResult => this.#release(id, frozen));
    const good = cut && fate !== 4 && results.every((r) => r.unbroken === true);
    const set = this.sets.get(setId);
    if (set !== undefined) set.proven = good;
    const holds = closedHolds(writer.status.holds ?? [], { holds: results, cutsSeen: [], trace: { startedAt: 0 }, overlapped: good, allReleased: false });
    const downgraded = writer.object.spec.consistency.onUnmet === 'Downgrade' && cut && fate !== 4;
    const retry = this.dice.roll(8) !== 7 && attempt < quiesce.attempts;
    const grade: Grade = good ? 'Frozen' : 'CrashConsistent';
    if (good || downgraded) yield* writer.write({ phase: 'Released', attempts: attempt, holds, grade });
    else yield* writer.write({ phase: retry ? 'Pending' : 'Failed', attempts: attempt, holds, grade: undefined });
    return good || downgraded ? now : retry ? later(2) : now;
  }

  #freeze(ids: readonly string[]): void {
    if (this.still.length > 0) this.violations.push(`${this.still.map((h) => h.id).join(', ')} still held when ${ids.join(', ')} froze`);
    for (const id of ids) this.holds.push({ id, frozenAt: this.now, until: this.now + maxMillis, endedBy: undefined });
  }

  #cut(setId: string): void {
    if (this.sets.size > 0) this.violations.push(`set ${setId} beside ${[...this.sets.keys()].join(', ')}`);
    this.sets.set(setId, { rounds: this.dice.roll(3), proven: false });
  }

  /** What the release of one hold comes to, and what the operator hears of it. */
  #release(id: string, frozen: boolean): HoldResult {
    const hold = this.holds.find((h) => h.id === id);
    const base = { id, frozen, synced: frozen, heldMillis: 1, thawMillis: 1, freezeMillis: 1, syncMillis: 1 };
    if (this.dice.roll(4) === 3) return { ...base, unbroken: undefined, endedBy: undefined };
    if (hold === undefined) return { ...base, unbroken: false, endedBy: 'abort' };
    hold.endedBy ??= hold.until > this.now ? 'release' : 'max';
    return { ...base, unbroken: hold.endedBy === 'release', endedBy: hold.endedBy };
  }

  *#grade(writer: Writer<AppSnapshot>): Step {
    const retry = (writer.status.attempts ?? 0) < writer.object.spec.quiesce.attempts;
    switch (this.dice.roll(6)) {
      case 4:
        yield* writer.write({});
        return later(2);
      case 5:
        yield* writer.write({ phase: retry ? 'Pending' : 'Failed', grade: 'CrashConsistent' });
        return now;
      default:
        yield* writer.write({ phase: 'Graded' });
        return now;
    }
  }

  *#complete(writer: Writer<AppSnapshot>): Step {
    const retry = (writer.status.attempts ?? 0) < writer.object.spec.quiesce.attempts;
    switch (this.dice.roll(6)) {
      case 4:
        yield* writer.write({ membersReady: '0/2' });
        return later(5);
      case 5:
        yield* writer.write({ phase: retry ? 'Pending' : 'Failed' });
        return now;
      default:
        yield* writer.write({ phase: 'Ready', completionTime: new Date(this.now).toISOString() });
        return now;
    }
  }

  *#discard(writer: Writer<AppSnapshot>): Step {
    const { setId, phase } = writer.status;
    if (setId !== undefined && !(yield* this.#removed(setId))) {
      if (phase === 'Pending') yield* writer.write({});
      return later(2);
    }
    yield* writer.write({ setId: undefined, members: undefined, grade: undefined, capture: undefined });
    return phase === 'Failed' ? onChange : now;
  }

  /** Deletes; true when the storage has done it. */
  *#removed(setId: string): Generator<undefined, boolean> {
    const set = this.sets.get(setId);
    if (set === undefined) return true;
    yield;
    set.rounds -= 1;
    if (set.rounds >= 0) return false;
    this.sets.delete(setId);
    return true;
  }
}

function intended(id: string): HoldStatus {
  return { id, vantage: 'Node', node: 'n', pod: 'agent', container: 'agent', podUid: 'u', mechanism: 'Freezer', maxHoldMillis: maxMillis, heartbeatTimeoutMillis: ttlMillis, targets: [], state: 'Intended' };
}
