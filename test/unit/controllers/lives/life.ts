import type { StepResult } from '../../../../src/controllers/step.js';
import type { StoredMeta } from '../../../../src/api/kinds.js';

/** Random numbers that a property test draws and shrinks; when they run out everything goes well. */
export class Dice {
  readonly #values: readonly number[];
  #next = 0;

  constructor(values: readonly number[]) {
    this.#values = values;
  }

  /** 0 to `sides` − 1; 0 is the good case. */
  roll(sides: number): number {
    const value = this.#values[this.#next] ?? 0;
    this.#next += 1;
    return value % sides;
  }
}

/** Somebody else has written in between: the API server answers 409. */
class Conflict extends Error {}

/** One step of a process: yields before each write, so that a crash there is a crash after the one before. */
export type Step = Generator<undefined, StepResult>;

interface Living {
  readonly metadata: StoredMeta;
  readonly spec: { readonly suspend: boolean };
  readonly status?: { readonly phase?: string | undefined };
}

/** What outlives a process: one object at the API server, and in the subclasses what else its controller works on. */
export abstract class World<O extends Living> {
  readonly phases: string[] = [];
  /** What must never be. */
  readonly violations: string[] = [];
  object: O | undefined;
  /** Wall clock, ms. */
  now = Date.parse('2026-11-24T12:00:00Z');
  protected readonly dice: Dice;
  #version = 1;
  #changed = false;

  constructor(dice: Dice, object: O) {
    this.dice = dice;
    this.object = object;
  }

  /** decide and act, once, on what the API server has now. */
  abstract step(): Step;
  /** The process is gone, and its streams with it. */
  abstract crash(): void;
  /** Whether a phase may follow another; both are known to differ. */
  protected abstract mayFollow(before: string, after: string): boolean;

  pass(seconds: number): void {
    this.now += seconds * 1000;
  }

  /** Something that would bring the key again has happened since the last call. */
  changed(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  delete(): void {
    if (this.object !== undefined) this.#store({ metadata: { ...this.object.metadata, deletionTimestamp: new Date(this.now).toISOString() } });
  }

  /** What users do between two writes of ours. */
  user(): void {
    const what = this.dice.roll(40);
    if (what === 38) this.delete();
    if (what === 39 && this.object !== undefined) this.#store({ spec: { ...this.object.spec, suspend: !this.object.spec.suspend } });
  }

  /** The API server: refuses what was decided on an older state. */
  update(seen: O, change: Partial<Living>): O {
    if (this.object?.metadata.resourceVersion !== seen.metadata.resourceVersion) throw new Conflict();
    const before = this.object.status?.phase ?? 'Pending';
    const after = change.status?.phase ?? before;
    if (after !== before) {
      if (!this.mayFollow(before, after)) this.violations.push(`${before} became ${after}`);
      this.phases.push(after);
    }
    this.#store(change);
    return this.object ?? seen;
  }

  #store(change: Partial<Living>): void {
    if (this.object === undefined) return;
    const next = { ...this.object, ...change };
    this.#version += 1;
    // Our own writes of status bring nothing new to the process that makes them.
    if (change.status === undefined) this.#changed = true;
    const gone = next.metadata.deletionTimestamp !== undefined && next.metadata.finalizers?.length === 0;
    this.object = gone ? undefined : { ...next, metadata: { ...next.metadata, resourceVersion: String(this.#version) } };
  }
}

/** Writes of one reconcile, each on the state that the one before has left. */
export class Writer<O extends Living> {
  object: O;
  readonly #world: World<O>;

  constructor(world: World<O>, object: O) {
    this.#world = world;
    this.object = object;
  }

  get status(): NonNullable<O['status']> {
    return this.object.status ?? {};
  }

  *write(change: { [K in keyof NonNullable<O['status']>]?: NonNullable<O['status']>[K] | undefined }): Generator<undefined, void> {
    this.#world.user();
    yield;
    const merged = Object.fromEntries(Object.entries({ ...this.status, ...change }).filter(([, value]) => value !== undefined));
    this.object = this.#world.update(this.object, { status: merged });
  }

  *finalizers(finalizers: string[]): Generator<undefined, void> {
    yield;
    this.object = this.#world.update(this.object, { metadata: { ...this.object.metadata, finalizers } });
  }
}

const maxRounds = 400;

/** Lives through one process after the other, each killed at its nth write, and a last one that is left alone until nothing more is to be done. */
export function live<O extends Living>(world: World<O>, kills: readonly number[]): void {
  for (const kill of kills) {
    process(world, kill);
    world.crash();
  }
  if (!process(world, Infinity)) throw new Error(`not settled after ${maxRounds} rounds`);
}

/** True when nothing is left to be done. False: killed, or out of rounds. */
function process<O extends Living>(world: World<O>, kill: number): boolean {
  let writes = 0;
  for (let round = 0; round < maxRounds; round += 1) {
    const step = world.step();
    let result: StepResult | undefined;
    try {
      for (let next = step.next(); result === undefined; next = step.next()) {
        if (next.done === true) result = next.value;
        else if ((writes += 1) > kill) return false;
      }
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      result = { again: 'later', seconds: 0.1 };
    }
    if (result.again === 'later') world.pass(result.seconds);
    if (result.again === 'onChange' && !world.changed()) return true;
  }
  return false;
}
