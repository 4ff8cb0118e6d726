import { writeFileSync } from 'node:fs';
import type { AppSnapshot } from '../../src/api/kinds.js';
import { percentile } from '../e2e/lib/figures.js';
import type { ProofResult } from './check.js';
import type { CutMade, Restored } from './cuts.js';

/** One run of the proof as a row of its table. */
export interface ProofRow {
  readonly run: number;
  readonly grade: string;
  readonly acknowledged: number;
  readonly lost: number;
  readonly gaps: number;
  readonly extra: number;
  /** How long all of them stood still, ms. */
  readonly heldMs: number;
  /** How long each application did. */
  readonly heldMsOf: Readonly<Record<string, number>>;
  readonly overheadMs: number;
  readonly longestGapMs: number;
  readonly clientErrors: number;
  readonly checksPassed: number;
  readonly checksFailed: number;
  /** Packets of the clone to its original, all of them dropped. */
  readonly contacts: number;
  readonly tries: number;
}

/** The row of a run. */
export function rowOf(run: number, cut: CutMade, { restore, result, contacts, tries }: Restored): ProofRow {
  const count = (of: keyof Pick<ProofResult, 'lost' | 'gaps' | 'extra'>): number => result?.[of].length ?? NaN;
  return {
    run,
    grade: cut.copy.status?.grade ?? 'none',
    acknowledged: result?.acknowledged ?? 0,
    lost: count('lost'),
    gaps: count('gaps'),
    extra: count('extra'),
    heldMs: cut.copy.status?.window?.heldMillis ?? NaN,
    heldMsOf: heldByApplication(cut.copy),
    overheadMs: cut.copy.status?.window?.overheadMillis ?? NaN,
    longestGapMs: cut.longestGapMs,
    clientErrors: cut.clientErrors,
    checksPassed: restore.status?.checksPassed ?? 0,
    checksFailed: restore.status?.checksFailed ?? NaN,
    contacts,
    tries,
  };
}

/** How long each application of a copy was held, ms: the longest of the holds that have a member of it, as their holders measured them. Pure. */
export function heldByApplication({ status }: Pick<AppSnapshot, 'status'>): Record<string, number> {
  const holds = status?.holds ?? [];
  return Object.fromEntries((status?.applications ?? []).map(({ name, members = [] }) => {
    const own = holds.filter((hold) => hold.targets.some((target) => members.some(({ pod }) => pod === target.pod)));
    return [name, own.length === 0 ? NaN : Math.max(...own.map((hold) => hold.heldMillis ?? NaN))];
  }));
}

/** What the runs come to. Pure. */
export function figuresOf(rows: readonly ProofRow[]) {
  const sum = (of: (row: ProofRow) => number): number => rows.map(of).reduce((a, b) => a + b, 0);
  const held = rows.map((row) => row.heldMs);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.heldMsOf)))];
  return {
    runs: rows.length,
    acknowledged: sum((r) => r.acknowledged),
    lost: sum((r) => r.lost),
    gaps: sum((r) => r.gaps),
    heldMsP50: percentile(held, 0.5),
    heldMsP99: percentile(held, 0.99),
    heldMsOf: Object.fromEntries(names.map((name) => {
      const own = rows.flatMap((row) => row.heldMsOf[name] ?? []);
      return [name, { p50: percentile(own, 0.5), p99: percentile(own, 0.99) }];
    })),
    longestGapMs: Math.max(...rows.map((row) => row.longestGapMs)),
    clientErrors: sum((r) => r.clientErrors),
  };
}

/** Prints the tables and writes `test/.artifacts/proof-<seed>.json`. */
export function writeProof(seed: number, apps: string, rows: readonly ProofRow[]): void {
  console.table(rows.map(({ heldMsOf, ...row }) => ({ ...row, ...Object.fromEntries(Object.entries(heldMsOf).map(([name, ms]) => [`held ${name}`, ms])) })));
  const figures = figuresOf(rows);
  console.table(figures.heldMsOf);
  console.log(JSON.stringify(figures));
  writeFileSync(`test/.artifacts/proof-${seed}.json`, `${JSON.stringify({ seed, apps, figures, rows }, null, 2)}\n`);
}
