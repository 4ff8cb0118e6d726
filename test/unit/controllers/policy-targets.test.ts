import { describe, expect, test } from '@jest/globals';
import { appSnapshotSpec, type CopyStatus } from '../../../src/api/appsnapshot.js';
import type { AppSnapshot, VolumePolicy } from '../../../src/api/kinds.js';
import type { VolumePolicyStatus } from '../../../src/api/volumepolicy.js';
import { copiesOf, copyObject } from '../../../src/controllers/volumepolicy/copies.js';
import { decide, type PolicyPlan, type Release } from '../../../src/controllers/volumepolicy/decide.js';
import { offsiteOf } from '../../../src/controllers/volumepolicy/offsite.js';
import { at, copyOfTick, created, readyStatus, volumePolicy } from './policy-fixtures.js';

const inForce: VolumePolicyStatus = { observedGeneration: 1, schedule: { cron: '*/10 * * * *', timeZone: 'UTC', since: created } };
const to = (name: string, more: object = {}): object => ({ targetRef: { name }, ...more });
const plan = (policy: VolumePolicy, now: string, snapshots: readonly AppSnapshot[], used: readonly string[] = []): PolicyPlan =>
  decide({ object: policy, copies: copiesOf(policy, snapshots, (s) => used.includes(s.metadata.name)), now: at(now) });

/** A copy that is ready, or was, and how it stands in targets. */
function placed(policy: VolumePolicy, time: string, copies: readonly (Partial<CopyStatus> & { target: string })[], spec: object = {}, expired = false): AppSnapshot {
  const made = copyOfTick(policy, at(time));
  const full = copies.map((copy): CopyStatus => ({ phase: 'Complete', id: `set-${time}`, completedAt: `2026-11-29T${time}:30Z`, ...copy }));
  const status = readyStatus(at(time), { copies: full, ...(expired ? { phase: 'Expired' } : {}) });
  return { ...made, spec: appSnapshotSpec.parse({ ...made.spec, copies: copies.map(({ target }) => to(target)), ...spec }), status };
}

describe('a copy of a policy with targets', () => {
  test('is made for them, and outlives a deletion by mistake there', () => {
    const policy = volumePolicy({ copies: [to('s3'), to('nas', { cron: '0 3 * * *' })] }, inForce);
    const decided = plan(policy, '10:10', []);
    // The other one has none yet.
    expect(decided).toMatchObject({ kind: 'copy', targets: ['s3', 'nas'] });
    const made = copyObject(policy, at('10:10'), ['s3', 'nas']);
    expect(appSnapshotSpec.safeParse(made['spec']).error).toBeUndefined();
    expect((made['spec'] as { copies: unknown }).copies).toEqual(['s3', 'nas'].map((name) => to(name, { deletionPolicy: 'Retain' })));
  });

  test('goes to a target with a cadence only when that is due', () => {
    const policy = volumePolicy({ copies: [to('s3'), to('nas', { cron: '0 * * * *' })] }, inForce);
    const first = placed(policy, '10:10', [{ target: 's3' }, { target: 'nas' }]);
    expect(plan(policy, '10:20', [first])).toMatchObject({ kind: 'copy', targets: ['s3'] });
    expect(plan(policy, '11:00', [first])).toMatchObject({ kind: 'copy', targets: ['s3', 'nas'] });
    // One that has failed there, or was removed by hand, served nothing.
    const failed = placed(policy, '10:10', [{ target: 's3' }, { target: 'nas', phase: 'Failed', reason: 'UnsupportedVolume' }]);
    expect(plan(policy, '10:20', [failed])).toMatchObject({ kind: 'copy', targets: ['s3', 'nas'] });
    expect(plan(policy, '10:20', [{ ...first, spec: { ...first.spec, forgetCopies: ['nas'] } }])).toMatchObject({ kind: 'copy', targets: ['s3', 'nas'] });
    expect(plan(policy, '10:20', [copyOfTick(policy, at('10:10'), { phase: 'Failed' })])).toMatchObject({ kind: 'copy', targets: ['s3', 'nas'] });
  });

  test.each([
    ['a day that never comes', '0 0 31 2 *', /^spec\.protection\.copies\[1\]\.cron: no day that it names ever comes/],
    ['a range that runs backwards', '5-1 * * * *', /^spec\.protection\.copies\[1\]\.cron: .*larger.*Correct the expression\.$/],
  ])('%s is refused, with the field', (_, cron, says) => {
    const decided = plan(volumePolicy({ copies: [to('s3'), to('nas', { cron })] }, inForce), '10:10', []);
    expect(decided.kind === 'invalid' && decided.message).toMatch(says);
  });
});

