import type { Run } from './progress.js';

/** Windows that a process needs until its caches and its compiled code have their size. */
const warmUp = 10;

/** How the memory of one process changes with its windows. */
export interface Trend {
  readonly operator: string;
  readonly windows: number;
  readonly mibPerWindow: number;
  /** Standard error of the slope: what chance alone makes of it. */
  readonly error: number;
}

/** Straight line through the resident memory of the process that led longest, its first windows left out; undefined when no process led for 20 after them. Pure. */
export function memoryTrend(runs: readonly Run[]): Trend | undefined {
  const byProcess = [...groups(runs, (r) => r.operator).values()].map((own) => own.slice(warmUp)).filter((own) => own.length >= 20);
  const longest = byProcess.sort((a, b) => b.length - a.length)[0];
  if (longest === undefined) return undefined;
  const n = longest.length;
  const x = longest.map((r) => r.run);
  const y = longest.map((r) => r.residentMiB);
  const [meanX, meanY] = [mean(x), mean(y)];
  const spread = sum(x.map((v) => (v - meanX) ** 2));
  const slope = sum(x.map((v, i) => (v - meanX) * ((y[i] ?? 0) - meanY))) / spread;
  const rest = sum(x.map((v, i) => ((y[i] ?? 0) - meanY - slope * (v - meanX)) ** 2)) / (n - 2);
  return { operator: longest[0]?.operator ?? '', windows: n, mibPerWindow: slope, error: Math.sqrt(rest / spread) };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** Runs by what they have in common, in order. */
export function groups(runs: readonly Run[], keyOf: (run: Run) => string): Map<string, Run[]> {
  const result = new Map<string, Run[]>();
  for (const run of runs) result.set(keyOf(run), [...(result.get(keyOf(run)) ?? []), run]);
  return result;
}
