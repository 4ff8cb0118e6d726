import { expect, test } from '@jest/globals';
import { createSharing } from '../../../src/runtime/sharing.js';

test('equal values become one; others stay what they are', () => {
  const share = createSharing();
  const labels = share({ app: 'db' });
  expect(share({ app: 'db' })).toBe(labels);
  expect(share({ app: 'web' })).toEqual({ app: 'web' });
  expect(share({ app: 'web' })).not.toBe(labels);
  expect(share(undefined)).toBeUndefined();
  expect(share('x')).toBe('x');
});

test('the table does not grow without end, and what it has forgotten is still right', () => {
  const share = createSharing();
  const first = share({ n: 0 });
  for (let n = 1; n < 10_000; n += 1) expect(share({ n })).toEqual({ n });
  const again = share({ n: 0 });
  expect(again).toEqual(first);
  expect(again).not.toBe(first);
});
