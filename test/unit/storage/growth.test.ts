import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bytesOf } from '../../../src/manifests/quantity.js';
import { nextSize, sizeText, usedPercent, type Growth, type Growing } from '../../../src/storage/growth.js';
import { at, gibibyte, volume } from './fixtures.js';

const growth: Growth = { whenUsedPercent: 80, by: '20%', max: '10Gi', cooldown: '10m' };
const now = at('12:00:00');
const full = { totalBytes: 2 ** 30, usedBytes: 85, availableBytes: 15 };

describe('when', () => {
  test.each<[string, Partial<Growing>, Partial<Growth>, string | undefined]>([
    ['it is full enough', { usage: full }, {}, '1229Mi'],
    ['it is just full enough, as df counts', { usage: { totalBytes: 2 ** 30, usedBytes: 791, availableBytes: 209 } }, {}, '1229Mi'],
    ['it is not full enough', { usage: { totalBytes: 2 ** 30, usedBytes: 79, availableBytes: 21 } }, {}, undefined],
    ['its usage is not known', { usage: undefined }, {}, undefined],
    ['its usage could not be read', { usage: { error: 'no agent' } }, {}, undefined],
    ['it has no size', { usage: { totalBytes: 0, usedBytes: 0, availableBytes: 0 } }, {}, undefined],
    ['its file system is not its own', { usage: { ...full, totalBytes: 2 ** 40 } }, {}, undefined],
    ['its file system has not grown with it', { usage: { ...full, totalBytes: 2 ** 28 } }, {}, undefined],
    ['its class does not allow it', { usage: full, expandable: false }, {}, undefined],
    ['it is growing', { usage: full, requested: 2n * gibibyte }, {}, undefined],
    ['it is not bound', { usage: full, capacity: undefined }, {}, undefined],
    ['it has grown just now', { usage: full, grownAt: at('11:50:01') }, {}, undefined],
    ['it has grown long enough ago', { usage: full, grownAt: at('11:50:00') }, {}, '1229Mi'],
    ['the clock was set back', { usage: full, grownAt: at('13:00:00') }, {}, undefined],
    ['by a size', { usage: full }, { by: '3Gi' }, '4Gi'],
    ['no further than max', { usage: full }, { by: '100%', max: '1536Mi' }, '1536Mi'],
    ['max is reached', { usage: full }, { max: '1Gi' }, undefined],
    ['max is below what it has', { usage: full }, { max: '512Mi' }, undefined],
    ['the storage gave more than was asked for', { usage: full, requested: gibibyte, capacity: 2n * gibibyte }, { by: '1Gi' }, '3Gi'],
  ])('%s', (_, how, what, size) => {
    const next = nextSize(volume(how), { ...growth, ...what }, now);
    expect(next === undefined ? undefined : sizeText(next)).toBe(size);
  });
});

test('it never shrinks, never exceeds max, always is whole MiB, and always ends', () => {
  const sizes = fc.bigInt({ min: 1n, max: 2n ** 42n });
  const percent = fc.integer({ min: 1, max: 100 }).map((n) => `${n}%`);
  const size = fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.constantFrom('Mi', 'Gi', 'Ti')).map(([n, unit]) => `${n}${unit}`);
  fc.assert(
    fc.property(sizes, sizes, fc.oneof(percent, size), size, (requested, capacity, by, max) => {
      const next = nextSize(volume({ requested, capacity, usage: { ...full, totalBytes: Number(capacity) } }), { ...growth, by, max }, now);
      if (next === undefined) return requested > capacity || capacity >= bytesOf(max);
      return next > capacity && next > requested && next <= bytesOf(max) && next % (1024n * 1024n) === 0n && bytesOf(sizeText(next)) === next;
    }),
  );
});

test('a part that is used is never said to be less than it is', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (usedBytes, availableBytes) => {
      const percent = usedPercent({ totalBytes: 0, usedBytes, availableBytes });
      return percent === undefined ? usedBytes + availableBytes === 0 : percent >= 0 && percent <= 100 && percent * (usedBytes + availableBytes) >= usedBytes * 100;
    }),
  );
});
