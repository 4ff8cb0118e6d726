import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CopiesWorld, success, type Fate } from './copies-world.js';
import { readySnapshot } from './copies-fixtures.js';

const copyOf = (world: CopiesWorld) => world.snapshot.status!.copies![0]!;

describe('a copy in a target', () => {
  test('is complete with volumes and recovery point; every mover and what it used is gone', async () => {
    const world = new CopiesWorld(success);
    await world.live(50);
    expect(copyOf(world)).toMatchObject({ phase: 'Complete', id: 'a-uid-1', percent: 100, volumes: [{ claim: 'data', attempt: 1, phase: 'Done' }, { claim: 'wal', attempt: 1, phase: 'Done' }] });
    expect(world.repository.get(copyOf(world).recoveryPoint!)).toMatchObject({ verb: 'seal', setId: 'a-uid-1' });
    expect(world.left).toEqual([]);
    expect(world.made).toHaveLength(3);
    expect(world.moved).toEqual([[10, 5], [10, 5]]);
    expect(world.snapshot.status).toMatchObject({ copiesComplete: '1/1', conditions: [{ type: 'Copied', status: 'True' }] });
    expect(world.events).toContain('CopyComplete');
    // The AppSnapshot was ready all the time.
    expect(world.snapshot.status?.phase).toBe('Ready');
  });

  test('that fails leaves nothing beside what is in the repository, and goes on', async () => {
    const full = { ok: false, code: 'TargetFull', message: 'no space left on device' } as const;
    const world = new CopiesWorld((request, n) => (n === 1 ? full : n === 2 ? 'killed' : success(request, n)));
    await world.live(6);
    expect(copyOf(world)).toMatchObject({ phase: 'Copying', failures: 1, message: expect.any(String) as unknown });
    expect(world.snapshot.status?.conditions).toMatchObject([{ type: 'Copied', status: 'False' }]);
    await world.live(100);
    expect(copyOf(world)).toMatchObject({ phase: 'Complete', volumes: [{ attempt: 2 }, { attempt: 2 }] });
    expect(world.left).toEqual([]);
  });
});

test('a target in trouble when all of its volumes are in costs the copy in another target nothing, and seals when it is well', async () => {
  let down = true;
  let looks = 0;
  const world = new CopiesWorld((request, n): Fate => {
    const { task } = request;
    if (task.verb === 'copy' && n > 2) return (looks += 1) > 60 ? success(request, n) : 'runs';
    const first = task.verb === 'seal' && task.volumes.some(({ snapshotId }) => snapshotId === '1'.padStart(64, '0'));
    return first && down ? { ok: false, code: 'TargetUnreachable', message: 'connection refused' } : success(request, n);
  }, readySnapshot(['s3', 'nas']));
  world.addTarget('nas');
  await world.live(150);
  const volumes = [{ phase: 'Done', attempt: 1 }, { phase: 'Done', attempt: 1 }];
  expect(world.snapshot.status?.copies).toMatchObject([{ target: 's3', phase: 'Sealing', reason: 'TargetUnreachable', volumes }, { target: 'nas', phase: 'Complete', sealAttempt: 1, volumes }]);
  // No mover was made twice: two of volumes and one that seals for nas, and one seal of s3 after each pause.
  const seals = world.snapshot.status?.copies?.[0]?.sealAttempt ?? 0;
  expect(new Set(world.names).size).toBe(world.made.length);
  expect(world.made.length).toBeLessThanOrEqual(5 + seals);
  down = false;
  await world.live(200);
  expect(world.snapshot.status?.copies?.map(({ phase }) => phase)).toEqual(['Complete', 'Complete']);
  expect(world.left).toEqual([]);
});

