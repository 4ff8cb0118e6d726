/** What is measured: how many volumes, in how many pods, under which load. */
export interface Shape {
  /** Names the row in samples and plots: `16x1 fsync` is 16 pods with one volume each, `1x16 idle` one pod with 16. */
  readonly name: string;
  readonly pods: number;
  readonly volumes: number;
  readonly load: Load;
  readonly runs: number;
}

export const loads = ['idle', 'fsync'] as const;
/** `fsync`: in every pod a writer that commits 100 times a second. */
export type Load = (typeof loads)[number];

export interface BenchSettings {
  /** Pairs of a bare cut and a window; a fifth of them for more than 16 volumes. */
  readonly runs: number;
  readonly sizes: readonly number[];
  readonly loads: readonly Load[];
  /** Goes on where an earlier run with the same settings was stopped. */
  readonly resume: boolean;
}

/** Settings from RUNS=, SIZES=, WRITERS= and RESUME=. Throws with the name of the variable that is wrong. */
export function benchSettings(env: Readonly<Record<string, string | undefined>>): BenchSettings {
  const words = (name: string, fallback: string): string[] => (env[name] || fallback).split(/[ ,]+/).filter((word) => word !== '');
  const count = (name: string, text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > 1000) throw new Error(`${name}: ${text} is no whole number from 1 to 1000`);
    return value;
  };
  const load = (word: string): Load => {
    const known = loads.find((l) => l === word);
    if (known === undefined) throw new Error(`WRITERS: ${word} is none of ${loads.join(', ')}`);
    return known;
  };
  const sizes = words('SIZES', '1 4 16 64').map((word) => count('SIZES', word));
  if (sizes.some((size) => size > 64)) throw new Error('SIZES: a hold has at most 64 members');
  return { runs: count('RUNS', env['RUNS'] || '100'), sizes, loads: words('WRITERS', 'idle fsync').map(load), resume: env['RESUME'] === '1' };
}

/** All rows: n pods with one volume each, and one pod with n volumes; for one volume that is the same. */
export function shapesOf({ runs, sizes, loads: chosen }: BenchSettings): Shape[] {
  return sizes.flatMap((n) =>
    (n === 1 ? [1] : [n, 1]).flatMap((pods) =>
      chosen.map((load) => ({ name: `${pods}x${n / pods} ${load}`, pods, volumes: n, load, runs: n > 16 ? Math.ceil(runs / 5) : runs })),
    ),
  );
}
