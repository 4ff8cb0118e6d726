import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { BenchSettings } from './shapes.js';

/** One pair: a bare cut and a window on the same volumes. All times in ms. */
export interface Sample {
  /** Name of the shape. */
  readonly row: string;
  readonly run: number;
  /** Since the create call, with nothing held, as the bench saw it. */
  readonly bare: {
    readonly answered: number;
    readonly content: number;
    /** The content carries its creation time: the floor. */
    readonly cut: number;
    /** The namespaced object names its content. */
    readonly bound: number;
    /** The namespaced object carries its creation time. */
    readonly object: number;
  };
  /** Since the freeze was sent, as the operator saw it. */
  readonly window: Readonly<Record<Mark, number>>;
  /** Before it: until the last client port was closed, and how long servers then ran on behind it; 0 and 0 where none is closed. */
  readonly gate: { readonly close: number; readonly settle: number };
  /** Between the first and the last holder that stood still. */
  readonly skew: number;
  /** The slowest holder by its own clock: it knows neither the network nor the operator. */
  readonly holder: { readonly freeze: number; readonly sync: number; readonly thaw: number; readonly held: number };
  /** Load average of the machine over the last minute. */
  readonly load: number;
}

export const marks = ['firstFrozen', 'allFrozen', 'cutSent', 'cutAnswered', 'contentSeen', 'allCut', 'releaseSent', 'allReleased'] as const;
export type Mark = (typeof marks)[number];

/** The samples so far, kept in a file so that a bench can go on where it was stopped. */
export class Samples {
  readonly all: Sample[] = [];
  readonly #file: string;

  constructor(bench: string, { resume }: Pick<BenchSettings, 'resume'>) {
    mkdirSync('test/.artifacts', { recursive: true });
    this.#file = `test/.artifacts/bench-${bench}.samples.jsonl`;
    if (!resume) rmSync(this.#file, { force: true });
    if (existsSync(this.#file)) this.all = readFileSync(this.#file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Sample);
  }

  add(sample: Sample): void {
    this.all.push(sample);
    appendFileSync(this.#file, `${JSON.stringify(sample)}\n`);
  }

  of(row: string): Sample[] {
    return this.all.filter((sample) => sample.row === row);
  }
}
