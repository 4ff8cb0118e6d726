import { describe, expect, test } from '@jest/globals';
import { durabilityCaps, isAsynchronous, type Setting } from '../../../src/hooks/postgresql/caps.js';
import { contradictions } from '../../../src/hooks/postgresql/evidence.js';

const on: Setting = { setting: 'on', source: 'default' };
const settings = (part: Record<string, Setting> = {}): Record<string, Setting> => ({ fsync: on, full_page_writes: on, synchronous_commit: on, ...part });
const grades = (part: Record<string, Setting>, asynchronous: string[] = []): string[] => durabilityCaps('orders', { settings: settings(part), asynchronous }).map((c) => c.grade);

describe('settings that give durability away', () => {
  test('none on defaults', () => expect(grades({})).toEqual([]));

  test.each([
    ['fsync', 'CrashConsistent'],
    ['full_page_writes', 'CrashConsistentSynced'],
    ['synchronous_commit', 'CrashConsistentSynced'],
  ])('%s = off caps at %s, with its name in the reason', (name, grade) => {
    const caps = durabilityCaps('orders', { settings: settings({ [name]: { setting: 'off', source: 'configuration file' } }), asynchronous: [] });
    expect(caps).toEqual([{ grade, reason: expect.stringMatching(new RegExp(`${name} is off on orders`)) as unknown as string }]);
  });

  test('off for one role caps as well, and asks for time to settle', () => {
    expect(grades({}, ['role app in database shop'])).toEqual(['CrashConsistentSynced']);
    expect(isAsynchronous({ settings: settings(), asynchronous: ['role app'] })).toBe(true);
    expect(isAsynchronous({ settings: settings(), asynchronous: [] })).toBe(false);
  });

  test('a value that is only our own session’s proves nothing about the server', () => {
    expect(grades({ synchronous_commit: { setting: 'on', source: 'user' } })).toEqual(['CrashConsistentSynced']);
    expect(durabilityCaps('orders', { settings: { fsync: on, full_page_writes: on }, asynchronous: [] })).toHaveLength(1);
  });

  test.each(['local', 'remote_write', 'remote_apply'])('synchronous_commit = %s flushes before the acknowledgement', (setting) => {
    expect(grades({ synchronous_commit: { setting, source: 'configuration file' } })).toEqual([]);
  });
});

describe('positions before and after the hold', () => {
  const before = { marker: '0/1A40A48', timeline: '1', started: '1795469908.365793' };
  const after = { releasedFlushed: '0/1A40A48', releasedTimeline: '1', releasedStarted: '1795469908.365793', releasedInserted: '0/1A50000' };

  test('agree', () => expect(contradictions(before, after)).toEqual([]));

  test.each([
    ['restarted', { ...after, releasedStarted: '1795469909.000001' }],
    ['timeline', { ...after, releasedTimeline: '2' }],
    ['flushed', { ...after, releasedFlushed: '0/1A40A40' }],
  ])('%s: the copy was not held', (word, changed) => {
    expect(contradictions(before, changed)).toEqual([{ grade: 'CrashConsistent', reason: expect.stringContaining(word) as unknown as string }]);
  });

  test('nothing known is no agreement', () => expect(contradictions({}, {})).toHaveLength(1));
});
