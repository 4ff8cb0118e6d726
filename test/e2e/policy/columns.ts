import { expect } from '@jest/globals';
import { kubectl } from '../lib/kubectl.js';

/** The rows of `kubectl get -o wide`, each by column; those that are empty, too. */
export async function wideRows(resource: string, namespace: string, ...names: readonly string[]): Promise<Record<string, string>[]> {
  const [head = '', ...rows] = (await kubectl(['-n', namespace, 'get', resource, ...names, '-o', 'wide'])).split('\n').filter((line) => line !== '');
  const begins = [...head.matchAll(/\S+/g)].map((match) => ({ title: match[0], from: match.index }));
  return rows.map((row) => Object.fromEntries(begins.map(({ title, from }, i) => [title, row.slice(from, begins[i + 1]?.from).trim()])));
}

const units: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** Seconds of an age as kubectl writes it: `95s`, `3m20s`, `12m`. NaN for what is none. */
export function ageSeconds(text: string): number {
  const parts = [...text.matchAll(/(\d+)([dhms])/g)];
  return parts.map((part) => part[0]).join('') === text && parts.length > 0 ? parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? NaN), 0) : NaN;
}

/** The age in a column is that of an instant, ms since the epoch: as exact as kubectl writes it, read within some seconds. */
export function expectAge(shown: string | undefined, at: number, now: number): void {
  const seconds = ageSeconds(shown ?? '');
  const grain = /s$/.test(shown ?? '') ? 1 : 60;
  expect({ shown, seconds }).not.toEqual({ shown, seconds: NaN });
  expect(Math.abs((now - at) / 1000 - seconds)).toBeLessThanOrEqual(grain + 5);
}
