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
const ended = { task: 'Check' as const, round: 3, generation: 1, startedAt, endedAt: startedAt };

describe('a BackupTarget', () => {
  test('is checked at once', () => {
    expect(plan(undefined, '10:00:00')).toEqual({ kind: 'begin', round: 1, task: 'Check' });
  });
  test('a check that runs is looked at, whatever else is so', () => {
    expect(plan({ check: { task: 'Check' as const, round: 3, generation: 1, startedAt } }, '23:00:00')).toEqual({ kind: 'watch', round: 3 });
    expect(plan({ check: { task: 'Check' as const, round: 3, generation: 1, startedAt } }, '10:00:00', {}, { suspend: true })).toEqual({ kind: 'watch', round: 3 });
  });
  test('a check of an older spec is given up', () => {
    expect(plan({ check: { task: 'Check' as const, round: 3, generation: 1, startedAt } }, '10:00:01', { generation: 2 })).toEqual({ kind: 'abandon', round: 3 });
  });
  test('is checked again after its time, or when its spec has changed', () => {
    expect(plan({ check: ended }, '10:59:59')).toEqual({ kind: 'wait', seconds: 1 });
    expect(plan({ check: ended }, '11:00:00')).toEqual({ kind: 'begin', round: 4, task: 'Check' });
    expect(plan({ check: ended }, '10:00:01', { generation: 2 })).toEqual({ kind: 'begin', round: 4, task: 'Check' });
  });
  test('after a failure sooner, then later and later', () => {
    const wait = (failures: number): number => {
      const next = plan({ check: ended, failures }, '10:00:00');
      return next.kind === 'wait' ? next.seconds : 0;
    };
    expect([1, 2, 3, 9].map(wait)).toEqual([15, 30, 60, 300]);
  });
  test('not ready though no check has failed, it is checked now, before any maintenance', () => {
    const hourly = { maintenance: { pruneEvery: '1h', verifyEvery: '2h', readPercent: 5 }, checkEvery: '168h' };
    expect(plan({ phase: 'NotReady', check: ended, failures: 0, lastReachable: startedAt }, '11:00:00', { creationTimestamp: startedAt }, hourly)).toEqual({ kind: 'begin', round: 4, task: 'Check' });
    expect(plan({ phase: 'NotReady', check: ended, failures: 1 }, '10:00:14')).toEqual({ kind: 'wait', seconds: 1 });
    expect(plan({ phase: 'Ready', check: ended, failures: 0, lastReachable: startedAt }, '10:30:00')).toMatchObject({ kind: 'wait' });
  });
  test('maintenance comes when it is due, and the target is well', () => {
    const hourly = { maintenance: { pruneEvery: '1h', verifyEvery: '2h', readPercent: 5 }, checkEvery: '168h' };
    const maintained = (maintenance: BackupTargetStatus['maintenance'], now: string, more: Partial<BackupTargetStatus> = {}) => plan({ check: ended, maintenance, ...more }, now, { creationTimestamp: startedAt }, hourly);
    const good = (time: string) => ({ endedAt: `2026-11-29T${time}Z`, succeeded: true });
    expect(maintained(undefined, '10:59:59')).toEqual({ kind: 'wait', seconds: 1 });
    expect(maintained(undefined, '11:00:00')).toEqual({ kind: 'begin', round: 4, task: 'Prune' });
    expect(maintained({ prune: good('11:10:00') }, '12:00:00')).toEqual({ kind: 'begin', round: 4, task: 'Verify' });
    expect(maintained({ prune: good('11:10:00'), verify: good('12:05:00') }, '12:09:59')).toEqual({ kind: 'wait', seconds: 1 });
    expect(maintained({ prune: good('11:10:00'), verify: good('12:05:00') }, '12:10:00')).toMatchObject({ task: 'Prune' });
    expect(maintained(undefined, '11:00:00', { failures: 1, check: { ...ended, endedAt: '2026-11-29T10:59:59Z' } })).toMatchObject({ kind: 'wait' });
  });
  test('maintenance does not put the next check off', () => {
    const pruned = { ...ended, task: 'Prune' as const, endedAt: '2026-11-29T10:59:30Z' };
    expect(plan({ check: pruned, lastReachable: startedAt, maintenance: { prune: { endedAt: pruned.endedAt, succeeded: true } } }, '11:00:00')).toEqual({ kind: 'begin', round: 4, task: 'Check' });
  });
  test('what is damaged is not pruned, and is verified again after an hour', () => {
    const spec = { maintenance: { pruneEvery: '1h', verifyEvery: '24h', readPercent: 5 }, checkEvery: '168h' };
    const damaged = { verify: { endedAt: startedAt, succeeded: false } };
    expect(plan({ check: ended, maintenance: damaged }, '10:59:59', {}, spec)).toMatchObject({ kind: 'wait' });
    expect(plan({ check: ended, maintenance: damaged }, '11:00:00', {}, spec)).toMatchObject({ task: 'Verify' });
  });
  test('suspended and deleted: nothing is begun', () => {
    expect(plan(undefined, '10:00:00', {}, { suspend: true })).toEqual({ kind: 'suspended' });
    expect(plan(undefined, '10:00:00', { deletionTimestamp: startedAt })).toEqual({ kind: 'idle' });
  });
});
