import { describe, expect, test } from '@jest/globals';
import type { Check } from '../../../src/api/common.js';
import { compareLsn, lsnOffset } from '../../../src/hooks/postgresql/lsn.js';
import { parseRecord } from '../../../src/hooks/postgresql/record.js';
import { walChecks } from '../../../src/hooks/postgresql/wal-checks.js';

/** Lines as pg_waldump 15 prints them. */
const message = (lsn: string, setId: string): string =>
  `message=rmgr: LogicalMessage len (rec/tot):     66/    66, tx:        727, lsn: ${lsn}, prev 0/01A408E8, desc: MESSAGE transactional, prefix "stillpoint"; payload (${setId.length} bytes): ${Buffer.from(setId).toString('hex').toUpperCase().replace(/(..)(?=.)/g, '$1 ')}`;
const last = 'last=rmgr: Transaction len (rec/tot):     34/    34, tx:        741, lsn: 0/01A43CC0, prev 0/01A43C88, desc: COMMIT 2026-11-23 21:40:00 UTC';
const stopped = 'stopped=pg_waldump: error: error in WAL record at 0/1A43CC0: invalid record length at 0/1A43CE8: wanted 24, got 0';
const text = (...lines: string[]): string => ['set=set-1', 'state=in production', ...lines, 'end=1', ''].join('\n');
const whole = text(message('0/01A40A00', 'set-1'), last, stopped);

const positions = { markerFrom: '0/1A40A00', marker: '0/1A40A48', releasedInserted: '0/1A50000' };
const outcomes = (checks: readonly Check[]): string[] => checks.map((c) => c.outcome);

describe('positions', () => {
  test('compare as numbers of 64 bits', () => {
    expect(lsnOffset('1/0')).toBe(2n ** 32n);
    expect(compareLsn('A/0', '9/FFFFFFFF')).toBe(1);
    expect(compareLsn('0/1A40A48', '0/01a40a48')).toBe(0);
    expect(() => lsnOffset('')).toThrow(RangeError);
  });
});

describe('record of the WAL of a copy', () => {
  test('is read as pg_waldump printed it', () => {
    expect(parseRecord(whole)).toEqual({ setId: 'set-1', markers: [{ lsn: '0/1A40A00', setId: 'set-1' }], redo: undefined, last: '0/1A43CC0', problem: undefined });
  });

  test('one that was cut off is none', () => {
    expect(parseRecord(whole.replace('end=1', ''))).toBeUndefined();
    expect(parseRecord('')).toBeUndefined();
  });

  test('proves the marker, the end before the release, and the replay', () => {
    expect(outcomes(walChecks('set-1', positions, parseRecord(whole), '0/1A43D60'))).toEqual(['Passed', 'Passed', 'Passed']);
  });

  test.each([
    ['no record at all', undefined],
    ['a record of another copy', whole.replace('set=set-1', 'set=set-9')],
    ['a tool that could not open the log', text(message('0/01A40A00', 'set-1'), last, 'stopped=pg_waldump: error: could not open file "000000010000000000000001": Permission denied')],
    ['an image without the tool', text('missing=pg_waldump')],
  ])('%s leaves all three Unknown', (_, given) => {
    expect(outcomes(walChecks('set-1', positions, given === undefined ? undefined : parseRecord(given), '0/1A43D60'))).toEqual(['Unknown', 'Unknown', 'Unknown']);
  });

  test.each([
    ['absent', text(last, stopped)],
    ['of another copy', text(message('0/01A40A00', 'set-2'), last, stopped)],
    ['elsewhere', text(message('0/01A40B00', 'set-1'), last, stopped)],
  ])('a marker that is %s fails', (_, given) => {
    expect(outcomes(walChecks('set-1', positions, parseRecord(given), '0/1A43D60'))[0]).toBe('Failed');
  });

  test('a checkpoint after the marker proves it as well, one before it does not', () => {
    const after = walChecks('set-1', positions, parseRecord(text('redo=0/1A40A48', last, stopped)), '0/1A43D60');
    expect(outcomes(after)).toEqual(['Passed', 'Passed', 'Passed']);
    expect(outcomes(walChecks('set-1', positions, parseRecord(text('redo=0/1A40A47', last, stopped)), '0/1A43D60'))[0]).toBe('Failed');
    expect(outcomes(walChecks('set-1', positions, parseRecord(text('redo=', last, stopped)), '0/1A43D60'))[0]).toBe('Failed');
  });

  test('WAL written after the release fails, and so does the marker of a later copy', () => {
    const tight = { ...positions, releasedInserted: '0/1A43CC0' };
    expect(outcomes(walChecks('set-1', tight, parseRecord(whole), '0/1A43D60'))).toEqual(['Passed', 'Failed', 'Passed']);
    const later = text(message('0/01A40A00', 'set-1'), message('0/01A42000', 'set-2'), last, stopped);
    expect(outcomes(walChecks('set-1', positions, parseRecord(later), '0/1A43D60'))).toEqual(['Passed', 'Failed', 'Passed']);
  });

  test('a server that stopped its replay early fails; unknown positions never pass', () => {
    expect(outcomes(walChecks('set-1', positions, parseRecord(whole), '0/1A40A48'))).toEqual(['Passed', 'Passed', 'Failed']);
    expect(outcomes(walChecks('set-1', {}, parseRecord(whole), '0/1A43D60'))).toEqual(['Unknown', 'Unknown', 'Passed']);
  });
});
