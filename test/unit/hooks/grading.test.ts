import { describe, expect, test } from '@jest/globals';
import { durabilityCaps, type Setting } from '../../../src/hooks/postgresql/caps.js';
import { contradictions } from '../../../src/hooks/postgresql/evidence.js';

const on: Setting = { setting: 'on', source: 'default' };
const settings = (part: Record<string, Setting> = {}): Record<string, Setting> => ({ fsync: on, full_page_writes: on, synchronous_commit: on, ...part });

describe('settings that give durability away', () => {
  test('none on defaults', () => expect(durabilityCaps('orders', { settings: settings() })).toEqual([]));

  test.each([
    ['fsync', 'CrashConsistent'],
    ['full_page_writes', 'CrashConsistentSynced'],
  ])('%s = off caps at %s, with its name in the reason', (name, grade) => {
    const caps = durabilityCaps('orders', { settings: settings({ [name]: { setting: 'off', source: 'configuration file' } }) });
    expect(caps).toEqual([{ grade, reason: expect.stringMatching(new RegExp(`${name} is off on orders`)) as unknown as string }]);
  });
});

describe('positions before and after the hold', () => {
  const before = { marker: '0/1A40A48', timeline: '1', started: '1795469908.365793' };
  const after = { releasedFlushed: '0/1A40A48', releasedTimeline: '1', releasedStarted: '1795469908.365793', releasedInserted: '0/1A50000' };
  const nobody = 'asynchronous, local clients: 0';

  test('agree', () => expect(contradictions(before, after)).toEqual([]));

  test.each([
    ['restarted', { ...after, releasedStarted: '1795469909.000001' }],
    ['timeline', { ...after, releasedTimeline: '2' }],
    ['flushed', { ...after, releasedFlushed: '0/1A40A40' }],
  ])('%s: the copy was not held', (word, changed) => {
    expect(contradictions(before, changed)).toEqual([{ grade: 'CrashConsistent', reason: expect.stringContaining(word) as unknown as string }]);
  });

  test.each(['synchronous', nobody])('commits that were %s at both looks are no contradiction', (commits) => {
    expect(contradictions({ ...before, commits }, { ...after, releasedCommits: commits })).toEqual([]);
  });

  test.each<[string, string, string | undefined, RegExp]>([
    ['a client on a unix socket before', 'asynchronous, local clients: 1', nobody, /no gate keeps out \(asynchronous, local clients: 1 before, .*: 0 after\)/],
    ['a client on a unix socket after', nobody, 'asynchronous, local clients: 2', /no gate keeps out/],
    ['one at both looks', 'asynchronous, local clients: 1', 'asynchronous, local clients: 1', /no gate keeps out/],
    ['switched off in between', 'synchronous', nobody, /was changed while the copy was made \(synchronous before, asynchronous/],
    ['switched on in between', nobody, 'synchronous', /was changed while the copy was made/],
    ['nothing known after', 'synchronous', undefined, /was changed .*unknown after/],
    ['nothing known before', '', '', /no gate keeps out/],
  ])('commits before they are in the WAL file, %s: capped', (_, commits, releasedCommits, reason) => {
    const caps = contradictions({ ...before, commits }, { ...after, ...(releasedCommits !== undefined && { releasedCommits }) });
    expect(caps).toEqual([{ grade: 'CrashConsistentSynced', reason: expect.stringMatching(reason) as unknown as string }]);
  });

  test('the online method, which holds nothing, looks for no clients', () => {
    expect(contradictions(before, { ...after, releasedCommits: 'asynchronous, local clients: 3' })).toEqual([]);
  });

  test('nothing known is no agreement', () => expect(contradictions({}, {})).toHaveLength(1));
});
