import { describe, expect, test } from '@jest/globals';
import { VolumesWorld } from './volumes-world.js';

const placed = { storageClusterRef: { name: 'bed' } };
const growth = { whenUsedPercent: 80, by: '100%', max: '3Gi', cooldown: '10m' };
const parameters = (world: VolumesWorld): unknown => world.className?.['parameters'];

describe('the class of a policy', () => {
  test('is made like its tier, and volumes of it are compliant', async () => {
    const world = new VolumesWorld({ ...placed, replicas: 2 });
    await world.live(1);
    expect(parameters(world)).toEqual({ replicas: '2', fsType: 'ext4' });
    world.make('data');
    await world.live(1);
    expect(world.volumes).toEqual(['data']);
    expect(world.condition('Compliant')).toMatchObject({ status: 'True', reason: 'VolumesCompliant' });
    expect(world.condition('Ready')).toMatchObject({ status: 'True', reason: 'Enforced' });
    expect(world.policy.status).toMatchObject({ storageClass: { name: 'shop-db' }, volumesCompliant: '1/1' });
    expect(world.series).toEqual({ volumes: 1, noncompliant: 0 });
    expect(world.events).toEqual(['ClassMade']);
  });

  test('is made anew under its name when the policy asks for something else; volumes that are there differ, with the way out', async () => {
    const world = new VolumesWorld({ ...placed, replicas: 2 });
    await world.live(1);
    world.make('old');
    await world.live(1);
    const { uid } = world.className!.metadata;
    world.change({ ...placed, replicas: 3 });
    await world.live(1);
    expect(parameters(world)).toMatchObject({ replicas: '3' });
    expect(world.className!.metadata.uid).not.toBe(uid);
    world.make('new');
    await world.live(1);
    expect(world.volumes).toEqual(['new', 'old: replicas MadeBefore']);
    expect(world.condition('Compliant')).toMatchObject({ status: 'False', reason: 'MadeBefore', message: expect.stringMatching(/^1 of 2 volumes are not as the policy wants them: old \(replicas: MadeBefore\)/) as unknown });
    expect(world.policy.status?.storageClass?.earlier).toEqual([{ since: expect.any(String) as unknown, until: expect.any(String) as unknown, tier: 'bed', parameters: { replicas: '2' } }]);
    expect(world.events).toContain('MadeBefore');
  });

  test.each(Array.from({ length: 12 }, (_, i) => ({ after: Math.floor(i / 2), done: i % 2 === 1 })))('crash %p: what it was is never lost', async (crash) => {
    const world = new VolumesWorld({ ...placed, replicas: 2, performance: { minIops: 100 } });
    await world.live(1);
    world.make('old');
    await world.live(2);
    world.change({ ...placed, replicas: 3, performance: { minIops: 200 } });
    world.crash = { ...crash };
    await world.live(4);
    expect(parameters(world)).toMatchObject({ replicas: '3' });
    expect(world.volumes).toEqual(['old: replicas MadeBefore']);
    expect(world.policy.status?.storageClass?.earlier).toHaveLength(1);
    expect(world.attributesClasses).toEqual([world.policy.status?.attributesClass]);
  });

  test('one that somebody has deleted is made anew, and what it was is not known', async () => {
    const world = new VolumesWorld({ ...placed, replicas: 2 });
    await world.live(1);
    world.make('data');
    world.objects.delete('storageclasses//shop-db');
    world.now += 5000;
    await world.live(2);
    expect(parameters(world)).toMatchObject({ replicas: '2' });
    expect(world.volumes).toEqual(['data: replicas NotKnown']);
  });

  test('one that is not ours is left alone', async () => {
    const world = new VolumesWorld({ ...placed, replicas: 2 });
    world.store('storageclasses', { metadata: { name: 'shop-db' } });
    world.make('data');
    await world.live(2);
    expect(world.className?.['provisioner']).toBeUndefined();
    expect(world.condition('Ready')).toMatchObject({ status: 'False', reason: 'ClassNotOurs', message: 'StorageClass shop-db exists, and this policy has not made it.' });
    expect(world.condition('Compliant')).toMatchObject({ status: 'False', reason: 'ClassNotOurs' });
    expect(world.volumes).toEqual(['data: storageClusterRef NotKnown']);
  });

  test('a name that belongs to another namespace is not taken', async () => {
    const world = new VolumesWorld({ ...placed, storageClassName: 'shop-eu-fast' });
    world.store('namespaces', { metadata: { name: 'shop-eu' } });
    await world.live(1);
    expect(world.objects.has('storageclasses//shop-eu-fast')).toBe(false);
    expect(world.condition('Ready')).toMatchObject({ reason: 'ClassNotOurs', message: expect.stringContaining('begins with that of namespace shop-eu') as unknown });
  });

  test('outlives its policy as long as a volume has it', async () => {
    const world = new VolumesWorld({ ...placed, performance: { minIops: 100 } });
    await world.live(1);
    world.make('data');
    await world.live(2);
    world.objects.delete('volumepolicies/shop/db');
    await world.live(2);
    expect([world.className !== undefined, world.attributesClasses.length]).toEqual([true, 1]);
    world.objects.delete('persistentvolumeclaims/shop/data');
    await world.live(1);
    expect([world.className !== undefined, world.attributesClasses.length]).toEqual([true, 0]);
    world.objects.delete('persistentvolumes//pv-data');
    await world.live(1);
    expect(world.className).toBeUndefined();
    expect(world.objects.has('storageclasses//bed')).toBe(true);
  });
});

