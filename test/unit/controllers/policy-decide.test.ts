import { describe, expect, test } from '@jest/globals';
import { appSnapshotSpec } from '../../../src/api/appsnapshot.js';
import type { AppSnapshot, VolumePolicy } from '../../../src/api/kinds.js';
import type { VolumePolicyStatus } from '../../../src/api/volumepolicy.js';
import { copiesOf, copyName, copyObject } from '../../../src/controllers/volumepolicy/copies.js';
import { decide, type PolicyPlan } from '../../../src/controllers/volumepolicy/decide.js';
import { reportOf } from '../../../src/controllers/volumepolicy/report.js';
import { at, copyOfTick, created, readyStatus, volumePolicy } from './policy-fixtures.js';

const inForce: VolumePolicyStatus = { observedGeneration: 1, schedule: { cron: '*/10 * * * *', timeZone: 'UTC', since: created } };
const plan = (policy: VolumePolicy, now: string, snapshots: readonly AppSnapshot[] = [], used: readonly string[] = []): PolicyPlan =>
  decide({ object: policy, copies: copiesOf(policy, snapshots, (s) => used.includes(s.metadata.name)), now: at(now) });
const failed = (reason: string) => ({ phase: 'Failed' as const, conditions: [{ type: 'Ready', status: 'False' as const, reason, message: 'It did not work.', lastTransitionTime: created }] });

describe('copies of a policy', () => {
  const policy = volumePolicy();

  test('have a name that follows from policy and tick', () => {
    expect(copyName(policy.metadata, at('10:10'))).toMatch(/^nightly-20261129t1010-[0-9a-f]{8}$/);
    expect(copyName(policy.metadata, at('10:10'))).toBe(copyName({ ...policy.metadata, resourceVersion: '7' }, at('10:10')));
    expect(copyName({ ...policy.metadata, uid: 'another' }, at('10:10'))).not.toBe(copyName(policy.metadata, at('10:10')));
    const long = copyName({ ...policy.metadata, name: `${'a'.repeat(199)}.${'b'.repeat(53)}` }, at('10:10'));
    expect(long).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
    expect(long).toMatch(/^a{199}-2026/);
  });

  test('are AppSnapshots that their schema takes, without an owner and without labels of others', () => {
    const made = copyObject(volumePolicy({ consistency: { required: 'Frozen' }, volumeGroupSnapshotClassName: 'fast' }, undefined, { labels: { 'argocd.argoproj.io/instance': 'shop' } }), at('10:10'));
    expect(appSnapshotSpec.safeParse(made['spec']).error).toBeUndefined();
    expect(made['spec']).toMatchObject({ serviceAccountName: 'stillpoint', consistency: { required: 'Frozen', onUnmet: 'Fail' }, volumeGroupSnapshotClassName: 'fast' });
    expect(made.metadata).toEqual({
      name: copyName(policy.metadata, at('10:10')),
      namespace: 'shop',
      labels: { 'stillpoint.dev/policy': policy.metadata.uid },
      annotations: { 'stillpoint.dev/policy-name': 'nightly', 'stillpoint.dev/due-at': '2026-11-29T10:10:00.000Z' },
    });
  });

  test.each([
    ['by label', { labels: {} }],
    ['of another policy', { labels: { 'stillpoint.dev/policy': 'another' } }],
    ['under another name', { name: 'before-the-upgrade' }],
    ['with another time', { annotations: { 'stillpoint.dev/due-at': '2026-11-29T10:20:00.000Z' } }],
    ['without a time', { annotations: {} }],
    ['with an owner', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }] }],
  ])('are not those that somebody else has made: %s', (_, metadata) => {
    expect(copiesOf(policy, [copyOfTick(policy, at('10:10'), undefined, metadata)], () => false)).toEqual([]);
    expect(copiesOf(policy, [copyOfTick(policy, at('10:10'))], () => false)).toHaveLength(1);
  });
});

