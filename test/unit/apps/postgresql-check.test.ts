import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkCopy, isGood } from '../../apps/postgresql/check.js';
import type { Window } from '../../apps/postgresql/check.js';
import { parseLog } from '../../apps/postgresql/history.js';
import type { Acknowledgement, Row, WriteError } from '../../apps/postgresql/history.js';
import { Summary } from '../../apps/postgresql/summary.js';

interface History {
  acknowledgements: Acknowledgement[];
  window: Window;
  /** What a good copy holds. */
  rows: Row[];
}

/** Writers at their own pace; the window lies in the middle, and nothing is sent or answered inside it. */
const histories: fc.Arbitrary<History> = fc
  .record({
    paces: fc.array(fc.double({ min: 1, max: 9, noNaN: true }), { minLength: 1, maxLength: 5 }),
    heldAt: fc.double({ min: 100, max: 200, noNaN: true }),
    length: fc.double({ min: 0, max: 50, noNaN: true }),
  })
  .map(({ paces, heldAt, length }) => {
    const window = { heldAt, releasedAt: heldAt + length };
    const acknowledgements: Acknowledgement[] = [];
    paces.forEach((pace, writer) => {
      let at = writer / 10;
      for (let n = 1; at < 400; n++) {
        const sentAt = at;
        at += pace;
        // What would be answered inside the window is answered after it: the database stands still.
        if (at >= heldAt && at <= window.releasedAt) at = window.releasedAt + 0.01;
        acknowledgements.push({ writer, n, sentAt, ackedAt: at });
      }
    });
    acknowledgements.sort((a, b) => a.ackedAt - b.ackedAt);
    return { acknowledgements, window, rows: acknowledgements.filter((a) => a.ackedAt < heldAt).map(({ writer, n }) => ({ writer, n })) };
  });

const withChoice = fc.tuple(histories, fc.nat());
const pick = <T>(list: readonly T[], choice: number): T => list[choice % list.length]!;

describe('checkCopy', () => {
  it('finds nothing in a good copy', () => {
    fc.assert(
      fc.property(histories, ({ acknowledgements, window, rows }) => {
        const result = checkCopy(acknowledgements, [], window, rows);
        expect(isGood(result)).toBe(true);
        expect(result.acknowledgedBeforeCut).toBe(rows.length);
      }),
    );
  });

  it('accepts a row that was under way when the database stood still', () => {
    fc.assert(
      fc.property(histories, ({ acknowledgements, window, rows }) => {
        const underWay = acknowledgements.filter((a) => a.sentAt < window.heldAt && a.ackedAt > window.releasedAt);
        expect(isGood(checkCopy(acknowledgements, [], window, [...rows, ...underWay]))).toBe(true);
      }),
    );
  });

  it('reports every acknowledged row that is missing', () => {
    fc.assert(
      fc.property(withChoice, ([{ acknowledgements, window, rows }, choice]) => {
        const victim = pick(rows, choice);
        const result = checkCopy(acknowledgements, [], window, rows.filter((row) => row !== victim));
        expect(result.lost).toEqual([victim]);
        expect(isGood(result)).toBe(false);
      }),
    );
  });

  it('reports a hole even among rows that the window does not protect', () => {
    fc.assert(
      fc.property(histories, ({ acknowledgements, rows }) => {
        const last = rows.findLast((row) => row.n > 1)!;
        const hole = { writer: last.writer, n: last.n - 1 };
        const early = { heldAt: 0, releasedAt: 1e9 };
        const result = checkCopy(acknowledgements, [], early, rows.filter((row) => row.writer !== hole.writer || row.n !== hole.n));
        expect(result.gaps).toEqual([hole]);
        expect(result.lost).toEqual([]);
      }),
    );
  });

  it('reports a row that was sent after the release', () => {
    fc.assert(
      fc.property(withChoice, ([{ acknowledgements, window, rows }, choice]) => {
        const late = pick(acknowledgements.filter((a) => a.sentAt > window.releasedAt), choice);
        const result = checkCopy(acknowledgements, [], window, [...rows, { writer: late.writer, n: late.n }]);
        expect(result.extra).toEqual([{ writer: late.writer, n: late.n }]);
      }),
    );
  });

  it('reports duplicates and rows that nobody sent', () => {
    fc.assert(
      fc.property(withChoice, ([{ acknowledgements, window, rows }, choice]) => {
        const twice = pick(rows, choice);
        expect(checkCopy(acknowledgements, [], window, [...rows, twice]).duplicates).toEqual([twice]);
        const invented = { writer: 99, n: 1 };
        expect(checkCopy(acknowledgements, [], window, [...rows, invented]).unknown).toEqual([invented]);
      }),
    );
  });

  const window = { heldAt: 10, releasedAt: 20 };
  const acknowledged = (n: number, sentAt: number, ackedAt: number): Acknowledgement => ({ writer: 1, n, sentAt, ackedAt });

  it('lets the fate of a failed insert be open, unless it was sent after the release', () => {
    const failed: WriteError = { writer: 1, n: 2, sentAt: 3, at: 4, error: 'connection reset' };
    const acks = [acknowledged(1, 1, 2), acknowledged(3, 5, 6)];
    const rows = [1, 3].map((n) => ({ writer: 1, n }));
    expect(isGood(checkCopy(acks, [failed], window, rows))).toBe(true);
    expect(isGood(checkCopy(acks, [failed], window, [...rows, { writer: 1, n: 2 }]))).toBe(true);
    const late = { ...failed, n: 4, sentAt: 30 };
    expect(checkCopy(acks, [late], window, [...rows, { writer: 1, n: 4 }]).extra).toEqual([{ writer: 1, n: 4 }]);
  });

  it('proves nothing without an acknowledgement before the window', () => {
    expect(isGood(checkCopy([acknowledged(1, 30, 31)], [], window, []))).toBe(false);
    expect(isGood(checkCopy([], [], window, []))).toBe(false);
  });

  it('refuses a window that ends before it begins', () => {
    expect(() => checkCopy([], [], { heldAt: 2, releasedAt: 1 }, [])).toThrow(RangeError);
  });
});

describe('parseLog', () => {
  it('takes acknowledgements and errors apart and leaves out an unfinished line', () => {
    const ack = { writer: 1, n: 1, sentAt: 1, ackedAt: 2 };
    const error = { writer: 1, at: 3, error: 'x' };
    const text = `${JSON.stringify(ack)}\n${JSON.stringify(error)}\n{"writer":1,"n":2,`;
    expect(parseLog(text)).toEqual({ acknowledgements: [ack], errors: [error] });
  });

  it('does not pass over a broken line', () => {
    expect(() => parseLog('{"writer":1\n{"writer":2}\n')).toThrow(SyntaxError);
  });
});

describe('Summary', () => {
  it('finds the longest time without an acknowledgement', () => {
    const summary = new Summary();
    for (const ackedAt of [5, 6, 40, 41]) summary.add({ writer: 1, n: ackedAt, sentAt: ackedAt - 1, ackedAt });
    summary.add({ writer: 1, at: 42, error: 'x' });
    expect(summary.result()).toEqual({ acknowledgements: 4, errors: 1, longestGapMs: 34, longestGapFrom: 6 });
  });
});
