import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AppRestoreSpec } from '../../../src/api/apprestore.js';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { verifiedCopy } from '../../../src/controllers/apprestore/finish.js';
import { verifiedIn } from '../../../src/controllers/apprestore/remote/points.js';
import { classToCut } from '../../../src/controllers/apprestore/remote/staged.js';
import { sourceKeys } from '../../../src/controllers/copy-keys.js';
import type { SnapshotClass } from '../../../src/snapshots/capability.js';
import { hex } from '../movers/fixtures.js';
import { appRestore } from './apprestore-fixtures.js';
import { readySnapshot } from './copies-fixtures.js';
import { remoteRestore } from './remote-fixtures.js';
import { RemoteWorld, success, type Fate } from './remote-world.js';

const into = { namespace: 'elsewhere', serviceAccountName: 'there' };
const staged = (from: Partial<AppRestoreSpec['from']> = {}, spec: Partial<AppRestoreSpec> = {}): AppRestore => remoteRestore({ staged: true, ...from }, { into, ...spec });
const reasonOf = (world: RemoteWorld): { reason: string; message: string } | undefined => world.restore?.status?.conditions?.find(({ type }) => type === 'Ready');
const here = (world: RemoteWorld, plural: string): string[] => world.of(plural).filter(({ metadata }) => metadata.namespace === 'shop').map(({ metadata }) => metadata.name);
const there = (world: RemoteWorld): string[] => world.of('persistentvolumeclaims').filter(({ metadata }) => metadata.namespace === into.namespace).map(({ metadata }) => `${metadata.name} ${world.filled.get(metadata.uid ?? '') ?? 'nothing'}`);
const whole = [`data-pg-0 ${hex('1')}`, `wal-pg-0 ${hex('2')}`];

function stagedWorld(object: AppRestore = staged(), fate?: (request: Parameters<typeof success>[0], n: number) => Fate): RemoteWorld {
  const world = new RemoteWorld(object, fate);
  world.put('namespaces', { metadata: { name: into.namespace } });
  world.put('volumesnapshotclasses', { metadata: { name: 'cut' }, driver: 'd', deletionPolicy: 'Delete' });
  return world;
}

