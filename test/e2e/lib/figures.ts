import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Adds measured values to `test/.artifacts/<suite>.json` (written by test/run.ts when the suite has ended). */
export function recordFigures(suite: string, values: Readonly<Record<string, unknown>>): void {
  mkdirSync('test/.artifacts', { recursive: true });
  const file = `test/.artifacts/${suite}.figures.json`;
  const before: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  writeFileSync(file, JSON.stringify({ ...(before as object), ...values }, null, 2));
}

/** The value below which a share `q` of the samples lies (nearest rank). */
export function percentile(samples: readonly number[], q: number): number {
  if (samples.length === 0) throw new RangeError('no samples');
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}