describe('what a policy lets go', () => {
  const released = (decided: PolicyPlan): [number, Pick<Release, 'snapshots' | 'targets'>][] => (decided.kind === 'settle' ? decided.release : []).map(({ copy, snapshots, targets }) => [copy.due, { snapshots, targets }]);
  const removed = (decided: PolicyPlan): number[] => (decided.kind === 'settle' ? decided.remove : []).map(({ due }) => due);
  const policy = volumePolicy({ retention: { last: 1 }, copies: [to('s3', { retention: { last: 3 } }), to('nas')] }, inForce);
  const both = [{ target: 's3' }, { target: 'nas' }];

  test('snapshots by the retention of the policy, copies by those of their targets, the object when nothing is left', () => {
    const copies = [
      placed(policy, '09:00', [{ target: 's3', phase: 'Forgotten' }, { target: 'nas', phase: 'Forgotten' }], {}, true),
      placed(policy, '09:10', both, {}, true),
      placed(policy, '09:20', both),
      placed(policy, '09:30', both),
      placed(policy, '09:40', both),
    ];
    const decided = plan(policy, '10:05', copies);
    expect(released(decided)).toEqual([
      [at('09:10'), { snapshots: false, targets: ['s3', 'nas'] }],
      [at('09:20'), { snapshots: true, targets: ['nas'] }],
      [at('09:30'), { snapshots: true, targets: ['nas'] }],
    ]);
    expect(removed(decided)).toEqual([at('09:00')]);
  });

  test('what was asked for already is not asked for again', () => {
    const copies = [placed(policy, '09:20', both, { expiresAfter: '1m', forgetCopies: ['nas'] }), placed(policy, '09:30', both)];
    expect(plan(policy, '10:05', copies)).toMatchObject({ kind: 'settle', remove: [], release: [] });
  });

  test('nothing of a copy that a restore uses', () => {
    const copies = [placed(policy, '09:20', both), placed(policy, '09:30', both)];
    expect(plan(policy, '10:05', copies, [copies[0]!.metadata.name])).toMatchObject({ kind: 'settle', remove: [], release: [] });
  });

  test('one that somebody has taken out of a target does not count there', () => {
    const copies = [placed(policy, '09:20', both), placed(policy, '09:30', both, { forgetCopies: ['nas'] })];
    expect(released(plan(policy, '10:05', copies))).toEqual([[at('09:20'), { snapshots: true, targets: [] }]]);
  });

  test('failed ones as before: the last three stay', () => {
    const copies = ['08:00', '08:10', '08:20', '08:30'].map((time) => ({ ...copyOfTick(policy, at(time), { phase: 'Failed' as const }), spec: placed(policy, time, both).spec }));
    expect(removed(plan(policy, '10:05', copies))).toEqual([at('08:00')]);
  });
});

describe('how a policy stands outside the storage', () => {
  const policy = volumePolicy({ copies: [to('s3'), to('nas')] }, inForce);
  const offsite = (snapshots: readonly AppSnapshot[], object = policy) => offsiteOf(object, copiesOf(object, snapshots, () => false));
  const trouble = { phase: 'Pending' as const, id: undefined, completedAt: undefined, reason: 'BackupTargetNotReady', message: 'BackupTarget nas is not ready: TargetUnreachable: no answer' };

  test('each target, and the one that is furthest behind', () => {
    const copies = [placed(policy, '09:20', [{ target: 's3' }, { target: 'nas' }]), placed(policy, '09:30', [{ target: 's3' }, { target: 'nas', phase: 'Copying', completedAt: undefined }])];
    const { change, copied } = offsite(copies);
    expect(change).toEqual({
      targets: [
        { target: 's3', copies: 2, lastCopy: { name: copies[1]!.metadata.name, at: '2026-11-29T09:30:01.000Z', completedAt: '2026-11-29T09:30:30Z' } },
        { target: 'nas', copies: 1, lastCopy: { name: copies[0]!.metadata.name, at: '2026-11-29T09:20:01.000Z', completedAt: '2026-11-29T09:20:30Z' } },
      ],
      lastOffsite: { target: 'nas', name: copies[0]!.metadata.name, at: '2026-11-29T09:20:01.000Z' },
    });
    expect(copied).toMatchObject({ status: 'True', reason: 'CopiesComplete' });
  });

  test('trouble since the newest complete one is said, earlier trouble is over', () => {
    const copies = [placed(policy, '09:10', [{ target: 's3' }, { target: 'nas' }]), placed(policy, '09:20', [{ target: 's3', ...trouble, phase: 'Failed' }, { target: 'nas', ...trouble }]), placed(policy, '09:30', [{ target: 's3' }, { target: 'nas', phase: 'Pending', id: undefined }])];
    const { change, copied } = offsite(copies);
    expect(change.targets?.map(({ target, reason }) => [target, reason])).toEqual([['s3', undefined], ['nas', 'BackupTargetNotReady']]);
    expect(copied).toMatchObject({ status: 'False', reason: 'BackupTargetNotReady' });
    expect(copied.message).toContain('TargetUnreachable: no answer');
  });

  test('nothing is promised of a target that has none yet, nor of what is being removed, nor without targets', () => {
    const copies = [placed(policy, '09:20', [{ target: 's3' }, { target: 'nas' }], { forgetCopies: ['nas'] })];
    expect(offsite(copies).change.lastOffsite).toBeUndefined();
    expect(offsite(copies).copied).toMatchObject({ status: 'Unknown', reason: 'NoCopyYet' });
    expect(offsite(copies, volumePolicy({}, inForce))).toMatchObject({ change: { targets: undefined, lastOffsite: undefined }, copied: { status: 'Unknown', reason: 'NoTargets' } });
  });

  test('a copy whose snapshots are gone still counts there', () => {
    const gone = placed(policy, '09:20', [{ target: 's3' }, { target: 'nas' }], {}, true);
    expect(offsite([gone]).change.lastOffsite).toEqual({ target: 's3', name: gone.metadata.name, at: '2026-11-29T09:20:01.000Z' });
  });
});
