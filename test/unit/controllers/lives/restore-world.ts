import type { AppRestoreSpec } from '../../../../src/api/apprestore.js';
import type { AppRestore } from '../../../../src/api/kinds.js';
import { decide, restoreFinalizer, type RestorePlan } from '../../../../src/controllers/apprestore/decide.js';
import { later, now, onChange } from '../../../../src/controllers/step.js';
import { appRestore } from '../apprestore-fixtures.js';
import { World, Writer, type Dice, type Step } from './life.js';

/** What a restore makes in its target, in the order in which it may. */
export type Made = 'fetched' | 'staged' | 'imported' | 'claims' | 'configuration' | 'fixups' | 'started' | 'gate';

/**
 * One AppRestore in a world of its own: its status is written as the steps in src/controllers/apprestore write it, in the same order, and
 * what they make is found again by name as they find it. What a step finds out, and what users do meanwhile, the dice decide.
 */
export class RestoreWorld extends World<AppRestore> {
  readonly made = new Set<Made>();
  checksPassed = false;

  constructor(dice: Dice, spec: Partial<AppRestoreSpec>) {
    super(dice, appRestore(spec, {}, { finalizers: [] }));
  }

  crash(): void {
    this.pass(this.dice.roll(3) * 15);
  }

  protected mayFollow(before: string): boolean {
    return before !== 'Failed' && before !== 'Ready';
  }

  *step(): Step {
    const object = this.object;
    if (object === undefined) return onChange;
    return yield* this.#act(decide({ object, now: this.now }), new Writer<AppRestore>(this, object));
  }