describe('attributes of volumes in use', () => {
  test('are told by a class named after them; another value moves the claims, and the old class goes', async () => {
    const world = new VolumesWorld({ ...placed, performance: { minIops: 100 } });
    await world.live(1);
    world.make('data');
    await world.live(1);
    const [first] = world.attributesClasses;
    expect(world.claim('data')).toMatchObject({ spec: { volumeAttributesClassName: first }, metadata: { annotations: { 'stillpoint.dev/attributes-class': first } } });
    expect(world.volumes).toEqual(['data: performance.minIops AttributesChanging']);
    await world.live(1);
    expect(world.volumes).toEqual(['data']);
    world.change({ ...placed, performance: { minIops: 200 } });
    await world.live(2);
    const [second, ...others] = world.attributesClasses;
    expect(others).toEqual([]);
    expect(second).not.toBe(first);
    expect(world.claim('data').spec.volumeAttributesClassName).toBe(second);
    expect(world.events.filter((event) => event === 'AttributesChanged')).toHaveLength(2);
  });

  test('one that somebody else has chosen stays', async () => {
    const world = new VolumesWorld({ ...placed, performance: { minIops: 100 } });
    await world.live(1);
    world.make('data');
    world.claim('data').spec.volumeAttributesClassName = 'gold';
    await world.live(2);
    expect(world.claim('data').spec.volumeAttributesClassName).toBe('gold');
    expect(world.volumes).toEqual(['data: performance.minIops AttributesOfOthers']);
  });

  test('where the cluster has none, they are told once', async () => {
    const world = new VolumesWorld({ ...placed, performance: { minIops: 100 } });
    world.servesAttributes = false;
    await world.live(1);
    expect(parameters(world)).toMatchObject({ iops: '100' });
  });

  test('what the account may not do is said, and nothing else waits for it', async () => {
    const world = new VolumesWorld({ ...placed, performance: { minIops: 100 } });
    await world.live(1);
    world.make('data');
    world.forbidden = 'exceeded quota: gold';
    await world.live(1);
    expect(world.condition('Ready')).toMatchObject({ status: 'False', reason: 'VolumeChangeRefused', message: 'PersistentVolumeClaim data: exceeded quota: gold' });
    expect(world.condition('Compliant')).toMatchObject({ status: 'False', reason: 'AttributesChanging' });
  });
});

describe('growth', () => {
  test('a volume that fills up grows, once until it is over and the cooldown has passed, and never beyond max', async () => {
    const world = new VolumesWorld({ growth });
    world.make('data', 'bed');
    world.used.set('data', 50);
    await world.live(1);
    expect(world.claim('data').spec.resources.requests.storage).toBe('1Gi');
    world.used.set('data', 85);
    await world.live(1);
    expect(world.claim('data').spec.resources.requests.storage).toBe('2Gi');
    expect(world.commands[0]).toEqual(['/stillpoint/holder', 'usage', 'usage']);
    await world.live(9);
    expect(world.claim('data').spec.resources.requests.storage).toBe('2Gi');
    await world.live(20);
    expect(world.claim('data').spec.resources.requests.storage).toBe('3Gi');
    expect(world.events.filter((event) => event === 'VolumeGrown')).toHaveLength(2);
    expect(world.volumes).toEqual(['data: growth MaxReached']);
    expect(world.policy.status?.volumes?.[0]).toMatchObject({ usedPercent: 85, grownAt: expect.any(String) as unknown });
  });

  test('not by a guess', async () => {
    const world = new VolumesWorld({ growth });
    world.make('data', 'bed');
    await world.live(3);
    expect(world.claim('data').spec.resources.requests.storage).toBe('1Gi');
    expect(world.volumes).toEqual(['data: growth UsageNotKnown']);
  });

  test('an agent is not asked while its policies are not in force, and how volumes stand is not known then', async () => {
    const world = new VolumesWorld({ growth });
    world.missing = 'stillpoint-agent-exec';
    world.make('data', 'bed');
    await world.live(2);
    expect(world.commands).toEqual([]);
    expect(world.condition('Ready')).toMatchObject({ status: 'False', reason: 'PoliciesMissing' });
    expect(world.condition('Compliant')).toMatchObject({ status: 'Unknown', reason: 'PoliciesMissing' });
  });

  test.each(Array.from({ length: 6 }, (_, i) => ({ after: Math.floor(i / 2), done: i % 2 === 1 })))('crash %p: no volume grows twice', async (crash) => {
    const world = new VolumesWorld({ growth });
    world.make('data', 'bed');
    world.used.set('data', 85);
    world.crash = { ...crash };
    await world.live(5);
    expect(world.claim('data').spec.resources.requests.storage).toBe('2Gi');
  });

  test('goes on while the rest of the policy is refused', async () => {
    const world = new VolumesWorld({ ...placed, performance: { minIops: 20_000 }, growth });
    world.make('data', 'bed');
    world.used.set('data', 85);
    await world.live(1);
    expect(world.condition('Ready')).toMatchObject({ status: 'False', reason: 'OfferExceeded' });
    expect(world.claim('data').spec.resources.requests.storage).toBe('2Gi');
  });
});