describe('decide', () => {
  test('first the schedule is noted, with what was due since the policy is there', () => {
    expect(plan(volumePolicy(), '10:30')).toEqual({ kind: 'adopt', schedule: { ...inForce.schedule, since: '2026-11-29T10:00:00.000Z' } });
  });

  test('another schedule counts from when it is seen', () => {
    const other = { schedule: { cron: '*/5 * * * *', timeZone: 'Europe/Berlin' } };
    expect(plan(volumePolicy(other, inForce), '10:33')).toEqual({ kind: 'adopt', schedule: { cron: '*/5 * * * *', timeZone: 'Europe/Berlin', since: '2026-11-29T10:33:00.000Z' } });
  });

  test('a copy is made when it is due, and not again', () => {
    const policy = volumePolicy({}, inForce);
    const name = copyName(policy.metadata, at('10:10'));
    expect(plan(policy, '10:09')).toEqual({ kind: 'settle', next: at('10:10'), remove: [], release: [] });
    expect(plan(policy, '10:10')).toEqual({ kind: 'copy', tick: at('10:10'), name, targets: [] });
    // Whether the object or the status is what is left of it.
    expect(plan(policy, '10:11', [copyOfTick(policy, at('10:10'), readyStatus(at('10:10')))])).toEqual({ kind: 'settle', next: at('10:20'), remove: [], release: [] });
    expect(plan(volumePolicy({}, { ...inForce, lastTick: { at: '2026-11-29T10:10:00.000Z', name } }), '10:11')).toEqual({ kind: 'settle', next: at('10:20'), remove: [], release: [] });
  });

  test('never two at once; then the last one that was missed', () => {
    const policy = volumePolicy({}, inForce);
    expect(plan(policy, '10:45', [copyOfTick(policy, at('10:10'), { phase: 'Planned' })])).toEqual({ kind: 'settle', next: at('10:50'), remove: [], release: [] });
    expect(plan(policy, '10:45', [copyOfTick(policy, at('10:10'), failed('HoldBroken'))])).toMatchObject({ kind: 'copy', tick: at('10:40') });
    expect(plan(policy, '10:45', [copyOfTick(policy, at('10:10'), { phase: 'Planned' }, { deletionTimestamp: created })])).toMatchObject({ kind: 'copy', tick: at('10:40') });
  });

  test('suspended: nothing is begun, and what was due meanwhile is not made up for', () => {
    const schedule = { cron: '*/10 * * * *', suspend: true };
    expect(plan(volumePolicy({ schedule }, inForce), '10:45')).toEqual({ kind: 'adopt', schedule: undefined });
    const paused = { observedGeneration: 2 };
    expect(plan(volumePolicy({ schedule }, paused), '10:45')).toEqual({ kind: 'settle', next: undefined, remove: [], release: [] });
    expect(plan(volumePolicy({}, paused), '10:55')).toMatchObject({ kind: 'adopt', schedule: { since: '2026-11-29T10:55:00.000Z' } });
  });

  test('too late is left out', () => {
    const policy = volumePolicy({ schedule: { cron: '*/10 * * * *', startingDeadline: '2m' } }, inForce);
    expect(plan(policy, '10:12')).toMatchObject({ kind: 'copy', tick: at('10:10') });
    expect(plan(policy, '10:13')).toEqual({ kind: 'settle', next: at('10:20'), remove: [], release: [] });
  });

  test.each([
    ['a range that runs backwards', { cron: '5-1 * * * *' }, /^spec\.protection\.schedule\.cron: .*larger.*Correct the expression\.$/],
    ['a day that never comes', { cron: '0 0 31 2 *' }, /^spec\.protection\.schedule\.cron: no day that it names ever comes/],
    ['what an older CRD let pass', { cron: '0 0 0 * * *' }, /^spec\.protection\.schedule\.cron: must be five fields/],
    ['a zone that is not known here', { cron: '0 0 * * *', timeZone: 'Mars/Base' }, /^spec\.protection\.schedule\.timeZone: must be the name of a time zone/],
  ])('%s is refused, with the field', (_, schedule, says) => {
    const policy = volumePolicy({}, inForce);
    const wrong = { ...policy, spec: { ...policy.spec, protection: { ...policy.spec.protection, schedule: { timeZone: 'UTC', suspend: false, ...schedule } } } };
    const decided = plan(wrong, '10:10');
    expect(decided.kind).toBe('invalid');
    expect(decided.kind === 'invalid' && decided.message).toMatch(says);
  });

  test('retention takes ready copies of this policy that nobody uses, oldest first, and of failed ones all but the last three', () => {
    const policy = volumePolicy({ retention: { last: 2 } }, inForce);
    const ticks = ['09:00', '09:10', '09:20', '09:30', '09:40', '09:50'].map(at);
    const ready = ticks.map((tick, i) => copyOfTick(policy, tick, readyStatus(tick, i === 1 ? { verified: { at: created, by: 'shop/drill', checks: 3 } } : {})));
    const broken = ['08:00', '08:10', '08:20', '08:30'].map((time) => copyOfTick(policy, at(time), failed('HoldBroken')));
    const used = [ready[2]?.metadata.name ?? ''];
    const decided = plan(policy, '10:05', [...ready, ...broken, { ...copyOfTick(policy, at('07:00')), metadata: { ...copyOfTick(policy, at('07:00')).metadata, name: 'by-hand' } }], used);
    expect(decided.kind === 'settle' && decided.remove.map((copy) => copy.due)).toEqual([at('08:00'), at('09:00'), at('09:30')]);
  });

  test('without copies nothing is made or removed, and the schedule is not in force any more', () => {
    const policy = volumePolicy({}, inForce);
    const bare: VolumePolicy = { ...policy, spec: { ...policy.spec, protection: undefined, growth: { whenUsedPercent: 80, by: '20%', max: '1Ti', cooldown: '10m' } } };
    expect(plan(bare, '10:10')).toEqual({ kind: 'adopt', schedule: undefined, drillSchedule: undefined });
    const settled = { ...bare, status: { observedGeneration: 1 } };
    expect(plan(settled, '10:10', ['09:00', '09:10', '09:20', '09:30'].map((time) => copyOfTick(bare, at(time), readyStatus(at(time)))))).toEqual({ kind: 'settle', next: undefined, remove: [], release: [] });
    expect(reportOf(settled, [], { copy: undefined, drill: undefined, drills: undefined }, at('10:10'))).toMatchObject({ verdict: { kind: 'ready', reason: 'Enforced' }, change: { copies: 0 }, conditions: [{ reason: 'NoObjective' }, { reason: 'NoTargets' }] });
  });

  test('a policy that is being deleted does nothing more: its copies stay', () => {
    expect(plan(volumePolicy({}, inForce, { deletionTimestamp: created }), '10:10')).toEqual({ kind: 'idle' });
  });
});

