import { describe, expect, test } from '@jest/globals';
import type { BackupTargetStatus } from '../../../src/api/backuptarget.js';
import { decide } from '../../../src/controllers/backuptarget/decide.js';
import { backupTarget } from '../movers/fixtures.js';

const at = (time: string): number => Date.parse(`2026-11-29T${time}Z`);
const startedAt = '2026-11-29T10:00:00Z';
const plan = (status: BackupTargetStatus | undefined, now: string, more: Partial<ReturnType<typeof backupTarget>['metadata']> = {}, spec = {}) => {
  const object = backupTarget(spec, status);
  return decide({ object: { ...object, metadata: { ...object.metadata, ...more } }, now: at(now) });
};
const ended = { round: 3, generation: 1, startedAt, endedAt: startedAt };

describe('a BackupTarget', () => {
  test('is checked at once', () => {
    expect(plan(undefined, '10:00:00')).toEqual({ kind: 'begin', round: 1 });
  });
  test('a check that runs is looked at, whatever else is so', () => {
    expect(plan({ check: { round: 3, generation: 1, startedAt } }, '23:00:00')).toEqual({ kind: 'watch', round: 3 });
    expect(plan({ check: { round: 3, generation: 1, startedAt } }, '10:00:00', {}, { suspend: true })).toEqual({ kind: 'watch', round: 3 });
  });
  test('a check of an older spec is given up', () => {
    expect(plan({ check: { round: 3, generation: 1, startedAt } }, '10:00:01', { generation: 2 })).toEqual({ kind: 'abandon', round: 3 });
  });
  test('is checked again after its time, or when its spec has changed', () => {
    expect(plan({ check: ended }, '10:59:59')).toEqual({ kind: 'wait', seconds: 1 });
    expect(plan({ check: ended }, '11:00:00')).toEqual({ kind: 'begin', round: 4 });
    expect(plan({ check: ended }, '10:00:01', { generation: 2 })).toEqual({ kind: 'begin', round: 4 });
  });
  test('after a failure sooner, then later and later', () => {
    const wait = (failures: number): number => {
      const next = plan({ check: ended, failures }, '10:00:00');
      return next.kind === 'wait' ? next.seconds : 0;
    };
    expect([1, 2, 3, 9].map(wait)).toEqual([15, 30, 60, 300]);
  });
  test('suspended and deleted: nothing is begun', () => {
    expect(plan(undefined, '10:00:00', {}, { suspend: true })).toEqual({ kind: 'suspended' });
    expect(plan(undefined, '10:00:00', { deletionTimestamp: startedAt })).toEqual({ kind: 'idle' });
  });
});