describe('refusals', () => {
  test.each([
    ['a StorageCluster that is not there', { storageClusterRef: { name: 'none' } }, 'StorageClusterNotFound', /^spec\.storageClusterRef: there is no StorageCluster none\.$/],
    ['what is not offered', { ...placed, tier: 'gold' }, 'NotOffered', /^spec\.tier is gold/],
    ['more than is offered', { ...placed, performance: { minIops: 10_001 } }, 'OfferExceeded', /^spec\.performance\.minIops is 10001/],
    ['what the driver cannot be told', { ...placed, performance: { maxReadIops: 5 } }, 'PolicyNotEnforceable', /^spec\.performance\.maxReadIops: the driver csi\.bed\.stillpoint\.dev has no parameter for it\.$/],
    ['a name of others', { ...placed, storageClassName: 'fast' }, 'InvalidSpec', /^spec\.storageClassName is fast; it must begin with shop-/],
  ])('%s', async (_, spec, reason, says) => {
    const world = new VolumesWorld(spec);
    await world.live(1);
    expect(world.condition('Ready')).toMatchObject({ status: 'False', reason, message: expect.stringMatching(says) as unknown });
    expect([...world.objects.keys()].filter((key) => key.startsWith('storageclasses/'))).toEqual(['storageclasses//bed']);
  });

  test('a policy that is no longer followed keeps the classes that it has', async () => {
    const world = new VolumesWorld({ ...placed, performance: { minIops: 100 } });
    await world.live(1);
    world.change({ ...placed, performance: { minIops: 10_001 } });
    await world.live(3);
    expect([world.className !== undefined, world.attributesClasses.length]).toEqual([true, 1]);
  });

  test('a StorageCluster that is not ready keeps its policies waiting', async () => {
    const world = new VolumesWorld(placed);
    const cluster = world.objects.get('storageclusters//bed')!;
    (cluster['status'] as { conditions: object[] }).conditions = [{ type: 'Ready', status: 'False', reason: 'DriverNotFound', message: 'no node has it' }];
    await world.live(1);
    expect(world.condition('Ready')).toMatchObject({ reason: 'StorageClusterNotReady', message: 'StorageCluster bed is not ready: DriverNotFound: no node has it' });
    cluster.metadata.generation = 2;
    await world.live(1);
    expect(world.condition('Ready')).toMatchObject({ message: 'StorageCluster bed was not looked at yet.' });
  });
});

test('of two policies with one claim the older governs it', async () => {
  const world = new VolumesWorld({ ...placed, performance: { minIops: 100 } });
  await world.live(1);
  world.make('data');
  world.store('volumepolicies', { metadata: { name: 'a', namespace: 'shop', creationTimestamp: '2026-11-28T10:00:00Z' }, spec: world.specOf({ growth }) });
  await world.live(2);
  expect(world.claim('data').spec.volumeAttributesClassName).toBeUndefined();
  expect(world.volumes).toEqual(['data: selector OtherPolicy']);
  expect(world.condition('Compliant')).toMatchObject({ status: 'False', reason: 'OtherPolicy' });
});

test('a policy that asks nothing of volumes says so, and one that ceases to leaves nothing behind', async () => {
  const world = new VolumesWorld({ ...placed, performance: { minIops: 100 } });
  await world.live(1);
  world.change({ protection: { schedule: { cron: '0 0 1 1 *', suspend: true }, retention: { last: 1 } } });
  await world.live(3);
  expect(world.condition('Compliant')).toMatchObject({ status: 'Unknown', reason: 'NoVolumePolicy' });
  expect(world.condition('Ready')).toMatchObject({ status: 'True', reason: 'Suspended' });
  expect(world.policy.status).not.toHaveProperty('storageClass');
  expect(world.policy.status).not.toHaveProperty('volumes');
  expect([world.className, world.attributesClasses, world.series]).toEqual([undefined, [], undefined]);
});
