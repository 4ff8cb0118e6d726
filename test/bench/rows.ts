import { writeFileSync } from 'node:fs';
import { percentile } from '../e2e/lib/figures.js';
import type { Sample } from './samples.js';
import type { Shape } from './shapes.js';

/** A row of `bench-window.json`. All times in ms. */
export interface Row {
  readonly volumes: number;
  readonly pods: number;
  readonly writers: string;
  readonly runs: number;
  /** From the create call to the content that carries its creation time, nothing held. */
  readonly floorMsP50: number;
  /** From the freeze sent, or before it the closing of client ports without the time that servers then run on, to the last release acknowledged. */
  readonly windowMsP50: number;
  /** Window minus sync minus the floor of the same pair. */
  readonly overheadMsP50: number;
  readonly overheadMsP99: number;
  /** The same with the window's own cut in place of the floor: free of the difference between two cuts. */
  readonly ownOverheadMsP50: number;
  readonly ownOverheadMsP99: number;
  readonly syncMsP50: number;
  readonly syncMsP99: number;
  readonly freezeMsP50: number;
  /** How long servers ran on behind closed client ports; in none of the other figures. */
  readonly settleMsP50: number;
  /** Between the first and the last holder that stood still. */
  readonly skewMsP50: number;
  readonly skewMsP99: number;
  /** From the first freeze to the last thaw, on the holder's clock. */
  readonly heldMsP50: number;
  /** How much longer it takes until the namespaced object, not the content, carries the creation time. */
  readonly objectWaitMsP50: number;
  readonly load: number;
  /** Where the time of a window goes: steps in order; they add up to the window. */
  readonly steps: Readonly<Record<Step, { readonly p50: number; readonly p99: number }>>;
  /** The same for the bare cut. */
  readonly bareSteps: Readonly<Record<'answered' | 'content' | 'cut' | 'objectBound' | 'objectCut', { readonly p50: number; readonly p99: number }>>;
}

export type Step = 'gate' | 'freezeWay' | 'freeze' | 'sync' | 'barrier' | 'create' | 'content' | 'cut' | 'turn' | 'thaw' | 'releaseWay';

/** What each step is, for readers of the JSON. */
export const stepTexts: Readonly<Record<Step, string>> = {
  gate: 'client ports closed, where an application asks for it',
  freezeWay: 'freeze command to the holder, and its answer back',
  freeze: 'every container still, by the clock of the holder',
  sync: 'every volume written back, by the clock of the holder',
  barrier: 'last answer seen to create request sent',
  create: 'create request to its answer',
  content: 'answer to the content object (snapshot controller)',
  cut: 'content object to its creation time (sidecar, driver, storage)',
  turn: 'cut seen to release sent',
  thaw: 'proof and thaw, by the clock of the holder',
  releaseWay: 'release command to the holder, and its answer back',
};

/** The figures of one row. Throws without samples. */
export function rowOf(shape: Omit<Shape, 'load'> & { readonly load: string }, samples: readonly Sample[]): Row {
  const p = (of: (sample: Sample) => number, q: number): number => Math.round(percentile(samples.map(of), q) * 10) / 10;
  const both = (of: (sample: Sample) => number) => ({ p50: p(of, 0.5), p99: p(of, 0.99) });
  const windowOf = (s: Sample): number => s.gate.close + s.window.allReleased;
  const overhead = (s: Sample): number => windowOf(s) - s.holder.sync - s.bare.cut;
  const own = (s: Sample): number => windowOf(s) - s.holder.sync - (s.window.allCut - s.window.cutSent);
  return {
    volumes: shape.volumes,
    pods: shape.pods,
    writers: shape.load,
    runs: samples.length,
    floorMsP50: p((s) => s.bare.cut, 0.5),
    windowMsP50: p(windowOf, 0.5),
    overheadMsP50: p(overhead, 0.5),
    overheadMsP99: p(overhead, 0.99),
    ownOverheadMsP50: p(own, 0.5),
    ownOverheadMsP99: p(own, 0.99),
    syncMsP50: p((s) => s.holder.sync, 0.5),
    syncMsP99: p((s) => s.holder.sync, 0.99),
    freezeMsP50: p((s) => s.holder.freeze, 0.5),
    settleMsP50: p((s) => s.gate.settle, 0.5),
    skewMsP50: p((s) => s.skew, 0.5),
    skewMsP99: p((s) => s.skew, 0.99),
    heldMsP50: p((s) => s.holder.held, 0.5),
    objectWaitMsP50: p((s) => s.bare.object - s.bare.cut, 0.5),
    load: p((s) => s.load, 0.5),
    steps: {
      gate: both((s) => s.gate.close),
      freezeWay: both((s) => s.window.allFrozen - s.holder.freeze - s.holder.sync),
      freeze: both((s) => s.holder.freeze),
      sync: both((s) => s.holder.sync),
      barrier: both((s) => s.window.cutSent - s.window.allFrozen),
      create: both((s) => Math.min(s.window.cutAnswered, s.window.contentSeen) - s.window.cutSent),
      // The event may overtake the answer of the create.
      content: both((s) => Math.max(0, s.window.contentSeen - s.window.cutAnswered)),
      cut: both((s) => s.window.allCut - s.window.contentSeen),
      turn: both((s) => s.window.releaseSent - s.window.allCut),
      thaw: both((s) => s.holder.thaw),
      releaseWay: both((s) => s.window.allReleased - s.window.releaseSent - s.holder.thaw),
    },
    bareSteps: {
      answered: both((s) => s.bare.answered),
      content: both((s) => s.bare.content),
      cut: both((s) => s.bare.cut),
      objectBound: both((s) => s.bare.bound),
      objectCut: both((s) => s.bare.object),
    },
  };
}

/** Writes `test/.artifacts/bench-<bench>.json`. */
export function writeRows(bench: string, rows: readonly Row[], more: Readonly<Record<string, unknown>> = {}): void {
  writeFileSync(`test/.artifacts/bench-${bench}.json`, `${JSON.stringify({ rows, stepTexts, ...more }, null, 2)}\n`);
}

/** Prints the rows, and below them the medians of their steps. */
export function printRows(names: readonly string[], rows: readonly Row[]): void {
  console.table(rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => typeof value !== 'object'))));
  console.table(Object.fromEntries(rows.map((row, i) => [names[i] ?? '', Object.fromEntries(Object.entries(row.steps).map(([step, { p50 }]) => [step, p50]))])));
}
