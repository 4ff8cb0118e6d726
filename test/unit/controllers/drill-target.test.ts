import { describe, expect, test } from '@jest/globals';
import { appRestoreSpec } from '../../../src/api/apprestore.js';
import type { CopyStatus } from '../../../src/api/appsnapshot.js';
import type { AppRestore, AppSnapshot, BackupTarget } from '../../../src/api/kinds.js';
import { copiesOf, type PolicyCopy } from '../../../src/controllers/volumepolicy/copies.js';
import { copyToDrill, drilledTarget, wrongTarget } from '../../../src/controllers/volumepolicy/drill/choose.js';
import { drillRestore } from '../../../src/controllers/volumepolicy/drill/objects.js';
import { restoreOf } from '../../../src/controllers/volumepolicy/drill/observe.js';
import { reportOf } from '../../../src/controllers/volumepolicy/report.js';
import { locationOf } from '../../../src/movers/place.js';
import { backupTarget, hex } from '../movers/fixtures.js';
import { DrillWorld } from './drill-world.js';
import { at, copyOfTick, readyStatus, volumePolicy } from './policy-fixtures.js';

const fromTarget = { cron: '0 * * * *', from: 'Target' };
const inTwo = { copies: [{ targetRef: { name: 's3' } }, { targetRef: { name: 'nas' } }] };
const policy = volumePolicy({ ...inTwo, verify: { ...fromTarget, targetRef: { name: 's3' } } });

/** A copy of a tick that stands like this in s3. */
function copied(hour: string, phase: CopyStatus['phase'], more: Partial<AppSnapshot['status']> = {}, spec: object = {}): AppSnapshot {
  const made = copyOfTick(policy, at(hour), readyStatus(at(hour), { ...more, copies: [{ target: 's3', phase, id: `id-${hour.slice(0, 2)}` }] }));
  return { ...made, spec: { ...made.spec, copies: [{ targetRef: { name: 's3' }, deletionPolicy: 'Retain' }], ...spec } };
}
const seen = (...snapshots: AppSnapshot[]): PolicyCopy[] => copiesOf(policy, snapshots, () => false);

describe('which target', () => {
  test('is the one that is named, or the only one; none for snapshots', () => {
    expect(drilledTarget(policy)).toBe('s3');
    expect(drilledTarget(volumePolicy({ copies: [{ targetRef: { name: 'nas' } }], verify: fromTarget }))).toBe('nas');
    expect(drilledTarget(volumePolicy({ ...inTwo, verify: { cron: '0 * * * *' } }))).toBeUndefined();
  });

  test('one to which no copies go is said', () => {
    const wrong = volumePolicy({ ...inTwo, verify: { ...fromTarget, targetRef: { name: 'other' } } });
    expect(wrongTarget(wrong)).toBe('spec.protection.verify.targetRef: copies of this policy do not go to BackupTarget other. Name one of spec.protection.copies: s3, nas.');
    expect(wrongTarget(policy)).toBeUndefined();
  });
});

describe('which copy', () => {
  test('is the newest that is complete there, also when it is verified, and when its snapshots are gone', () => {
    const verified = { verified: { at: '2026-11-29T09:30:00Z', by: 'shop/r', checks: 3 } };
    const copies = seen(copied('08:00', 'Complete'), copied('09:00', 'Complete', { ...verified, phase: 'Expired' }), copied('10:00', 'Copying'));
    expect(copyToDrill(copies, 's3')).toEqual({ copy: copies[1]!.name, target: 's3', recoveryPoint: 'id-09' });
    expect(copyToDrill(copies, undefined)).toEqual({ copy: copies[2]!.name });
  });

  test('none that is to be forgotten there, or is deleted', () => {
    const leaving = copied('09:00', 'Complete', {}, { forgetCopies: ['s3'] });
    const deleted = copied('10:00', 'Complete');
    const gone = { ...deleted, metadata: { ...deleted.metadata, deletionTimestamp: '2026-11-29T10:30:00Z' } };
    const copies = seen(copied('08:00', 'Complete'), leaving, gone);
    expect(copyToDrill(copies, 's3')).toMatchObject({ recoveryPoint: 'id-08' });
    expect(copyToDrill(copies.slice(1), 's3')).toBeUndefined();
  });
});

