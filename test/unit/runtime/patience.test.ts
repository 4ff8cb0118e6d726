import { expect, test } from '@jest/globals';
import { Patience } from '../../../src/runtime/patience.js';
import { FakeClock } from './fake-clock.js';

test('counts from the first question, whatever the wall clock does', async () => {
  const clock = new FakeClock();
  const patience = new Patience(clock);
  expect(patience.waited('a')).toBe(0);
  await clock.advance(700);
  expect(patience.waited('b')).toBe(0);
  expect(patience.waited('a')).toBe(700);
});

test('forgets what nobody asks for any more', async () => {
  const clock = new FakeClock();
  const patience = new Patience(clock);
  patience.waited('a');
  await clock.advance(4_000_000);
  patience.waited('b');
  expect(patience.waited('a')).toBe(0);
});
