import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AppRestore } from '../../../src/api/kinds.js';
import { hex } from '../movers/fixtures.js';
import { appRestore } from './apprestore-fixtures.js';
import { recoveryPointOf, remoteRestore, textOf } from './remote-fixtures.js';
import { RemoteWorld, success, type Fate } from './remote-world.js';

const reasonOf = (world: RemoteWorld): { reason: string; message: string } | undefined => world.restore?.status?.conditions?.find(({ type }) => type === 'Ready');
const contents = (world: RemoteWorld): string[] => world.of('persistentvolumeclaims').map(({ metadata }) => world.filled.get(metadata.uid ?? '') ?? 'nothing');

describe('a restore from a target', () => {
  test('lists, fetches by id, fills every claim, says what it read, and leaves nothing of its movers', async () => {
    const world = new RemoteWorld(remoteRestore());
    await world.live(60);
    expect(world.restore?.status).toMatchObject({
      phase: 'Ready',
      source: { target: 's3', repositoryId: hex('a'), recoveryPoint: hex('9'), digest: textOf(world.point).digest, namespace: 'shop', cutAt: '2026-11-29T10:00:00Z', setId: 'point-2', grade: 'Frozen' },
      volumes: [{ claim: 'data-pg-0', phase: 'Bound', attempt: 1, bytesDone: 1000 }, { claim: 'wal-pg-0', phase: 'Bound', attempt: 1 }],
    });
    expect(world.restore?.status?.transfer).toBeUndefined();
    expect(world.made.map(({ request }) => request.task.verb)).toEqual(['list', 'fetch', 'restore', 'restore']);
    expect(contents(world)).toEqual([hex('1'), hex('2')]);
    expect(world.left).toEqual([]);
    // The repository that was listed, and no other.
    expect(world.made.map(({ request }) => request.place.id)).toEqual([hex('a'), hex('a'), hex('a'), hex('a')]);
  });

  test('only asks what would happen with dryRun, and makes no claim', async () => {
    const world = new RemoteWorld(remoteRestore({}, { dryRun: true }));
    await world.live(60);
    expect(world.restore?.status).toMatchObject({ phase: 'Ready', plan: { create: ['persistentvolumeclaims/data-pg-0', 'persistentvolumeclaims/wal-pg-0'] } });
    expect([world.of('persistentvolumeclaims'), world.left]).toEqual([[], []]);
  });

  test('a mover that is killed, or a volume that is full, is followed by another under another name', async () => {
    const full = { ok: false, code: 'VolumeRestoreFailed', message: '/data-pg-0/x: no space left on device' } as const;
    const world = new RemoteWorld(remoteRestore(), (request, n): Fate => (n === 1 || n === 3 || n === 5 ? 'killed' : n === 6 ? full : success(request)));
    await world.live(200);
    expect(world.restore?.status).toMatchObject({ phase: 'Ready', volumes: [{ attempt: 2 }, { attempt: 2 }] });
    expect(new Set(world.names).size).toBe(world.made.length);
    expect(world.events).toEqual(expect.arrayContaining(['MoverFailed']));
    expect(contents(world)).toEqual([hex('1'), hex('2')]);
  });

  test('whoever reads from a mover and is killed, or prints nothing, has found out nothing: it is read again', async () => {
    const world = new RemoteWorld(remoteRestore());
    world.execs.push({ kind: 'exited', code: 137 }, { kind: 'exited', code: 143 }, { kind: 'exited', code: 1 }, { kind: 'lost', why: 'connection reset' });
    await world.live(80);
    expect(world.restore?.status?.phase).toBe('Ready');
    expect([world.execs, world.events.includes('MoverFailed'), world.events.includes('RecoveryPointUnusable')]).toEqual([[], true, false]);
    expect(world.made.filter(({ request }) => request.task.verb === 'fetch')).toHaveLength(1);
  });

  test('storage that reports errors has its quarter of an hour from when the claim was made, however long the target took before', async () => {
    const world = new RemoteWorld(remoteRestore());
    world.storage = 'Pending';
    world.put('events', { metadata: { name: 'e' }, message: 'pool is full', reason: 'ProvisioningFailed' });
    const minutes = async (count: number): Promise<void> => {
      world.now += count * 60_000;
      await world.live(10);
    };
    await world.live(3);
    await minutes(30);
    await minutes(10);
    expect(world.restore?.status).toMatchObject({ phase: 'RestoringVolumes', volumes: [{ phase: 'Pending', message: 'ProvisioningFailed: pool is full' }, {}] });
    expect(world.now - Date.parse(world.restore?.status?.startTime ?? '')).toBeGreaterThan(40 * 60_000);
    await minutes(6);
    expect([world.restore?.status?.phase, reasonOf(world)?.reason]).toEqual(['Failed', 'VolumeRestoreFailed']);
  });

  test('a claim that is made anew in the middle is filled again, not taken for full', async () => {
    let world: RemoteWorld | undefined = undefined;
    const made = new RemoteWorld(remoteRestore(), (request, n) => {
      // While the second is filled the first one is replaced.
      if (n === 4) world?.put('persistentvolumeclaims', { ...world.objects.get('persistentvolumeclaims/data-pg-0')!, metadata: { ...world.objects.get('persistentvolumeclaims/data-pg-0')!.metadata, uid: 'another' } });
      return success(request);
    });
    world = made;
    (made.objects.get('backuptargets/s3')!['spec'] as { concurrency: number }).concurrency = 1;
    await made.live(100);
    expect(made.restore?.status).toMatchObject({ phase: 'Ready', volumes: [{ claim: 'data-pg-0', uid: 'another', attempt: 2 }, { attempt: 1 }] });
    expect(contents(made)).toEqual([hex('1'), hex('2')]);
  });

  test('deleted in the middle, it takes along movers and what is not filled whole', async () => {
    const world = new RemoteWorld(remoteRestore(), (request) => (request.task.verb === 'restore' && request.task.claim === 'wal-pg-0' ? 'killed' : success(request)));
    await world.live(20);
    expect(world.restore?.status).toMatchObject({ phase: 'RestoringVolumes', volumes: [{ phase: 'Bound' }, expect.not.objectContaining({ phase: 'Bound' })] });
    world.delete();
    await world.live(20);
    expect([world.restore ?? undefined, world.left, world.of('persistentvolumeclaims').map(({ metadata }) => metadata.name)]).toEqual([undefined, [], ['data-pg-0']]);
  });
});