  *#act(plan: RestorePlan, writer: Writer<AppRestore>): Step {
    switch (plan.kind) {
      case 'idle':
      case 'suspended':
        return onChange;
      case 'addFinalizer':
        yield* writer.finalizers([restoreFinalizer]);
        return onChange;
      case 'plan':
        return yield* this.#plan(writer);
      case 'fetch':
        return yield* this.#fetch(writer);
      case 'sweep':
        if (this.dice.roll(3) === 2) return later(2);
        yield;
        this.made.delete('fetched');
        yield* writer.write({ transfer: undefined });
        return now;
      case 'stage':
        return yield* this.#stage(writer);
      case 'volumes':
        return yield* this.#volumes(writer);
      case 'configuration':
        yield* this.#make('configuration', ['claims']);
        if (this.dice.roll(4) === 3) return yield* this.#later(writer, 5);
        yield* writer.write({ phase: 'Preparing', scaled: [{ resource: 'statefulsets.apps', name: 'pg', replicas: 1 }] });
        return now;
      case 'prepare':
        return yield* this.#prepare(writer);
      case 'start':
        return yield* this.#start(writer);
      case 'verify':
        return yield* this.#verify(writer);
      case 'timeout':
        yield* writer.write({ phase: 'Failed' });
        return now;
      case 'swap':
      case 'rollBack':
      case 'release':
      case 'kept':
        throw new Error('nobody restores in place in these lives: that has its own, in-place-crash.test.ts');
      case 'delete':
        if (this.dice.roll(3) === 2) return later(2);
        yield;
        for (const what of ['imported', 'staged', 'fetched'] as const) this.made.delete(what);
        yield* writer.finalizers([]);
        return onChange;
    }
  }

  *#plan(writer: Writer<AppRestore>): Step {
    if (writer.object.spec.dryRun) {
      yield* writer.write({ phase: 'Ready' });
      return now;
    }
    if (this.dice.roll(5) === 4) return yield* this.#later(writer, 30);
    yield* writer.write({ phase: 'Planned', startTime: new Date(this.now).toISOString() });
    return now;
  }

  *#fetch(writer: Writer<AppRestore>): Step {
    const begun = writer.status.transfer ?? { phase: 'Listing', attempt: 1, location: 'x' };
    if (writer.status.transfer === undefined) {
      yield* writer.write({ phase: 'Fetching', transfer: begun });
      return now;
    }
    yield* this.#make('fetched', []);
    switch (this.dice.roll(6)) {
      case 4:
        yield* writer.write({ transfer: { ...begun, attempt: begun.attempt + 1 } });
        return later(10);
      case 5:
        return yield* this.#fails(writer);
      default:
        yield* writer.write({ transfer: { ...begun, phase: begun.phase === 'Listing' ? 'Fetching' : 'Fetched' } });
        return now;
    }
  }

  *#stage(writer: Writer<AppRestore>): Step {
    if (writer.status.phase !== 'Staging') yield* writer.write({ phase: 'Staging' });
    yield* this.#make('staged', ['fetched']);
    switch (this.dice.roll(5)) {
      case 3:
        return yield* this.#later(writer, 5);
      case 4:
        return yield* this.#fails(writer);
      default:
        yield* writer.write({ phase: 'RestoringVolumes' });
        return now;
    }
  }

  *#volumes(writer: Writer<AppRestore>): Step {
    if (writer.object.spec.what === 'Configuration') {
      yield* writer.write({ phase: 'ApplyingConfiguration' });
      return now;
    }
    if (writer.status.phase !== 'RestoringVolumes') yield* writer.write({ phase: 'RestoringVolumes' });
    const { targetRef, staged } = writer.object.spec.from;
    const filled = targetRef !== undefined && staged !== true;
    if (!filled) yield* this.#make('imported', staged === true ? ['staged'] : []);
    yield* this.#make('claims', [filled ? 'fetched' : 'imported']);
    switch (this.dice.roll(5)) {
      case 3:
        return yield* this.#later(writer, 5);
      case 4:
        return yield* this.#fails(writer);
      default:
    }
    if (writer.object.spec.what === 'Volumes') return yield* this.#finish(writer);
    yield* writer.write({ phase: 'ApplyingConfiguration' });
    return now;
  }

  *#prepare(writer: Writer<AppRestore>): Step {
    yield* this.#make('fixups', ['claims', 'configuration']);
    switch (this.dice.roll(5)) {
      case 3:
        return yield* this.#later(writer, 10);
      case 4:
        return yield* this.#fails(writer);
      default:
        yield* writer.write({ phase: 'Starting', applicationsStartTime: new Date(this.now).toISOString() });
        return now;
    }
  }

  *#start(writer: Writer<AppRestore>): Step {
    yield* this.#make('started', ['claims', 'configuration', 'fixups']);
    if (this.dice.roll(3) === 2) return yield* this.#later(writer, 200);
    yield* writer.write({ phase: 'Verifying' });
    return now;
  }

  *#verify(writer: Writer<AppRestore>): Step {
    if (writer.object.spec.verify.enabled) {
      const passed = this.dice.roll(5) !== 4;
      this.checksPassed = passed;
      yield* writer.write({ verified: passed, checksPassed: 3, checksFailed: passed ? 0 : 1 });
      if (!passed) return yield* this.#fails(writer);
    }
    return yield* this.#finish(writer);
  }

  *#finish(writer: Writer<AppRestore>): Step {
    if (writer.object.spec.what === 'All') {
      if (writer.object.spec.verify.enabled && !this.checksPassed) this.violations.push('what acts by itself is made before the checks');
      yield* this.#make('gate', ['started']);
    }
    if (this.dice.roll(5) === 4) return yield* this.#later(writer, 5);
    yield* writer.write({ phase: 'Ready', completionTime: new Date(this.now).toISOString() });
    return now;
  }

  /** An error that passes: status says so, and it is tried again. */
  *#later(writer: Writer<AppRestore>, seconds: number): Step {
    yield* writer.write({});
    return later(seconds);
  }

  *#fails(writer: Writer<AppRestore>): Step {
    yield* writer.write({ phase: 'Failed' });
    return later(0.1);
  }

  /** Makes it, or finds it made; only when everything that it stands on is there. */
  *#make(what: Made, needs: readonly Made[]): Generator<undefined, void> {
    yield;
    const without = this.object?.spec.what === 'Configuration' ? 'claims' : undefined;
    const lacks = needs.filter((need) => need !== without && !this.made.has(need));
    if (lacks.length > 0) this.violations.push(`${what} without ${lacks.join(', ')}`);
    if (what === 'configuration' && this.made.has('started')) this.violations.push('put to rest after its start');
    if (what === 'fixups' && this.made.has('started')) this.violations.push('fixed up after its start');
    this.made.add(what);
  }
}
