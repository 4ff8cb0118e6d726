import { describe, expect, test } from '@jest/globals';
import type { CopyStatus } from '../../../src/api/appsnapshot.js';
import { chooseCopy } from '../../../src/controllers/appsnapshot/copies/choose.js';
import { decide } from '../../../src/controllers/appsnapshot/decide.js';
import { begunCopy, readySnapshot, start } from './copies-fixtures.js';

const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();
const choose = (copies: CopyStatus[], targets: readonly string[] = copies.map((c) => c.target), spec = {}) => chooseCopy(readySnapshot(targets, { copies }, spec), start);
const running = begunCopy({ volumes: [{ claim: 'data', uid: 'u', phase: 'Copying', attempt: 1 }] });

describe('which copy is worked on', () => {
  test('none without targets', () => {
    expect(choose([], [])).toEqual({ kind: 'none' });
    expect(choose([{ target: 's3', phase: 'Complete' }, { target: 'nas', phase: 'Failed' }])).toEqual({ kind: 'none' });
  });
  test('the first that is open', () => {
    expect(choose([], ['s3', 'nas'])).toEqual({ kind: 'work', target: 's3' });
    expect(choose([{ target: 's3', phase: 'Complete' }], ['s3', 'nas'])).toEqual({ kind: 'work', target: 'nas' });
  });
  test('one that waits lets the next go on', () => {
    expect(choose([{ target: 's3', phase: 'Pending', retryAt: at(10) }, { target: 'nas', phase: 'Pending' }])).toEqual({ kind: 'work', target: 'nas' });
    expect(choose([{ target: 's3', phase: 'Pending', retryAt: at(10) }, { target: 'nas', phase: 'Pending', retryAt: at(7) }])).toEqual({ kind: 'wait', seconds: 7 });
  });
  test('one with movers at work before any other, also while a volume of it waits', () => {
    expect(choose([{ target: 'nas', phase: 'Pending' }, running])).toEqual({ kind: 'work', target: 's3' });
    expect(choose([{ target: 'nas', phase: 'Pending' }, { ...running, retryAt: at(60) }])).toEqual({ kind: 'work', target: 's3' });
  });
  test('one that could not seal comes after what runs elsewhere, and before what is not begun', () => {
    const troubled = begunCopy({ target: 'nas', phase: 'Sealing', retryAt: at(-1) });
    expect(choose([troubled, running])).toEqual({ kind: 'work', target: 's3' });
    expect(choose([{ target: 's3', phase: 'Pending' }, troubled])).toEqual({ kind: 'work', target: 'nas' });
    expect(choose([begunCopy({ target: 'nas', phase: 'Sealing' }), running])).toEqual({ kind: 'work', target: 'nas' });
  });
  test('suspended: what runs goes on, nothing is begun', () => {
    expect(choose([], ['s3'], { suspend: true })).toEqual({ kind: 'none' });
    expect(choose([running], ['s3'], { suspend: true })).toEqual({ kind: 'work', target: 's3' });
    expect(choose([begunCopy({ phase: 'Cleaning' })], ['s3'], { suspend: true })).toEqual({ kind: 'work', target: 's3' });
  });
});

describe('in the life of an AppSnapshot', () => {
  test('copies come when it is ready', () => {
    expect(decide({ object: readySnapshot(), now: start })).toEqual({ kind: 'copy', target: 's3' });
    expect(decide({ object: readySnapshot(['s3'], { phase: 'Graded' }), now: start })).toEqual({ kind: 'complete' });
  });
  test('what has expired is not copied any more', () => {
    const object = readySnapshot(['s3'], {}, { expiresAfter: '1m' });
    expect(decide({ object, now: start + 59_000 })).toEqual({ kind: 'copy', target: 's3' });
    expect(decide({ object, now: start + 60_000 })).toEqual({ kind: 'expire' });
  });
  test('of two times the sooner one', () => {
    const copies: CopyStatus[] = [{ target: 's3', phase: 'Pending', retryAt: at(10) }];
    expect(decide({ object: readySnapshot(['s3'], { copies }, { expiresAfter: '1m' }), now: start })).toEqual({ kind: 'wait', seconds: 10 });
    expect(decide({ object: readySnapshot(['s3'], { copies }, { expiresAfter: '1m' }), now: start + 55_000 })).toEqual({ kind: 'copy', target: 's3' });
  });

  describe('what is named in spec.forgetCopies', () => {
    const complete = (target: string): CopyStatus => ({ target, phase: 'Complete', id: 'set' });
    const plan = (copies: CopyStatus[], spec: object = {}, status: object = {}) => decide({ object: readySnapshot(['s3', 'nas'], { copies, ...status }, { forgetCopies: ['s3'], ...spec }), now: start });

    test('is removed before others are begun, but not beside movers of others', () => {
      expect(plan([complete('s3'), { target: 'nas', phase: 'Pending' }])).toEqual({ kind: 'forget', target: 's3' });
      expect(plan([complete('s3'), begunCopy({ target: 'nas', phase: 'Sealing' })])).toEqual({ kind: 'copy', target: 'nas' });
    });
    test('waits for its next try, while others are written', () => {
      const waits = { ...complete('s3'), retryAt: at(30) };
      expect(plan([waits, complete('nas')])).toEqual({ kind: 'wait', seconds: 30 });
      expect(plan([waits, { target: 'nas', phase: 'Pending' }])).toEqual({ kind: 'copy', target: 'nas' });
      expect(plan([waits, { target: 'nas', phase: 'Pending', retryAt: at(7) }])).toEqual({ kind: 'wait', seconds: 7 });
    });
    test('is removed while suspended, and when the data has expired or there never was any; then nothing is left to be done', () => {
      expect(plan([complete('s3'), complete('nas')], { suspend: true })).toEqual({ kind: 'forget', target: 's3' });
      for (const phase of ['Expired', 'Failed']) {
        expect(plan([complete('s3'), complete('nas')], {}, { phase, setId: undefined })).toEqual({ kind: 'forget', target: 's3' });
        expect(plan([{ target: 's3', phase: 'Forgotten' }, complete('nas')], {}, { phase, setId: undefined })).toEqual({ kind: 'idle' });
      }
      expect(plan([complete('s3'), complete('nas')], {}, { phase: 'Expired' })).toEqual({ kind: 'expire' });
    });
    test('of a target that the copy was not made for is nothing', () => {
      expect(plan([complete('s3'), complete('nas')], { forgetCopies: ['other'] })).toEqual({ kind: 'idle' });
    });
  });
});