describe('a restore that is staged', () => {
  test('reads the target in its own namespace, and brings what it has filled there into the other one by snapshots', async () => {
    const world = stagedWorld();
    await world.live(100);
    expect(world.restore?.status).toMatchObject({ phase: 'Ready', staged: [{ claim: 'data-pg-0', phase: 'Bound', driver: 'd' }, { claim: 'wal-pg-0', phase: 'Bound' }], volumes: [{ claim: 'data-pg-0', phase: 'Bound' }, { claim: 'wal-pg-0', phase: 'Bound' }] });
    expect(there(world)).toEqual(whole);
    // What movers used is gone; the snapshots stay as long as the restore, whose own they are.
    expect([world.left, here(world, 'persistentvolumeclaims')]).toEqual([[], []]);
    for (const { metadata } of world.of('volumesnapshots').filter((o) => o.metadata.namespace === 'shop')) expect(metadata.ownerReferences).toMatchObject([{ kind: 'AppRestore', uid: world.restore?.metadata.uid }]);
    expect(here(world, 'volumesnapshots')).toHaveLength(2);
  });

  test('runs no mover in the namespace that is restored into, and puts no Secret there', async () => {
    const made: string[] = [];
    const world = stagedWorld(staged(), (request) => {
      made.push(...[...world.of('jobs'), ...world.of('secrets')].map(({ metadata }) => metadata.namespace ?? ''));
      return success(request);
    });
    await world.live(100);
    expect(made.length).toBeGreaterThan(4);
    expect(new Set(made)).toEqual(new Set(['shop']));
  });

  test('a mover that is killed is followed by another; what is filled is filled once', async () => {
    const world = stagedWorld(staged(), (request, n): Fate => (n === 3 ? 'killed' : success(request)));
    await world.live(200);
    expect(world.restore?.status).toMatchObject({ phase: 'Ready', staged: [{ attempt: 2 }, { attempt: 1 }] });
    expect(there(world)).toEqual(whole);
  });

  test('into its own namespace is refused, by the field', async () => {
    const world = stagedWorld(staged({}, { into: undefined }));
    await world.live(10);
    expect(world.restore?.status?.phase).toBe('Failed');
    expect(reasonOf(world)).toMatchObject({ reason: 'InvalidSpec', message: expect.stringContaining('spec.from.staged') as unknown });
  });

  test('waits for a class by which it can be cut, and for a volume that is not known yet', async () => {
    const world = stagedWorld();
    world.driver = undefined;
    world.objects.delete('volumesnapshotclasses/cut');
    await world.live(60);
    expect(reasonOf(world)).toMatchObject({ reason: 'Staging', message: expect.stringContaining('its volume is not known yet') as unknown });
    world.driver = 'd';
    await world.live(10);
    expect(reasonOf(world)?.reason).toBe('SnapshotClassMissing');
    world.put('volumesnapshotclasses', { metadata: { name: 'cut' }, driver: 'd', deletionPolicy: 'Delete' });
    await world.live(60);
    expect(there(world)).toEqual(whole);
  });

  test('deleted in the middle it leaves neither movers nor what they have filled', async () => {
    const world = stagedWorld(staged(), (request): Fate => (request.task.verb === 'restore' ? 'killed' : success(request)));
    await world.live(20);
    expect(here(world, 'persistentvolumeclaims')).toHaveLength(2);
    world.delete();
    await world.live(40);
    expect([world.restore ?? undefined, world.left, here(world, 'persistentvolumeclaims'), there(world)]).toEqual([undefined, [], [], []]);
  });

  test('wherever the operator dies, and whatever movers do, every claim holds what belongs to it, and nothing is left', async () => {
    const crashes = fc.array(fc.record({ after: fc.nat(20), done: fc.boolean() }), { maxLength: 6 });
    const fates = fc.array(fc.constantFrom('killed' as const, 'good' as const), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(crashes, fates, async (deaths, given) => {
        const world = stagedWorld(staged(), (request, n): Fate => (given[n - 1] === 'killed' ? 'killed' : success(request)));
        for (const crash of deaths) {
          world.crash = { ...crash };
          await world.live(8);
        }
        world.crash = undefined;
        await world.live(3000);
        expect(world.restore?.status?.phase).toBe('Ready');
        expect(there(world)).toEqual(whole);
        expect([world.left, here(world, 'persistentvolumeclaims')]).toEqual([[], []]);
        expect(new Set(world.names).size).toBe(world.made.length);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test('on a claim as target it reads that of its own namespace', () => {
    const source = { target: 'nas', location: 'pvc:nas/shop', setId: 'set-1', grade: 'Frozen' } as const;
    expect(sourceKeys({ ...staged(), status: { source } })).toEqual(['copy:shop/pvc:nas/shop/set-1']);
    expect(sourceKeys({ ...remoteRestore({}, { into }), status: { source } })).toEqual(['copy:elsewhere/pvc:nas/shop/set-1']);
  });
});

describe('the class by which it is cut', () => {
  const of = (name: string, more: Partial<SnapshotClass> = {}): SnapshotClass => ({ name, driver: 'd', deletionPolicy: 'Delete', isDefault: false, atomic: false, ...more });

  test('is the default of the driver, or the only one, of those whose snapshots do not stay', () => {
    expect(classToCut([of('a'), of('b', { isDefault: true }), of('other', { driver: 'e', isDefault: true })], 'd')).toBe('b');
    expect(classToCut([of('a'), of('kept', { deletionPolicy: 'Retain', isDefault: true })], 'd')).toBe('a');
  });

  test.each([[[]], [[of('a'), of('b')]], [[of('kept', { deletionPolicy: 'Retain' })]]])('none among %j', (classes) => {
    expect(() => classToCut(classes, 'd')).toThrow(expect.objectContaining({ code: 'SnapshotClassMissing' }));
  });
});

describe('a copy in a target whose restore was verified', () => {
  const location = 's3:https://s3.example/copies/shop';
  const copied = (more: object = {}, namespace = 'shop'): AppSnapshot => {
    const object = readySnapshot(['s3'], { copies: [{ target: 's3', phase: 'Complete', location, id: 'set-1', recoveryPoint: hex('9'), ...more }] });
    return { ...object, metadata: { ...object.metadata, namespace } };
  };
  const restored = appRestore({ from: { targetRef: { name: 'read' } } }, { phase: 'Verifying', source: { target: 'read', location, recoveryPoint: hex('9'), setId: 'set-1', grade: 'Frozen' } });

  test('is that of the AppSnapshot which has written exactly this recovery point', () => {
    expect(verifiedCopy(restored, [copied()])).toEqual({ name: 'copy', uid: 'a-uid', target: 's3' });
  });

  test.each<[string, AppSnapshot]>([
    ['another recovery point under its id', copied({ recoveryPoint: hex('8') })],
    ['another place', copied({ location: 's3:https://mine/copies/shop' })],
    ['one that was forgotten', copied({ phase: 'Forgotten' })],
    ['one of another namespace', copied({}, 'theirs')],
  ])('not: %s', (_, other) => {
    expect(verifiedCopy(restored, [other])).toBeUndefined();
  });

  test('is known to be verified when its restore is gone', () => {
    const verified = { at: '2026-11-29T11:00:00Z', by: 'shop/drill', checks: 3 };
    const marked = (target?: string): AppSnapshot => ({ ...copied(), status: { ...copied().status, verified: { ...verified, ...(target === undefined ? {} : { target }) } } });
    const ids = (object: AppSnapshot): string[] => verifiedIn({ appRestores: { list: () => [] }, appSnapshots: { list: () => [object] } } as unknown as Parameters<typeof verifiedIn>[0], { location, repositoryId: undefined });
    expect(ids(marked('s3'))).toEqual(['set-1']);
    // Of its snapshots that says nothing of the target.
    expect(ids(marked())).toEqual([]);
  });
});