test('its restore is staged, one that the schema takes, and known by what it reads', () => {
  const drill = { due: '2026-11-29T11:00:00.000Z', copy: 'c', target: 's3', recoveryPoint: 'id-09', namespace: 'shop-drill-0123456789', phase: 'Running', begun: '2026-11-29T11:00:01.000Z', until: '2026-11-29T11:20:01.000Z' } as const;
  const restore = drillRestore(policy, drill, 'stillpoint-drill-0badcafe');
  expect(appRestoreSpec.parse(restore['spec']).from).toEqual({ targetRef: { name: 's3' }, recoveryPoint: 'id-09', staged: true });
  expect(restoreOf(restore as unknown as AppRestore, drill)).toMatchObject({ kind: 'ours' });
  expect(restoreOf(restore as unknown as AppRestore, { ...drill, recoveryPoint: 'id-08' })).toEqual({ kind: 'foreign' });
});

test('a copy that is in a target only, and was verified, is what the policy says of verified ones', () => {
  const verified = { verified: { at: '2026-11-29T09:30:00Z', by: 'shop/r', checks: 3, target: 's3' } };
  const copies = seen(copied('09:00', 'Complete', { ...verified, phase: 'Expired' }), copied('10:00', 'Copying'));
  const { change } = reportOf(policy, copies, { copy: undefined, drill: undefined, drills: undefined }, at('11:00'));
  expect(change).toMatchObject({ lastCopy: { name: copies[1]!.name }, lastVerified: { name: copies[0]!.name, verifiedAt: '2026-11-29T09:30:00Z' } });
});

describe('a drill of what is in a target', () => {
  const world = (status: 'True' | 'False' = 'True'): DrillWorld => {
    const made = new DrillWorld({ from: 'Target', targetRef: { name: 's3' } }, inTwo);
    const target = backupTarget({ encryptionKeySecretRef: { name: 'key' } });
    const conditions = [{ type: 'Ready', status, reason: status === 'True' ? 'TargetReady' : 'TargetUnreachable', message: 'as its check says', lastTransitionTime: '' }];
    made.put('backuptargets', { ...target, status: { repository: { location: locationOf(target), id: hex('a'), keySecret: 'key' }, conditions } } satisfies BackupTarget);
    for (const name of ['key', 'login']) made.put('secrets', { metadata: { name, namespace: 'shop' }, data: Object.fromEntries(['password', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((key) => [key, 'eA=='])) });
    for (const object of made.objects.values()) if (object['kind'] === 'AppSnapshot') Object.assign(object, { spec: { ...(object['spec'] as object), copies: [{ targetRef: { name: 's3' }, deletionPolicy: 'Retain' }] } });
    return made;
  };
  const complete = (made: DrillWorld): void => {
    for (const object of made.objects.values()) if (object['kind'] === 'AppSnapshot') Object.assign(object['status'] as object, { copies: [{ target: 's3', phase: 'Complete', id: 'the-id' }] });
  };
  const afterDrill = async (made: DrillWorld): Promise<void> => {
    await made.live(2);
    made.now = at('11:00:01');
    await made.live(40);
  };

  test('says where it has read it', async () => {
    const made = world();
    complete(made);
    await afterDrill(made);
    expect(made.noted).toMatchObject([{ from: 'Target', target: 's3', verified: true, reason: 'DrillPassed' }]);
    expect(made.condition('Verified')?.message).toContain('from BackupTarget s3, due at');
    expect(made.left).toEqual([]);
  });

  test('is due, and there is nothing in it yet', async () => {
    const made = world();
    await afterDrill(made);
    expect(made.condition('Verified')).toMatchObject({ status: 'Unknown', reason: 'NoCopyYet', message: 'A drill is due, and there is no copy that is complete in BackupTarget s3. It is begun when there is one.' });
    complete(made);
    await made.live(40);
    expect(made.noted).toMatchObject([{ from: 'Target', verified: true }]);
  });

  test('that cannot be read is not begun: of the copy nothing is known', async () => {
    const made = world('False');
    complete(made);
    await afterDrill(made);
    expect([made.noted, made.made]).toEqual([[], []]);
    expect(made.condition('Verified')).toMatchObject({ status: 'Unknown', reason: 'TargetUnreachable' });
  });
});
