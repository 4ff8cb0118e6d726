import { expect, test } from '@jest/globals';
import { SeriesTable } from '../../../src/runtime/event-series.js';

const minute = 60_000;

test('first created, second makes a series, further ones only counted until the refresh', () => {
  const table = new SeriesTable<string>();
  const record = (at: number) => table.record('k', `e${at}`, at).action;
  expect([record(0), record(1), record(2), record(3)]).toEqual(['create', 'update', 'count', 'count']);
  for (let at = 5 * minute; at < 30 * minute; at += 5 * minute) expect(record(at)).toBe('count');
  expect(record(30 * minute + 1)).toBe('update');
});

test('after six silent minutes the next event is a new one, and the last count is sent', () => {
  const table = new SeriesTable<string>();
  for (const at of [0, 1, 2]) table.record('k', 'e', at);
  expect(table.finish(6 * minute)).toEqual([]);
  expect(table.finish(6 * minute + 3).map((s) => s.count)).toEqual([3]);
  expect(table.finish(20 * minute)).toEqual([]);
  expect(table.record('k', 'e', 20 * minute).action).toBe('create');
});

test('a series whose count was sent has nothing left to send', () => {
  const table = new SeriesTable<string>();
  for (const at of [0, 1]) table.record('k', 'e', at);
  expect(table.finish(10 * minute)).toEqual([]);
});

test('other keys are other series', () => {
  const table = new SeriesTable<string>();
  expect([table.record('a', 'e', 0).action, table.record('b', 'e', 0).action]).toEqual(['create', 'create']);
});
