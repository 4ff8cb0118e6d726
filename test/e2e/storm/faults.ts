import { windowMoments, type Trigger } from '../../faults/moments.js';
import type { Action, Match, Rule } from '../../faults/rules.js';

/** What one window of the storm has to live with. */
export interface Weather {
  readonly rules: readonly Rule[];
  readonly triggers: readonly Trigger[];
}

const execs = '/exec\\?';
const watches = 'watch=true';
const plain = '^(?!.*(/exec\\?|watch=true))';

/** Faults and, of each, how likely a window has it and which share of the requests it hits. */
const catalogue: readonly { readonly chance: number; readonly match: Match; readonly action: (random: () => number) => Action }[] = [
  { chance: 0.4, match: { path: plain, probability: 0.5 }, action: (r) => ({ kind: 'delay', headMillis: Math.round(20 + 280 * r()) }) },
  { chance: 0.2, match: { path: watches, probability: 0.5 }, action: (r) => ({ kind: 'delay', chunkMillis: Math.round(10 + 90 * r()) }) },
  { chance: 0.2, match: { path: plain, probability: 0.15 }, action: () => ({ kind: 'answer', code: 429, retryAfterSeconds: 1 }) },
  { chance: 0.2, match: { path: plain, probability: 0.1 }, action: () => ({ kind: 'answer', code: 503, retryAfterSeconds: 1 }) },
  { chance: 0.2, match: { path: plain, probability: 0.08 }, action: () => ({ kind: 'answer', code: 500 }) },
  { chance: 0.2, match: { path: plain, probability: 0.08 }, action: () => ({ kind: 'reset', when: 'before' }) },
  { chance: 0.2, match: { path: plain, probability: 0.08 }, action: () => ({ kind: 'reset', when: 'after' }) },
  { chance: 0.1, match: { method: 'PUT', path: '/leases/', nth: 1 }, action: () => ({ kind: 'halfOpen' }) },
  { chance: 0.2, match: { path: watches, probability: 0.3 }, action: (r) => ({ kind: 'tear', afterLines: 1 + Math.floor(4 * r()) }) },
  { chance: 0.2, match: { path: watches, probability: 0.3 }, action: (r) => ({ kind: 'expire', how: r() < 0.5 ? 'event' : 'end', afterLines: 1 + Math.floor(4 * r()) }) },
  { chance: 0.15, match: { path: execs, probability: 0.2 }, action: () => ({ kind: 'dropStatus' }) },
  { chance: 0.15, match: { path: execs, probability: 0.2 }, action: (r) => ({ kind: 'cutStream', afterFrames: 1 + Math.floor(6 * r()) }) },
  { chance: 0.2, match: { path: execs, probability: 0.5 }, action: (r) => ({ kind: 'delayFrames', millis: Math.round(10 + 90 * r()) }) },
  { chance: 0.1, match: { path: execs, nth: 2 }, action: () => ({ kind: 'noUpgrade' }) },
  { chance: 0.1, match: { path: execs, probability: 0.2 }, action: () => ({ kind: 'strangeFrame' }) },
];

/** The weather of one window; the same random numbers give the same. */
export function weather(random: () => number): Weather {
  const rules = catalogue.flatMap(({ chance, match, action }): Rule[] => {
    // Both are drawn every time, so that one chance does not move the others.
    const [hit, made] = [random() < chance, action(random)];
    return hit ? [{ match, action: made }] : [];
  });
  const [which, moment, length] = [random(), random(), random()];
  const name = windowMoments[Math.floor(moment * windowMoments.length)] ?? 'frozen seen';
  const triggers: Trigger[] = which < 0.12 ? [{ name, when: 'after', deed: { kind: 'cut' } }] : which < 0.2 ? [{ name, when: 'before', deed: { kind: 'cutAll' } }] : [];
  if (which >= 0.2 && which < 0.35) triggers.push({ name, when: 'after', deed: { kind: 'silence', millis: Math.round(300 + 4700 * length) } });
  return { rules, triggers };
}

/** The weather in words, for the record. */
export function told({ rules, triggers }: Weather): string[] {
  return [
    ...rules.map(({ match, action }) => `${action.kind} ${match.method ?? ''}${match.path ?? ''} ${match.probability ?? `nth ${match.nth ?? 'each'}`}`),
    ...triggers.map(({ name, when, deed }) => `${deed.kind === 'silence' ? `silence of ${deed.millis ?? '?'} ms` : deed.kind} ${when} ${name}`),
  ];
}
