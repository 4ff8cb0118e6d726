import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CopiesWorld, success, type Fate } from './copies-world.js';
import { readySnapshot } from './copies-fixtures.js';

const copyOf = (world: CopiesWorld) => world.snapshot.status!.copies![0]!;
const retained = { copies: [{ targetRef: { name: 's3' }, deletionPolicy: 'Retain' }] };

/** A copy that is complete, and then not wanted in its target any more. */
async function unwanted(fate: (request: Parameters<typeof success>[0], n: number) => Fate = success): Promise<CopiesWorld> {
  const world = new CopiesWorld(fate, readySnapshot(['s3'], {}, retained));
  await world.live(50);
  expect(copyOf(world).phase).toBe('Complete');
  world.ask({ forgetCopies: ['s3'] });
  return world;
}

describe('a copy that is named in spec.forgetCopies', () => {
  test('is removed from the target, also one that is retained; the object and its snapshots stay', async () => {
    const world = await unwanted();
    await world.live(50);
    expect(world.repository.size).toBe(0);
    expect(copyOf(world)).toMatchObject({ phase: 'Forgotten', id: 'a-uid-1' });
    expect(world.snapshot.status).toMatchObject({ phase: 'Ready', copiesComplete: '0/0', conditions: [{ type: 'Copied', status: 'False', reason: 'CopiesForgotten' }] });
    expect(world.events).toContain('CopyForgotten');
    expect(world.left).toEqual([]);
    // Nor does it come again.
    const made = world.made.length;
    await world.live(20);
    expect(world.made).toHaveLength(made);
  });

  test('that was not begun never is', async () => {
    const world = new CopiesWorld(success, readySnapshot(['s3'], {}, { ...retained, forgetCopies: ['s3'] }));
    await world.live(20);
    expect(copyOf(world)).toEqual({ target: 's3', phase: 'Forgotten' });
    expect(world.made).toEqual([]);
  });

  test('while it is being written: its movers end first', async () => {
    const world = new CopiesWorld((request, n) => (n === 2 ? 'killed' : success(request, n)), readySnapshot(['s3'], {}, retained));
    await world.live(4);
    expect(copyOf(world).phase).toBe('Copying');
    world.ask({ forgetCopies: ['s3'] });
    await world.live(50);
    expect(copyOf(world).phase).toBe('Forgotten');
    expect(world.repository.size).toBe(0);
    expect(world.left).toEqual([]);
  });

  test('when its snapshots have expired', async () => {
    const world = await unwanted();
    Object.assign(world.objects.get('appsnapshots/copy')!['status'] as object, { phase: 'Expired', setId: undefined, members: undefined });
    await world.live(50);
    expect(world.repository.size).toBe(0);
    expect(copyOf(world).phase).toBe('Forgotten');
  });

  test('waits for a target that is not ready however long that is, and tries without haste', async () => {
    const world = await unwanted();
    const target = world.objects.get('backuptargets/s3') as unknown as { status: { conditions: { status: string }[] } };
    target.status.conditions[0]!.status = 'False';
    await world.live(400);
    expect(world.now).toBeGreaterThan(Date.parse('2026-11-29T10:19:00Z'));
    expect(copyOf(world)).toMatchObject({ phase: 'Complete', reason: 'BackupTargetNotReady' });
    expect(world.repository.size).toBe(3);
    expect(world.made).toHaveLength(3);
    target.status.conditions[0]!.status = 'True';
    await world.live(200);
    expect(copyOf(world).phase).toBe('Forgotten');
    expect(copyOf(world).reason).toBeUndefined();
  });

  test('whose target fails is tried again after pauses that grow', async () => {
    const world = await unwanted((request, n) => (request.task.verb === 'forget' ? { ok: false, code: 'TargetUnreachable', message: 'no answer' } : success(request, n)));
    await world.live(400);
    // 20 minutes: at 0, 10, 30, 70, 150, 310, 610, 910 seconds and so on.
    expect(world.made.length - 3).toBeGreaterThan(5);
    expect(world.made.length - 3).toBeLessThan(10);
    expect(new Set(world.names).size).toBe(world.made.length);
    expect(copyOf(world)).toMatchObject({ phase: 'Complete', reason: 'TargetUnreachable' });
  });

  test('whose target is gone stays there, and that is said', async () => {
    const world = await unwanted();
    world.objects.delete('backuptargets/s3');
    await world.live(20);
    expect(world.events).toContain('CopyKept');
    expect(copyOf(world).phase).toBe('Forgotten');
  });

  test('is removed with the object, too, although it was retained', async () => {
    const world = await unwanted();
    world.delete();
    await world.live(50);
    expect(world.repository.size).toBe(0);
  });
});

test('wherever the operator dies, and whatever movers do, it is removed in the end, and nothing is left', async () => {
  const crashes = fc.array(fc.record({ after: fc.nat(8), done: fc.boolean() }), { maxLength: 5 });
  const fates = fc.array(fc.constantFrom('killed' as const, 'full' as const, 'good' as const), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(crashes, fates, async (deaths, given) => {
      const world = await unwanted((request, n): Fate => {
        const fate = given[n - 4] ?? 'good';
        return fate === 'killed' ? fate : fate === 'full' ? { ok: false, code: 'TargetFull', message: 'full' } : success(request, n);
      });
      for (const crash of deaths) {
        world.crash = { ...crash };
        await world.live(8);
      }
      world.crash = undefined;
      await world.live(1500);
      expect(copyOf(world).phase).toBe('Forgotten');
      expect(world.repository.size).toBe(0);
      expect(world.left).toEqual([]);
    }),
    { numRuns: 40 },
  );
}, 60_000);
