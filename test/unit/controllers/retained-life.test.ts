import { describe, expect, test } from '@jest/globals';
import { first, RetainedWorld, uid } from './retained-world.js';
import { appRestore } from './apprestore-fixtures.js';

const whole = [`stillpoint-retained-${uid}`, `stillpoint-retained-${uid}-0`];
/** More writes than any of these lives has. */
const writes = Array.from({ length: 30 }, (_, i) => i).flatMap((after) => [true, false].map((done) => ({ after, done })));

async function ready(): Promise<RetainedWorld> {
  const world = new RetainedWorld();
  await world.live();
  expect(world.ready()).toMatchObject({ status: 'True', reason: 'SnapshotReady' });
  return world;
}

function expectWhole(world: RetainedWorld): void {
  expect(world.violations).toEqual([]);
  expect(world.secrets.sort()).toEqual(whole);
  expect(world.policies).toEqual(['Retain', 'Retain', 'Retain']);
  expect(world.storage.size).toBe(3);
}

function expectNothing(world: RetainedWorld): void {
  expect(world.violations).toEqual([]);
  expect([world.snapshot, world.secrets, world.policies, world.storage.size]).toEqual([undefined, [], [], 0]);
}

describe('a copy that is to be retained', () => {
  test('is ready when all of it is there, and says where', async () => {
    const world = await ready();
    expectWhole(world);
    expect(world.snapshot?.status).toMatchObject({ phase: 'Ready', retained: { namespace: 'stillpoint-system', secret: whole[0], complete: true } });
    expect(world.api.at(first)?.metadata).toMatchObject({
      labels: { 'stillpoint.dev/retained': 'true', 'stillpoint.dev/source-namespace': 'shop', 'stillpoint.dev/source-name': 'copy', 'stillpoint.dev/cut-at': '2026-11-30T11-59-00Z', 'stillpoint.dev/grade': 'Frozen' },
      finalizers: ['stillpoint.dev/retained-data'],
    });
  });

  test('stays when its namespace goes, also over a crash at any write before and after it', async () => {
    for (const crash of writes) {
      const world = new RetainedWorld();
      world.api.crash = { ...crash };
      await world.live();
      world.deleteNamespace();
      world.api.crash = { ...crash };
      await world.live();
      expectWhole(world);
      expect(world.snapshot).toBeUndefined();
    }
  });

  test('stays when its object alone goes', async () => {
    const world = await ready();
    world.api.remove('appsnapshots/shop/copy');
    await world.live();
    expect(world.snapshot).toBeUndefined();
    expectWhole(world);
  });

  test('is whole, or nothing is left of it, at whatever write the namespace goes', async () => {
    const ends = new Set<string>();
    for (let after = 0; after < 30; after += 1) {
      const world = new RetainedWorld();
      world.api.onWrite(after, () => world.deleteNamespace());
      await world.live();
      const stays = world.secrets.length > 0;
      ends.add(stays ? 'stays' : 'goes');
      if (stays) expectWhole(world);
      else expectNothing(world);
    }
    expect([...ends].sort()).toEqual(['goes', 'stays']);
  });

  test('is not ready while a quota is in the way, and says so; then it goes on', async () => {
    const world = new RetainedWorld();
    world.api.full.set('stillpoint-system', 'secrets "stillpoint-retained" is forbidden: exceeded quota: few');
    await world.live(25);
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'RetainRefused' });
    expect(world.ready().message).toMatch(/^Secret stillpoint-retained-\S+ could not be written in namespace stillpoint-system, .*exceeded quota/);
    expect(world.snapshot?.status?.phase).toBe('Graded');
    world.api.full.clear();
    await world.live();
    expect(world.ready()).toMatchObject({ status: 'True' });
    expectWhole(world);
  });

  test('is refused where the namespace has as many as it may', async () => {
    const world = new RetainedWorld();
    world.perNamespace = 0;
    await world.live(25);
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'RetainRefused', message: expect.stringContaining('retained.perNamespace') });
    expect(world.policies).toEqual(['Delete', 'Delete', 'Delete']);
    world.ask({ deletionPolicy: 'Delete' });
    await world.live();
    expect(world.ready()).toMatchObject({ status: 'True' });
    expect(world.secrets).toEqual([]);
  });

  test('is gone with its data when it expires, over a crash at any write', async () => {
    for (const crash of writes) {
      const world = await ready();
      world.ask({ expiresAfter: '1m' });
      world.now += 3_600_000;
      world.api.crash = { ...crash };
      await world.live();
      expect(world.violations).toEqual([]);
      expect([world.snapshot?.status?.phase, world.secrets, world.policies, world.storage.size]).toEqual(['Expired', [], [], 0]);
    }
  });
});

