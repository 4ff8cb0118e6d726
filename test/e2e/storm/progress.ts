import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Played } from '../kill/scene.js';

/** What one window of the storm came to. */
export interface Run extends Played {
  readonly run: number;
  readonly reason: string | undefined;
  /** Operators that gave up their lease in it. */
  readonly leasesLost: number;
  readonly residentMiB: number;
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
    this.runs = text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Run);
  }

  add(run: Run): void {
    this.runs.push(run);
    writeFileSync(this.#file, `${JSON.stringify(run)}\n`, { flag: 'a' });
  }
}
