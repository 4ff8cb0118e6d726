import { describe, expect, test } from '@jest/globals';
import { mostAtOnce, mostOvertaken, type Turn } from '../../e2e/many/order.js';

const turn = (key: string, more: Partial<Turn> = {}): Turn => ({ key, created: 0, asked: 10, opened: 100, closed: 200, ...more });

describe('windows open at once', () => {
  test('none of none', () => expect(mostAtOnce([])).toBe(0));

  test('as many as overlap at one moment, not as many as overlap with one', () => {
    expect(mostAtOnce([turn('a', { opened: 0, closed: 100 }), turn('b', { opened: 10, closed: 40 }), turn('c', { opened: 50, closed: 90 })])).toBe(2);
  });

  test('one that opens when another closes is not open beside it', () => {
    expect(mostAtOnce([turn('a', { opened: 0, closed: 100 }), turn('b', { opened: 100, closed: 200 })])).toBe(1);
  });
});

describe('windows that were overtaken', () => {
  test('none where older ones go first', () => {
    expect(mostOvertaken([turn('b', { created: 1, asked: 20, opened: 200 }), turn('a', { opened: 100 })])).toBe(0);
  });

  test('one that is older, asked before, and had to wait longer', () => {
    expect(mostOvertaken([turn('b', { created: 1, asked: 20, opened: 100 }), turn('a', { opened: 200 })])).toBe(1);
  });

  test('in the same second the name decides', () => {
    expect(mostOvertaken([turn('b', { asked: 20, opened: 100 }), turn('a', { opened: 200 })])).toBe(1);
    expect(mostOvertaken([turn('a', { asked: 20, opened: 100 }), turn('b', { opened: 200 })])).toBe(0);
  });

  test.each([['later', 30], ['never', undefined]] as const)('not one that has asked %s', (_, asked) => {
    expect(mostOvertaken([turn('b', { created: 1, asked: 20, opened: 100 }), turn('a', { asked, opened: 200 })])).toBe(0);
  });
});