describe('the spec changes', () => {
  test('to Delete and back, over a crash at any write', async () => {
    for (const crash of writes) {
      const world = await ready();
      world.ask({ deletionPolicy: 'Delete' });
      world.api.crash = { ...crash };
      await world.live();
      expect([world.secrets, world.policies, world.storage.size, world.snapshot?.status?.retained]).toEqual([[], ['Delete', 'Delete', 'Delete'], 3, undefined]);
      expect(world.ready()).toMatchObject({ status: 'True', reason: 'SnapshotReady' });
      world.ask({ deletionPolicy: 'Retain' });
      world.api.crash = { ...crash };
      await world.live();
      expectWhole(world);
      expect(world.ready()).toMatchObject({ status: 'True', reason: 'SnapshotReady' });
    }
  });

  test('to Delete, and it is deleted: nothing is left, over a crash at any write', async () => {
    for (const crash of writes) {
      const world = await ready();
      world.ask({ deletionPolicy: 'Delete' });
      world.deleteNamespace();
      world.api.crash = { ...crash };
      await world.live();
      expectNothing(world);
    }
  });

  test('to Retain, and it is deleted before anybody has looked: it is retained first', async () => {
    const world = new RetainedWorld({});
    await world.live();
    world.ask({ deletionPolicy: 'Retain' });
    world.api.remove('appsnapshots/shop/copy');
    await world.live();
    expect(world.snapshot).toBeUndefined();
    expectWhole(world);
  });

  test('a quota that is in the way of a copy that is ready keeps it restorable, and nothing else waiting', async () => {
    const world = new RetainedWorld({});
    await world.live();
    world.api.full.set('stillpoint-system', 'exceeded quota');
    world.ask({ deletionPolicy: 'Retain' });
    await world.live(25);
    expect(world.snapshot?.status).toMatchObject({ phase: 'Ready', retained: { complete: false } });
    expect(world.ready()).toMatchObject({ status: 'False', reason: 'RetainRefused' });
    expect(world.events.filter((reason) => reason === 'RetainRefused')).toHaveLength(1);
    world.ask({ deletionPolicy: 'Delete' });
    await world.live();
    expect(world.ready()).toMatchObject({ status: 'True', reason: 'SnapshotReady' });
    expect(world.policies).toEqual(['Delete', 'Delete', 'Delete']);
  });
});

describe('somebody deletes the Secret', () => {
  test('while the AppSnapshot is there: it is written anew, and the data stays, over a crash at any write', async () => {
    for (const crash of writes) {
      const world = await ready();
      world.api.remove(first);
      world.api.crash = { ...crash };
      await world.live();
      expectWhole(world);
    }
  });

  test('afterwards: its data goes, its other Secrets, and it last, over a crash at any write', async () => {
    for (const crash of writes) {
      const world = await ready();
      world.deleteNamespace();
      await world.live();
      world.api.remove(first);
      world.api.crash = { ...crash };
      await world.live();
      expectNothing(world);
    }
  });

  test('while a restore reads from it: that is waited for', async () => {
    const world = await ready();
    world.deleteNamespace();
    await world.live();
    const reading = appRestore({ from: { retained: uid } }, { phase: 'RestoringVolumes' }, { namespace: 'again' });
    world.restores = [reading];
    world.api.remove(first);
    await world.live();
    expect([world.secrets.length, world.storage.size]).toEqual([2, 3]);
    expect(world.events).toContain('RetainedInUse');
    world.restores = [{ ...reading, status: { phase: 'Ready' } }];
    await world.live();
    expectNothing(world);
  });

  test('since the namespace of the operator goes as a whole: the data stays, and so does the Secret', async () => {
    const world = await ready();
    world.deleteNamespace();
    await world.live();
    world.api.edit('namespaces//stillpoint-system', ({ metadata }) => (metadata.deletionTimestamp = '2026-11-30T14:00:00Z'));
    for (const name of world.secrets) world.api.remove(`secrets/stillpoint-system/${name}`);
    await world.live();
    expect(world.api.at(first)?.metadata.finalizers).toEqual(['stillpoint.dev/retained-data']);
    expect([world.policies, world.storage.size]).toEqual([['Retain', 'Retain', 'Retain'], 3]);
    expect(world.events).toContain('RetainedStays');
  });
});

test('parts without a first Secret are swept when their AppSnapshot is gone, and not before', async () => {
  const world = await ready();
  world.api.forget(first);
  await world.sweep();
  expect(world.secrets).toEqual([whole[1]]);
  world.api.forget('appsnapshots/shop/copy');
  await world.sweep();
  expect(world.secrets).toEqual([]);
});
