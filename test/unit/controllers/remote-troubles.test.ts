import { describe, expect, test } from '@jest/globals';
import type { AppRestore } from '../../../src/api/kinds.js';
import { hex } from '../movers/fixtures.js';
import { appRestore } from './apprestore-fixtures.js';
import { error } from './mover-world.js';
import { listedPoint, recoveryPointOf, remoteRestore } from './remote-fixtures.js';
import { RemoteWorld, success, type Fate } from './remote-world.js';

const reasonOf = (world: RemoteWorld): { reason: string; message: string } | undefined => world.restore?.status?.conditions?.find(({ type }) => type === 'Ready');
const contents = (world: RemoteWorld): string[] => world.of('persistentvolumeclaims').map(({ metadata }) => world.filled.get(metadata.uid ?? '') ?? 'nothing');

describe('from a target that has not passed its check', () => {
  const checked = (reason: string): RemoteWorld => {
    const world = new RemoteWorld(remoteRestore());
    (world.objects.get('backuptargets/s3')!['status'] as { conditions: object[] }).conditions[0] = { type: 'Ready', status: 'False', reason, message: 'as the check says', lastTransitionTime: '' };
    return world;
  };

  test.each(['TargetLocked', 'TargetFull', 'TargetNotWritable', 'TargetNotLocked', 'TargetCredentialsWrong', 'TargetDamaged', 'MoverFailed'])('%s: it is read all the same', async (reason) => {
    const world = checked(reason);
    await world.live(60);
    expect(world.restore?.status?.phase).toBe('Ready');
    expect(contents(world)).toEqual([hex('1'), hex('2')]);
  });

  test.each(['TargetKeyWrong', 'TargetUnreachable', 'TargetRepositoryGone', 'TargetBucketMissing', 'TargetSecretMissing', 'Checking', 'Suspended'])('%s: no mover is made', async (reason) => {
    const world = checked(reason);
    await world.live(12);
    expect(reasonOf(world)).toMatchObject({ reason: reason.startsWith('Target') ? reason : 'BackupTargetNotReady', message: expect.stringContaining('as the check says') as unknown });
    expect(world.made).toEqual([]);
  });

  test('credentials that may not read either: what the reader is told, it says', async () => {
    const world = new RemoteWorld(remoteRestore(), () => ({ ok: false, code: 'TargetCredentialsWrong', message: 'AccessDenied' }));
    await world.live(12);
    expect(reasonOf(world)).toMatchObject({ reason: 'TargetCredentialsWrong', message: expect.stringContaining('AccessDenied') as unknown });
  });
});

describe('a recovery point that is removed after it was listed', () => {
  const gone = { ok: false, code: 'RecoveryPointNotFound', message: 'failed to find snapshot: no matching ID found for prefix' } as const;
  const without: Fate = { ok: true, repositoryId: hex('a'), points: [listedPoint('point-1', 9)], total: 1 };
  const worldOf = (from: Partial<AppRestore['spec']['from']>): RemoteWorld => {
    const world = new RemoteWorld(remoteRestore(from), (request, n) => (n === 2 ? gone : n > 2 && request.task.verb === 'list' ? without : success(request)));
    world.point = recoveryPointOf('point-1');
    return world;
  };

  test('latest is the next one then, by a list of its own', async () => {
    const world = worldOf({});
    await world.live(60);
    expect(world.restore?.status).toMatchObject({ phase: 'Ready', source: { setId: 'point-1' } });
    expect(world.made.map(({ request }) => request.task.verb)).toEqual(['list', 'fetch', 'list', 'fetch', 'restore', 'restore']);
    expect(new Set(world.names).size).toBe(6);
    expect(world.notes).toContain('Recovery point point-2 was removed from s3:https://s3.example/copies/shop after it was listed. Another one is chosen.');
  });

  test('one that is named by its id is said to be removed, and no other is taken', async () => {
    const world = worldOf({ recoveryPoint: 'point-2' });
    await world.live(20);
    expect(world.notes).toContain('spec.from.recoveryPoint: Recovery point point-2 was removed from s3:https://s3.example/copies/shop after it was listed.');
    expect(reasonOf(world)).toMatchObject({ reason: 'RecoveryPointNotFound', message: expect.stringContaining('The newest of 1: point-1') as unknown });
    expect(world.restore?.status?.transfer).toMatchObject({ phase: 'Listing' });
    expect(world.made.filter(({ request }) => request.task.verb === 'fetch')).toHaveLength(1);
  });
});

