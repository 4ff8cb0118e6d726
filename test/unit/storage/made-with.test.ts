import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { madeWith, versionsOf, type ClassVersion } from '../../../src/storage/made-with.js';
import { at, base } from './fixtures.js';

const version = (since: string, until: string | undefined, replicas: string, name = 'shop-db'): ClassVersion => ({ name, since: at(since), until: until === undefined ? undefined : at(until), tier: 'bed', parameters: { replicas } });
const versions = [version('08:00:00', '10:00:00', '1'), version('10:00:00', undefined, '3'), version('07:00:00', undefined, '2', 'other')];
const replicas = (claimed: string, made: string, className: string | undefined = 'shop-db'): (string | undefined)[] => madeWith({ className, claimedAt: at(claimed), madeAt: at(made) }, versions).map(({ parameters }) => parameters['replicas']);

describe('what a volume was made with', () => {
  test.each([
    ['before the change', '09:00:00', '09:00:01', ['1']],
    ['after it', '11:00:00', '11:00:02', ['3']],
    ['while it was changed', '09:59:59', '10:00:01', ['1', '3']],
    ['within the second of it', '10:00:00', '10:00:00', ['1', '3']],
    ['so soon after it that nobody may have heard of it', '10:00:02', '10:00:03', ['1', '3']],
    ['a little later', '10:00:03', '10:00:04', ['3']],
    ['by a claim that waited for its pod over the change', '09:00:00', '11:00:00', ['1', '3']],
    ['before any class was there', '07:00:00', '07:30:00', []],
    ['bound to a claim that was made much later', '12:00:00', '09:00:00', []],
  ])('%s', (_, claimed, made, expected) => expect(replicas(claimed, made)).toEqual(expected));

  test('by a class of others, by one that nobody knows, by none', () => {
    expect(replicas('09:00:00', '09:00:01', 'other')).toEqual(['2']);
    expect(replicas('09:00:00', '09:00:01', 'gone')).toEqual([]);
    expect(madeWith({ className: undefined, claimedAt: 0, madeAt: 0 }, versions)).toEqual([]);
  });

  test('a class that was gone before the volume was there did not make it alone', () => {
    const gone = [version('08:00:00', '09:00:00', '1')];
    expect(madeWith({ className: 'shop-db', claimedAt: at('08:30:00'), madeAt: at('09:30:00') }, gone)).toEqual([]);
    expect(madeWith({ className: 'shop-db', claimedAt: at('08:30:00'), madeAt: at('09:00:01') }, gone)).toHaveLength(1);
  });
});

test('whatever replaced what when, the class that made a volume is among those that may have', () => {
  const steps = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 50 }), (lengths, claimed, wait) => {
      // Each class stands for so many seconds and is replaced without a gap; the API rounds its begin down, its end is noted with milliseconds.
      const ends = lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b, 0) * 1000 + 700);
      const all = [...ends, undefined].map((until, i): ClassVersion => ({ name: 'c', since: Math.floor((ends[i - 1] ?? 0) / 1000) * 1000, until, tier: undefined, parameters: { version: String(i) } }));
      const made = claimed + wait;
      const by = all.findIndex(({ until }) => until === undefined || until > made * 1000);
      return madeWith({ className: 'c', claimedAt: claimed * 1000, madeAt: made * 1000 }, all).some(({ parameters }) => parameters['version'] === String(by));
    }),
  );
});

test('versions are the classes that are there, by their tier, and what the own one was', () => {
  const own = { ...base, metadata: { name: 'shop-db', creationTimestamp: '2026-11-29T10:00:00Z', annotations: { 'stillpoint.dev/tier': 'bed' } } };
  expect(versionsOf([base, own], 'shop-db', [{ since: '2026-11-29T08:00:00Z', until: '2026-11-29T10:00:00Z', tier: 'slow', parameters: { replicas: '2' } }])).toEqual([
    { name: 'bed', since: at('00:00:00') - 28 * 86_400_000, until: undefined, tier: 'bed', parameters: base.parameters },
    { name: 'shop-db', since: at('10:00:00'), until: undefined, tier: 'bed', parameters: base.parameters },
    { name: 'shop-db', since: at('08:00:00'), until: at('10:00:00'), tier: 'slow', parameters: { replicas: '2' } },
  ]);
  expect(versionsOf([], undefined, [{ since: '2026-11-29T08:00:00Z', until: '2026-11-29T10:00:00Z', parameters: {} }])).toEqual([]);
});