describe('what cannot be read is refused in words', () => {
  const refused = async (object: AppRestore, spoil: (world: RemoteWorld) => void = () => undefined, fate?: (request: Parameters<typeof success>[0], n: number) => Fate): Promise<RemoteWorld> => {
    const world = new RemoteWorld(object, fate);
    spoil(world);
    await world.live(12);
    expect(world.of('persistentvolumeclaims')).toEqual([]);
    return world;
  };

  test('an id that is not there: the newest are named, and nothing is fetched', async () => {
    const world = await refused(remoteRestore({ recoveryPoint: 'point-7' }));
    expect(reasonOf(world)).toMatchObject({ reason: 'RecoveryPointNotFound', message: expect.stringContaining('point-2 (cut 2026-11-29T10:00:00.000Z, Frozen); point-1') as unknown });
    expect(world.made.some(({ request }) => request.task.verb === 'fetch')).toBe(false);
    expect(world.made[0]?.request.task).toEqual({ verb: 'list', wanted: ['point-7'] });
  });

  test('latest-verified, when none is known to be: not taken for latest', async () => {
    const world = await refused(remoteRestore({ recoveryPoint: 'latest-verified' }));
    expect(reasonOf(world)).toMatchObject({ reason: 'RecoveryPointNotVerified' });
    expect(world.restore?.status?.phase).toBe('Failed');
    expect(world.left).toEqual([]);
  });

  test('latest-verified is the newest of those that a restore from the same repository has found good', async () => {
    const world = new RemoteWorld(remoteRestore({ recoveryPoint: 'latest-verified' }));
    const verified = (setId: string, repositoryId: string): AppRestore => appRestore({}, { phase: 'Ready', verified: true, source: { target: 's3', location: 's3:https://s3.example/copies/shop', repositoryId, setId, grade: 'Frozen' } });
    const elsewhere = verified('point-2', hex('a'));
    elsewhere.status!.source!.location = 's3:https://mine/copies/shop';
    world.others = [verified('point-1', hex('a')), verified('point-2', hex('b')), elsewhere];
    world.point = recoveryPointOf('point-1');
    await world.live(60);
    expect(world.restore?.status).toMatchObject({ phase: 'Ready', source: { setId: 'point-1' } });
    expect(world.made[0]?.request.task).toEqual({ verb: 'list', wanted: ['point-1'] });
  });

  test('latest-verified asks for the newest of them, however many there are', async () => {
    const world = new RemoteWorld(remoteRestore({ recoveryPoint: 'latest-verified' }));
    const cut = (day: number): string => new Date(Date.UTC(2026, 0, 1 + day)).toISOString();
    const verified = (day: number): AppRestore => appRestore({}, { phase: 'Ready', verified: true, source: { target: 's3', location: 's3:https://s3.example/copies/shop', repositoryId: hex('a'), setId: `of-${day}`, cutAt: cut(day), grade: 'Frozen' } });
    world.others = Array.from({ length: 50 }, (_, i) => verified(i));
    await world.live(3);
    expect(world.made[0]?.request.task).toEqual({ verb: 'list', wanted: Array.from({ length: 32 }, (_, i) => `of-${49 - i}`) });
  });

  test('a wrong key: of the target, as its own check says; of another namespace, with the way out', async () => {
    const own = await refused(remoteRestore(), (world) => {
      (world.objects.get('backuptargets/s3')!['status'] as { conditions: { status: string; reason: string }[] }).conditions[0] = { type: 'Ready', status: 'False', reason: 'TargetKeyWrong', message: 'wrong password or no key found' } as never;
    });
    expect(reasonOf(own)).toMatchObject({ reason: 'TargetKeyWrong', message: expect.stringContaining('BackupTarget s3') as unknown });
    expect(own.made).toEqual([]);
    const other = await refused(remoteRestore({ namespace: 'origin' }), undefined, () => ({ ok: false, code: 'TargetKeyWrong', message: 'wrong password or no key found' }));
    expect(reasonOf(other)).toMatchObject({ reason: 'TargetKeyWrong', message: expect.stringContaining('spec.from.encryptionKeySecretRef') as unknown });
    expect(other.made[0]?.request).toMatchObject({ host: 'origin', place: { folder: 'origin' } });
    expect(other.made[0]?.request.place.id).toBeUndefined();
  });

  test('a Secret that is missing, by the field that names it', async () => {
    const world = await refused(remoteRestore({ namespace: 'origin', encryptionKeySecretRef: { name: 'key-of-origin' } }));
    expect(reasonOf(world)).toMatchObject({ reason: 'TargetSecretMissing', message: expect.stringContaining('spec.from.encryptionKeySecretRef: there is no Secret key-of-origin') as unknown });
  });

  test('a namespace without a repository', async () => {
    const world = await refused(remoteRestore({ namespace: 'origin' }), undefined, () => ({ ok: false, code: 'TargetRepositoryGone', message: 'repository does not exist' }));
    expect(reasonOf(world)).toMatchObject({ reason: 'RecoveryPointNotFound', message: expect.stringContaining('no repository of namespace origin at s3:https://s3.example/copies/origin') as unknown });
  });

  test.each([
    ['of another namespace', recoveryPointOf('point-2', { source: { namespace: 'origin', appSnapshot: { name: 'a', uid: 'b' } } }), 'it is of namespace origin'],
    ['of a later form', { ...recoveryPointOf('point-2'), apiVersion: 'stillpoint.dev/v2' as never }, 'newer version'],
    ['with a part of the configuration missing', recoveryPointOf('point-2', { capture: { digest: 'd', objects: 1, files: ['capture-7'], missing: [] } }), 'capture-7 is missing'],
    ['with a file that is none of its parts', recoveryPointOf('point-2', { capture: { digest: 'd', objects: 1, files: ['../key'], missing: [] } }), 'are none'],
  ])('a recovery point %s', async (_, point, says) => {
    const world = await refused(remoteRestore(), (w) => void (w.point = point));
    expect(reasonOf(world)).toMatchObject({ reason: 'RecoveryPointUnusable', message: expect.stringContaining(says) as unknown });
    expect([world.restore?.status?.phase, world.left]).toEqual(['Failed', []]);
  });

  test('a recovery point that somebody changes in its Secret', async () => {
    let world: RemoteWorld | undefined = undefined;
    const made = new RemoteWorld(remoteRestore(), (request) => {
      const secret = world?.of('secrets').find(({ metadata }) => metadata.name.endsWith('-document'));
      if (secret !== undefined) secret['data'] = { 'recoverypoint.json': Buffer.from('{}').toString('base64') };
      return success(request);
    });
    world = made;
    await made.live(60);
    expect(reasonOf(made)).toMatchObject({ reason: 'CaptureDamaged' });
  });
});

test('wherever the operator dies, and whatever movers do, every claim holds what belongs to it, no mover comes twice, and nothing is left', async () => {
  const crashes = fc.array(fc.record({ after: fc.nat(14), done: fc.boolean() }), { maxLength: 6 });
  const fates = fc.array(fc.constantFrom('killed' as const, 'down' as const, 'good' as const), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(crashes, fates, async (deaths, given) => {
      const world = new RemoteWorld(remoteRestore(), (request, n): Fate => {
        const fate = given[n - 1] ?? 'good';
        return fate === 'killed' ? fate : fate === 'down' ? { ok: false, code: 'TargetUnreachable', message: 'connection refused' } : success(request);
      });
      for (const crash of deaths) {
        world.crash = { ...crash };
        await world.live(8);
      }
      world.crash = undefined;
      await world.live(3000);
      expect(world.restore?.status?.phase).toBe('Ready');
      expect(contents(world)).toEqual([hex('1'), hex('2')]);
      expect(world.left).toEqual([]);
      expect(new Set(world.names).size).toBe(world.made.length);
    }),
    { numRuns: 60 },
  );
}, 60_000);