describe('a target that is not fit', () => {
  interface Target {
    readonly status: { readonly conditions: { type: string; status: string; reason: string; message: string }[] };
    readonly spec: { suspend: boolean };
  }
  const spoilers: readonly (readonly [string, ((target: Target) => void) | undefined])[] = [
    ['not ready', (target): void => target.status.conditions.forEach((condition) => (condition.status = 'False'))],
    ['damaged', (target): void => void target.status.conditions.push({ type: 'Sound', status: 'False', reason: 'TargetDamaged', message: 'a pack is missing' })],
    ['suspended', (target): void => void Object.assign(target.spec, { suspend: true })],
    ['gone', undefined],
  ];

  test.each(spoilers)('%s: nothing is begun, and it goes on when it is fit again', async (_, spoil) => {
    const world = new CopiesWorld(success);
    const before = structuredClone(world.objects.get('backuptargets/s3')!);
    if (spoil === undefined) world.objects.delete('backuptargets/s3');
    else spoil(world.objects.get('backuptargets/s3') as unknown as Target);
    await world.live(20);
    expect(copyOf(world)).toMatchObject({ phase: 'Pending', reason: spoil === undefined ? 'BackupTargetNotFound' : 'BackupTargetNotReady' });
    expect(world.made).toEqual([]);
    world.objects.set('backuptargets/s3', before);
    await world.live(50);
    expect(copyOf(world)).toMatchObject({ phase: 'Complete' });
    expect(copyOf(world).reason).toBeUndefined();
  });
});

describe('a copy whose AppSnapshot is deleted', () => {
  const complete = async (deletionPolicy: 'Delete' | 'Retain', fate: (request: Parameters<typeof success>[0], n: number) => Fate = success): Promise<CopiesWorld> => {
    const object = readySnapshot(['s3'], {}, { copies: [{ targetRef: { name: 's3' }, deletionPolicy }] });
    const world = new CopiesWorld(fate, object);
    await world.live(50);
    world.delete();
    return world;
  };

  test('is forgotten', async () => {
    const world = await complete('Delete');
    await world.live(50);
    expect(world.repository.size).toBe(0);
    expect(world.events).toContain('CopyForgotten');
    expect(world.left).toEqual([]);
  });

  test('stays where it is retained', async () => {
    const world = await complete('Retain');
    await world.live(50);
    expect(world.repository.size).toBe(3);
  });

  test('stays when the target is gone, or does not answer for ten minutes, and holds nothing up', async () => {
    const gone = await complete('Delete');
    gone.objects.delete('backuptargets/s3');
    await gone.live(50);
    expect(gone.events).toContain('CopyKept');
    const deaf = await complete('Delete', (request, n) => (request.task.verb === 'forget' ? 'killed' : success(request, n)));
    const from = deaf.now;
    await deaf.live(1000);
    expect(deaf.events).toContain('CopyKept');
    expect(deaf.now - from).toBeGreaterThan(600_000);
    expect(deaf.now - from).toBeLessThan(700_000);
  });

  test('stays when the namespace goes', async () => {
    const world = await complete('Delete');
    world.objects.get('namespaces/shop')!.metadata.deletionTimestamp = '2026-11-29T10:00:00Z';
    await world.live(50);
    expect(world.repository.size).toBe(3);
    expect(world.events).toContain('CopyKept');
  });
});

test('wherever the operator dies, and whatever movers do, a copy comes about, is whole, and leaves nothing', async () => {
  const crashes = fc.array(fc.record({ after: fc.nat(12), done: fc.boolean() }), { maxLength: 6 });
  const fates = fc.array(fc.constantFrom('killed' as const, 'full' as const, 'good' as const), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(crashes, fates, async (deaths, given) => {
      const world = new CopiesWorld((request, n): Fate => {
        const fate = given[n - 1] ?? 'good';
        return fate === 'killed' ? fate : fate === 'full' ? { ok: false, code: 'TargetFull', message: 'full' } : success(request, n);
      });
      for (const crash of deaths) {
        world.crash = { ...crash };
        await world.live(8);
      }
      world.crash = undefined;
      await world.live(2000);
      expect(copyOf(world).phase).toBe('Complete');
      expect(world.violations).toEqual([]);
      expect(world.left).toEqual([]);
      expect(new Set(world.names).size).toBe(world.made.length);
      expect(world.repository.get(copyOf(world).recoveryPoint!)).toMatchObject({ verb: 'seal' });
    }),
    { numRuns: 60 },
  );
}, 60_000);
