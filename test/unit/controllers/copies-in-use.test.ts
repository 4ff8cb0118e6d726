import { describe, expect, test } from '@jest/globals';
import { appRestore } from './apprestore-fixtures.js';
import { CopiesWorld, success, type Fate } from './copies-world.js';
import { readySnapshot } from './copies-fixtures.js';

const copyOf = (world: CopiesWorld) => world.snapshot.status!.copies![0]!;
const inUse = (world: CopiesWorld) => world.snapshot.status!.conditions!.find(({ type }) => type === 'InUse');

/** A copy that is complete, and that a restore of another namespace reads from its target. */
async function read(deletionPolicy = 'Retain', fate: (request: Parameters<typeof success>[0], n: number) => Fate = success): Promise<CopiesWorld> {
  const world = new CopiesWorld(fate, readySnapshot(['s3'], {}, { copies: [{ targetRef: { name: 's3' }, deletionPolicy }] }));
  await world.live(50);
  const { location, id } = copyOf(world);
  world.restores = [appRestore({ from: { targetRef: { name: 'their-s3' }, namespace: 'shop' } }, { phase: 'RestoringVolumes', source: { target: 'their-s3', location, setId: id!, grade: 'Frozen' } }, { name: 'clone', namespace: 'elsewhere' })];
  return world;
}

describe('while a restore reads it from its target', () => {
  test('a copy that is named in spec.forgetCopies stays, and goes when the restore has ended', async () => {
    const world = await read();
    world.ask({ forgetCopies: ['s3'] });
    await world.live(500);
    expect(world.repository.size).toBe(3);
    expect(copyOf(world).phase).toBe('Complete');
    expect(inUse(world)).toMatchObject({ status: 'True' });
    expect(inUse(world)?.message).toContain('elsewhere/clone');
    world.restores = [];
    await world.live(50);
    expect(world.repository.size).toBe(0);
    expect(copyOf(world)).toMatchObject({ phase: 'Forgotten' });
    expect(inUse(world)).toMatchObject({ status: 'False' });
  });

  test('what is to be written to another target is written', async () => {
    const world = await read();
    world.addTarget('nas');
    world.ask({ copies: ['s3', 'nas'].map((name) => ({ targetRef: { name }, deletionPolicy: 'Retain' })), forgetCopies: ['s3'] });
    await world.live(100);
    expect(world.snapshot.status?.copies?.map(({ phase }) => phase)).toEqual(['Complete', 'Complete']);
  });

  test('a deletion waits, however long that is, and then asks the target with all its patience', async () => {
    let answers = 0;
    const world = await read('Delete', (request, n) => (request.task.verb === 'forget' && (answers += 1) < 4 ? { ok: false, code: 'TargetUnreachable', message: 'no answer' } : success(request, n)));
    world.delete();
    await world.live(500);
    expect(world.repository.size).toBe(3);
    world.restores = [];
    await world.live(100);
    expect(world.repository.size).toBe(0);
    expect(world.events).not.toContain('CopyKept');
  });

  test('a namespace that is being deleted waits for nobody who reads what stays in a target, but for who reads its snapshots', async () => {
    const world = await read('Delete');
    const [reader] = world.restores;
    const ofSnapshots = appRestore({ from: { appSnapshotRef: { name: 'copy' } } }, { phase: 'RestoringVolumes', source: { appSnapshot: 'copy', uid: 'a-uid', setId: 'a-uid-1', grade: 'Frozen' } }, { name: 'own' });
    world.restores = [reader!, ofSnapshots];
    world.objects.get('namespaces/shop')!.metadata.deletionTimestamp = '2026-11-29T11:00:00Z';
    world.delete();
    await world.live(10);
    expect(inUse(world)).toMatchObject({ status: 'True', message: expect.not.stringContaining('elsewhere/clone') as unknown });
    expect(world.events).not.toContain('CopyKept');
    world.restores = [reader!];
    await world.live(10);
    expect(inUse(world)).toMatchObject({ status: 'False' });
    expect([world.repository.size, world.events.includes('CopyKept')]).toEqual([3, true]);
  });
});