describe('beside another restore into the namespace', () => {
  const claim = { claim: 'data-pg-0', snapshotId: hex('1') };
  const beside = (volume: object, existing: 'Skip' | 'Fail' | 'Adopt' = 'Skip', phase: 'Failed' | 'RestoringVolumes' | 'Ready' = 'Failed'): RemoteWorld => {
    const world = new RemoteWorld(remoteRestore({}, { existing }));
    world.others = [appRestore({}, { phase, volumes: [{ ...claim, phase: 'Restoring', ...volume }] }, { name: 'first', uid: 'another' })];
    world.put('persistentvolumeclaims', { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data-pg-0', namespace: 'shop', labels: { 'stillpoint.dev/apprestore': 'another' } }, status: { phase: 'Bound' } });
    return world;
  };

  test.each([
    ['Skip', 'Failed'],
    ['Fail', 'Failed'],
    ['Adopt', 'Failed'],
    ['Skip', 'RestoringVolumes'],
  ] as const)('what it has not filled whole is refused, never taken for what exists: existing %s, phase %s', async (existing, phase) => {
    const world = beside({}, existing, phase);
    await world.live(30);
    expect(reasonOf(world)).toMatchObject({ reason: 'RestoreRefused', message: expect.stringContaining('data-pg-0: AppRestore shop/first has not filled it whole') as unknown });
    expect(world.of('persistentvolumeclaims')).toHaveLength(1);
    // It is deleted, and takes its claim along.
    world.others = [];
    world.objects.delete('persistentvolumeclaims/data-pg-0');
    await world.live(100);
    expect([world.restore?.status?.phase, contents(world)]).toEqual(['Ready', [hex('1'), hex('2')]]);
  });

  test('what it has filled exists', async () => {
    const world = beside({ phase: 'Bound' }, 'Skip', 'Ready');
    await world.live(60);
    expect(world.restore?.status).toMatchObject({ phase: 'Ready', plan: { skip: [expect.stringContaining('data-pg-0: exists already')] }, volumes: [{ claim: 'wal-pg-0' }] });
  });
});

describe('deleted before all of its volumes are filled', () => {
  const half = async (): Promise<RemoteWorld> => {
    const world = new RemoteWorld(remoteRestore(), (request) => (request.task.verb === 'restore' ? 'killed' : success(request)));
    await world.live(20);
    world.delete();
    return world;
  };
  const claims = ['data-pg-0', 'wal-pg-0'];

  test.each([
    ['the API server is down', error(503, 'ServiceUnavailable')],
    ['it is busy', error(429, 'TooManyRequests')],
    ['an answer was lost', error(0, 'Unknown')],
  ])('%s: it waits, and takes them along when that has passed', async (_, broken) => {
    const world = await half();
    world.broken.set('list persistentvolumeclaims', broken);
    await world.live(10);
    expect([world.restore?.metadata.finalizers?.length, world.of('persistentvolumeclaims').length, world.events.includes('ClaimsLeft')]).toEqual([1, 2, false]);
    world.broken.clear();
    await world.live(10);
    expect([world.restore ?? undefined, world.of('persistentvolumeclaims'), world.events.includes('ClaimsLeft')]).toEqual([undefined, [], false]);
  });

  test('what its account may not remove does not hold it, and is named', async () => {
    const world = await half();
    world.broken.set('list persistentvolumeclaims', error(403, 'Forbidden'));
    await world.live(10);
    expect(world.restore ?? undefined).toBeUndefined();
    expect(world.events.at(-1)).toBe('ClaimsLeft');
    for (const claim of claims) expect(world.notes.at(-1)).toContain(claim);
  });
});
