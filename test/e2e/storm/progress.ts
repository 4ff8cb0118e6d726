import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Played } from '../kill/case.js';

/** What one window of the storm came to. */
export interface Run extends Played {
  readonly run: number;
  readonly reason: string | undefined;
  /** Operators that gave up their lease in it. */
  readonly leasesLost: number;
  /** Process that led at its end; memory is compared within one process only. */
  readonly operator: string;
  readonly residentMiB: number;
  /** What was played, as `kind match`. */
  readonly faults: readonly string[];
  /** The whole test, clean-up included. */
  readonly seconds: number;
}

/** The runs so far of one seed, kept in a file so that a storm can go on where it was stopped. */
export class Progress {
  readonly runs: Run[];
  readonly #file: string;

  /** With `resume` the runs of an earlier storm of this seed count. */
  constructor(seed: number, resume: boolean) {
    mkdirSync('test/.artifacts', { recursive: true });
    this.#file = `test/.artifacts/storm-${seed}.jsonl`;
    if (!resume) rmSync(this.#file, { force: true });
    const text = existsSync(this.#file) ? readFileSync(this.#file, 'utf8') : '';
    // A run that was killed may have left half a line.
    this.runs = text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Run);
  }

  add(run: Run): void {
    this.runs.push(run);
    writeFileSync(this.#file, `${JSON.stringify(run)}\n`, { flag: 'a' });
  }
}