describe('report', () => {
  const report = (policy: VolumePolicy, now: string, snapshots: readonly AppSnapshot[], next?: number) => reportOf(policy, copiesOf(policy, snapshots, () => false), { copy: next, drill: undefined, drills: undefined }, at(now));

  test('newest copy, newest verified one and the next', () => {
    const policy = volumePolicy({ rpo: '15m' }, inForce);
    const [old, young] = [at('10:10'), at('10:20')].map((tick) => copyOfTick(policy, tick, readyStatus(tick)));
    const verified = { ...old!, status: readyStatus(at('10:10'), { verified: { at: '2026-11-29T10:15:00Z', by: 'shop/drill', checks: 3 } }) };
    expect(report(policy, '10:22', [verified, young!], at('10:30'))).toEqual({
      change: {
        lastCopy: { name: young!.metadata.name, at: '2026-11-29T10:20:01.000Z', grade: 'Frozen' },
        lastVerified: { name: verified.metadata.name, at: '2026-11-29T10:10:01.000Z', verifiedAt: '2026-11-29T10:15:00Z' },
        copies: 2,
        nextCopy: '2026-11-29T10:30:00.000Z',
        rpoSeconds: 900,
      },
      verdict: { kind: 'ready', reason: 'Scheduled', message: 'The next copy is begun at 2026-11-29T10:30:00.000Z.' },
      conditions: [
        { type: 'RPOMet', status: 'True', reason: 'WithinObjective', message: `The newest good copy, ${young!.metadata.name}, was cut at 2026-11-29T10:20:01.000Z; the objective of 15m holds until 2026-11-29T10:35:01.000Z.` },
        { type: 'Copied', status: 'Unknown', reason: 'NoTargets', message: 'spec.protection.copies is not set.' },
      ],
      missedAt: at('10:35:01'),
    });
  });

  test.each([
    ['no copy yet', '10:10', 'Unknown', 'NoCopyYet'],
    ['no copy, and the policy is older than its objective', '10:16', 'False', 'RPOMissed'],
  ])('%s', (_, now, status, reason) => {
    expect(report(volumePolicy({ rpo: '15m' }), now, []).conditions).toMatchObject([{ status, reason }, { type: 'Copied' }]);
  });

  test('a copy that is too old, and one that failed', () => {
    const policy = volumePolicy({ rpo: '15m' }, inForce);
    const copies = [copyOfTick(policy, at('10:10'), readyStatus(at('10:10'))), copyOfTick(policy, at('10:20'), failed('HoldBroken'))];
    const { conditions, verdict } = report(policy, '10:26', copies, at('10:30'));
    expect(conditions).toMatchObject([{ status: 'False', reason: 'RPOMissed' }, { type: 'Copied' }]);
    expect(verdict).toEqual({ kind: 'working', reason: 'CopyFailed', message: `AppSnapshot ${copies[1]!.metadata.name}, due at 2026-11-29T10:20:00.000Z, has failed: HoldBroken: It did not work.` });
  });

  test('a copy that waits for somebody is named, one that is on its way is not', () => {
    const policy = volumePolicy({}, inForce);
    const waiting = { ...failed('NamespaceNotServed'), phase: 'Pending' as const };
    expect(report(policy, '10:26', [copyOfTick(policy, at('10:10'), waiting)]).verdict).toMatchObject({ kind: 'working', reason: 'CopyWaiting' });
    expect(report(policy, '10:26', [copyOfTick(policy, at('10:10'), { ...failed('WaitingForTurn'), phase: 'Pending' })], at('10:30')).verdict).toMatchObject({ kind: 'ready', reason: 'Scheduled' });
    expect(report(policy, '10:26', []).conditions).toMatchObject([{ status: 'Unknown', reason: 'NoObjective' }, { type: 'Copied' }]);
  });

  test('conditions of drills come with a look at them, beside the others', () => {
    const stuck = { reason: 'RemovalStuck', message: 'It is still there.' };
    const { conditions } = reportOf(volumePolicy(), [], { copy: undefined, drill: undefined, drills: { stuck } }, at('10:00'));
    expect(conditions.map(({ type, reason }) => [type, reason])).toEqual([['RPOMet', 'NoObjective'], ['Copied', 'NoTargets'], ['Verified', 'NoDrills'], ['DrillRemoved', 'RemovalStuck']]);
  });
});
