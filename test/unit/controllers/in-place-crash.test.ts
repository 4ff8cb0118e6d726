import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AppRestoreSpec } from '../../../src/api/apprestore.js';
import { valueAt } from '../../../src/manifests/json.js';
import { InPlaceWorld } from './in-place-world.js';

/** What there is in the end. */
function stateOf(world: InPlaceWorld): object {
  const { cluster } = world;
  return {
    database: cluster.database,
    old: [cluster.old('data-pg-0'), cluster.old('wal-pg-0')],
    replicas: valueAt(cluster.objects.get('statefulsets/shop/pg'), ['spec', 'replicas']),
    ticks: valueAt(cluster.objects.get('cronjobs/shop/tick'), ['spec', 'suspend']) !== true,
    phase: world.restore?.status?.phase,
    violations: cluster.violations,
  };
}

const running = { replicas: 1, ticks: true, violations: [] };
const restored = { ...running, database: 'copy', old: ['Retain kept', 'Retain kept'], phase: 'Ready' };
const confirmed = { ...restored, old: [undefined, undefined] };
const asBefore = { ...running, database: 'old', old: ['Delete', 'Delete'] };
const rolledBack = { ...asBefore, phase: 'Failed' };
const ready = (world: InPlaceWorld) => world.condition('Ready');
const oldVolumes = (world: InPlaceWorld) => world.condition('PreviousVolumesKept');

/** Lives without an accident, and how many writes that takes. */
async function undisturbed(live: (world: InPlaceWorld) => Promise<void>, spec: Partial<AppRestoreSpec> = {}): Promise<number> {
  const world = new InPlaceWorld(spec);
  await live(world);
  return world.writes;
}

/** Every way to die once, among so many writes. */
const deaths = (writes: number): { at: number; done: boolean }[] => Array.from({ length: writes }, (_, i) => [{ at: i + 1, done: false }, { at: i + 1, done: true }]).flat();

describe('a restore in place', () => {
  test('replaces the claims, keeps the old volumes, starts and checks, and says what to do next', async () => {
    const world = new InPlaceWorld();
    await world.live();
    expect(stateOf(world)).toEqual(restored);
    expect(world.restore?.status).toMatchObject({ verified: true, stopped: [{ resource: 'statefulsets.apps', name: 'pg', replicas: 1 }, { resource: 'cronjobs.batch', name: 'tick' }] });
    expect(world.restore?.status?.plan?.change).toContain('persistentvolumeclaims/data-pg-0: is replaced; volume old-data-pg-0 (1Gi, Delete) is kept until spec.previousVolumes says otherwise');
    const next = '2 old volumes are kept (old-data-pg-0; old-wal-pg-0): set spec.previousVolumes to Delete when the restored data is right, or to Restore to go back to them.';
    expect(ready(world)).toMatchObject({ status: 'True', reason: 'Restored', message: expect.stringMatching(/^Restored 2 volumes .* into shop; 1 check passed\. 2 old volumes are kept/) as unknown });
    expect(oldVolumes(world)).toMatchObject({ status: 'True', reason: 'Kept', message: next });
    expect(world.events.map(({ reason }) => reason)).toEqual(['Planned', 'Stopping', 'Restored']);
  });

  test('confirmed, the old volumes go by the policy that they had', async () => {
    const world = new InPlaceWorld();
    await world.live();
    world.ask({ previousVolumes: 'Delete' });
    await world.live();
    expect(stateOf(world)).toEqual(confirmed);
    expect(world.restore?.status?.previousVolumes?.map(({ state }) => state)).toEqual(['Removed', 'Removed']);
    expect(oldVolumes(world)).toMatchObject({ status: 'False', reason: 'Removed', message: expect.stringContaining('old-data-pg-0 (Delete)') as unknown });
    expect(ready(world)).toMatchObject({ status: 'True', reason: 'Restored', message: expect.stringMatching(/1 check passed\.$/) as unknown });
    // It is too late for another opinion.
    world.ask({ previousVolumes: 'Restore' });
    await world.live();
    expect(stateOf(world)).toEqual(confirmed);
  });

  test('rolled back, everything is as it was', async () => {
    const world = new InPlaceWorld();
    const before = world.cluster.objects.get('persistentvolumeclaims/shop/data-pg-0')!;
    await world.live();
    world.ask({ previousVolumes: 'Restore' });
    await world.live();
    expect(stateOf(world)).toEqual(rolledBack);
    expect(ready(world)).toMatchObject({ status: 'False', reason: 'RolledBack', message: expect.stringMatching(/^2 claims have their old volumes again\. Running as before the restore: statefulsets\.apps\/pg; cronjobs\.batch\/tick\. The configuration/) as unknown });
    expect(oldVolumes(world)).toMatchObject({ status: 'False', reason: 'RolledBack' });
    const after = world.cluster.objects.get('persistentvolumeclaims/shop/data-pg-0')!;
    expect(after['spec']).toEqual(before['spec']);
    expect([after.metadata.labels, after.metadata.annotations]).toEqual([before.metadata.labels, before.metadata.annotations]);
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    // Nothing more is done, whatever is asked for.
    for (const previousVolumes of ['Keep', 'Delete', 'Restore'] as const) {
      world.ask({ previousVolumes });
      await world.live();
      expect(stateOf(world)).toEqual(rolledBack);
    }
  });

  test('whose checks fail says how to go back, and does', async () => {
    const world = new InPlaceWorld();
    world.checks = 'Failed';
    await world.live();
    expect(stateOf(world)).toMatchObject({ database: 'copy', phase: 'Failed', old: ['Retain kept', 'Retain kept'], ticks: false });
    expect(ready(world)).toMatchObject({ reason: 'CheckFailed', message: expect.stringContaining('set spec.previousVolumes to Delete when the restored data is right, or to Restore') as unknown });
    world.ask({ previousVolumes: 'Restore' });
    await world.live();
    expect(stateOf(world)).toEqual(rolledBack);
  });

  test('leaves the configuration alone with existing: Skip', async () => {
    const world = new InPlaceWorld({ existing: 'Skip' });
    const conf = world.cluster.objects.get('configmaps/shop/conf')!;
    await world.live();
    expect(stateOf(world)).toEqual(restored);
    expect(world.cluster.objects.get('configmaps/shop/conf')).toEqual(conf);
    expect(world.restore?.status?.scaled).toEqual([{ resource: 'statefulsets.apps', name: 'pg', replicas: 1 }]);
  });

  test('waits for pods that do not go, touches nothing meanwhile, and can be taken back', async () => {
    const world = new InPlaceWorld();
    world.cluster.hangs = true;
    await world.live();
    expect(stateOf(world)).toMatchObject({ old: ['Retain kept', 'Retain kept'], replicas: 0, phase: 'Stopping' });
    expect(ready(world)?.message).toBe('Scaled to zero: statefulsets.apps/pg. Waiting until nothing uses the claims: pod pg-0 (is being deleted).');
    world.ask({ previousVolumes: 'Restore' });
    await world.live(5);
    // It does not wait for a pod when nothing was replaced.
    expect(stateOf(world)).toMatchObject({ old: ['Delete', 'Delete'], replicas: 1, phase: 'Failed' });
    world.cluster.hangs = false;
    for (let i = 0; i < 4; i += 1) world.cluster.work();
    expect(stateOf(world)).toEqual(rolledBack);
  });

  test('fills a claim that is not there, says so, and takes it away again', async () => {
    const world = new InPlaceWorld();
    const set = world.cluster.objects.get('statefulsets/shop/pg')!;
    set['spec'] = { ...(set['spec'] as object), replicas: 0 };
    for (const key of ['pods/shop/pg-0', 'persistentvolumeclaims/shop/wal-pg-0', 'persistentvolumes//old-wal-pg-0']) world.cluster.objects.delete(key);
    await world.live();
    expect(stateOf(world)).toMatchObject({ database: 'copy', old: ['Retain kept', undefined], phase: 'Ready', violations: [] });
    expect(world.events[0]?.note).toContain('Not there, and only filled: wal-pg-0.');
    expect(world.restore?.status?.plan?.create).toContain('persistentvolumeclaims/wal-pg-0');
    world.ask({ previousVolumes: 'Restore' });
    await world.live();
    expect(stateOf(world)).toMatchObject({ old: ['Delete', undefined], phase: 'Failed', replicas: 0, violations: [] });
    expect(world.cluster.objects.has('persistentvolumeclaims/shop/wal-pg-0')).toBe(false);
  });

  test('goes back to nothing when an old volume is gone, and says so', async () => {
    const world = new InPlaceWorld();
    await world.live();
    world.cluster.objects.delete('persistentvolumes//old-wal-pg-0');
    world.ask({ previousVolumes: 'Restore' });
    await world.live();
    expect(stateOf(world)).toMatchObject({ database: 'copy', phase: 'Ready', violations: [] });
    expect(oldVolumes(world)).toMatchObject({ reason: 'PreviousVolumesLost', message: expect.stringContaining('wal-pg-0: volume old-wal-pg-0 is not there any more') as unknown });
    expect(ready(world)).toMatchObject({ status: 'True', reason: 'Restored' });
  });

  test.each(['Delete', 'Restore'] as const)('stays as it has ended when the account may not have %s any more', async (previousVolumes) => {
    const world = new InPlaceWorld();
    await world.live();
    world.denied.add('delete persistentvolumeclaims');
    world.ask({ previousVolumes });
    await world.live(3);
    expect(stateOf(world)).toEqual(restored);
    expect(ready(world)).toMatchObject({ status: 'True', reason: 'Restored' });
    expect(oldVolumes(world)).toMatchObject({ status: 'True', reason: 'AccountNotAllowed', message: expect.stringContaining('may not delete persistentvolumeclaims') as unknown });
    world.denied.clear();
    await world.live();
    expect(stateOf(world)).toEqual(previousVolumes === 'Delete' ? confirmed : rolledBack);
  });

  test('whose new volumes are not whole keeps the old ones, whatever is asked for', async () => {
    const world = new InPlaceWorld();
    world.checks = 'Failed';
    await world.live();
    const claim = world.cluster.objects.get('persistentvolumeclaims/shop/data-pg-0')!;
    const object = world.cluster.objects.get('apprestores/shop/r')!;
    object['status'] = { ...world.restore?.status, volumes: world.restore?.status?.volumes?.map((volume) => ({ ...volume, phase: 'Pending' })) };
    claim['status'] = { phase: 'Pending' };
    world.ask({ previousVolumes: 'Delete' });
    await world.live(1);
    expect(oldVolumes(world)).toMatchObject({ status: 'True', reason: 'StillNeeded', message: expect.stringContaining('has not filled every new one') as unknown });
    expect(stateOf(world)).toMatchObject({ old: ['Retain kept', 'Retain kept'] });
  });

  test('confirmed beforehand, the old volumes go when every check has passed, and only then', async () => {
    const good = new InPlaceWorld({ previousVolumes: 'Delete' });
    await good.live();
    expect(stateOf(good)).toEqual(confirmed);

    for (const spec of [{}, { verify: { enabled: false, timeout: '15m' } }]) {
      const world = new InPlaceWorld({ ...spec, previousVolumes: 'Delete' });
      world.checks = 'Failed';
      await world.live();
      expect(oldVolumes(world)).toMatchObject({ status: 'True', reason: 'StillNeeded', message: expect.stringContaining('or to Keep, look at the data, and then to Delete') as unknown });
      // Whatever else is changed says nothing of the data.
      world.ask({ suspend: false });
      await world.live();
      expect(stateOf(world)).toMatchObject({ old: ['Retain kept', 'Retain kept'] });
      world.ask({ previousVolumes: 'Keep' });
      await world.live();
      expect(oldVolumes(world)).toMatchObject({ status: 'True', reason: 'Kept' });
      world.ask({ previousVolumes: 'Delete' });
      await world.live();
      expect(stateOf(world)).toMatchObject({ database: 'copy', old: [undefined, undefined] });
    }
  });

  test('that was never begun is over at once', async () => {
    const world = new InPlaceWorld({ previousVolumes: 'Restore' });
    await world.live();
    expect(stateOf(world)).toEqual(rolledBack);
    expect(ready(world)).toMatchObject({ reason: 'RolledBack', message: 'Nothing was begun, and so there is nothing to go back from.' });
  });

  test.each([
    ['delete persistentvolumeclaims', /may not delete persistentvolumeclaims in namespace shop/],
    ['patch statefulsets', /may not patch statefulsets\.apps in namespace shop/],
  ])('without the right to %s begins nothing', async (right, says) => {
    const world = new InPlaceWorld();
    world.denied.add(right);
    await world.live(5);
    expect(ready(world)).toMatchObject({ reason: 'AccountNotAllowed', message: expect.stringMatching(says) as unknown });
    expect(stateOf(world)).toMatchObject(asBefore);
  });

  test.each<[string, (world: InPlaceWorld) => void, RegExp]>([
    ['a claim that waits for a volume', ({ cluster }) => Object.assign(cluster.objects.get('persistentvolumeclaims/shop/data-pg-0')!, { spec: { volumeName: 'none' }, status: { phase: 'Pending' } }), /persistentvolumeclaims\/data-pg-0: has no volume that could be kept \(Pending\); delete it, then it is only filled/],
    ['a volume that belongs to another claim', ({ cluster }) => Object.assign(cluster.objects.get('persistentvolumes//old-data-pg-0')!, { spec: { claimRef: { namespace: 'other', name: 'data-pg-0', uid: 'x' } } }), /persistentvolumeclaims\/data-pg-0: volume old-data-pg-0 is not bound to it by uid/],
    ['a workload under GitOps', ({ cluster }) => void (cluster.objects.get('statefulsets/shop/pg')!.metadata.labels = { 'kustomize.toolkit.fluxcd.io/name': 'k', 'kustomize.toolkit.fluxcd.io/namespace': 'flux' }), /statefulsets\.apps\/pg: ManagedByGitOps: Flux kustomization flux\/k would undo the change/],
    ['a foreign pod', ({ cluster }) => void cluster.put('pods', { metadata: { name: 'shell', namespace: 'shop' }, spec: { containers: [{ name: 'c' }], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'wal-pg-0' } }] } }), /pods\/shell: uses claim wal-pg-0/],
    ['an operator of the database', ({ cluster }) => void (cluster.objects.get('appsnapshots/shop/s')!['status'] = JSON.parse(JSON.stringify(cluster.objects.get('appsnapshots/shop/s')!['status']).replace('"major":"15"', '"major":"15","managedBy":"CloudNativePG"')) as unknown), /application pg: CloudNativePG manages it/],
  ])('is refused beside %s, with the way out, and touches nothing', async (_, change, says) => {
    const world = new InPlaceWorld();
    change(world);
    await world.live(3);
    expect(ready(world)).toMatchObject({ status: 'False', reason: 'RestoreRefused' });
    expect(world.restore?.status?.plan?.refuse?.join('\n')).toMatch(says);
    expect(stateOf(world)).toMatchObject({ replicas: 1, phase: 'Pending', violations: [] });
  });
});

describe('wherever the operator dies', () => {
  test('a restore comes to its end, and the database was never on a mixture', async () => {
    const writes = await undisturbed((world) => world.live().then(() => undefined));
    for (const death of deaths(writes)) {
      const world = new InPlaceWorld();
      world.crash = death;
      expect({ death, died: await world.live() }).toEqual({ death, died: true });
      await world.live();
      expect({ death, ...stateOf(world) }).toEqual({ death, ...restored });
    }
  }, 120_000);

  test('and goes back then, everything is as it was', async () => {
    const writes = await undisturbed((world) => world.live().then(() => undefined));
    for (const death of deaths(writes)) {
      const world = new InPlaceWorld();
      world.crash = death;
      await world.live();
      world.ask({ previousVolumes: 'Restore' });
      await world.live();
      expect({ death, ...stateOf(world) }).toEqual({ death, ...rolledBack });
    }
  }, 120_000);

  test('a rollback comes to its end', async () => {
    const back = async (world: InPlaceWorld): Promise<void> => {
      await world.live();
      world.ask({ previousVolumes: 'Restore' });
      await world.live();
    };
    const before = await undisturbed((world) => world.live().then(() => undefined));
    const writes = await undisturbed(back);
    for (const death of deaths(writes).filter(({ at }) => at > before)) {
      const world = new InPlaceWorld();
      world.crash = death;
      await back(world);
      await world.live();
      expect({ death, ...stateOf(world) }).toEqual({ death, ...rolledBack });
    }
  }, 120_000);

  test('old volumes that are confirmed go, all of them', async () => {
    const confirm = async (world: InPlaceWorld): Promise<void> => {
      await world.live();
      world.ask({ previousVolumes: 'Delete' });
      await world.live();
    };
    const before = await undisturbed((world) => world.live().then(() => undefined));
    const writes = await undisturbed(confirm);
    for (const death of deaths(writes).filter(({ at }) => at > before)) {
      const world = new InPlaceWorld();
      world.crash = death;
      await confirm(world);
      await world.live();
      expect({ death, ...stateOf(world) }).toEqual({ death, ...confirmed });
    }
  }, 120_000);

  test('and the AppRestore is deleted, no old volume is lost, and those that have no claim are named', async () => {
    const writes = await undisturbed((world) => world.live().then(() => undefined));
    for (const death of deaths(writes)) {
      const world = new InPlaceWorld();
      world.crash = death;
      await world.live();
      world.delete();
      await world.live();
      const told = world.events.filter(({ reason }) => reason === 'PreviousVolumesLeft').map(({ note }) => note).join(' ');
      expect({ death, gone: world.restore === undefined, violations: world.cluster.violations }).toEqual({ death, gone: true, violations: [] });
      for (const claim of ['data-pg-0', 'wal-pg-0']) {
        const state = world.cluster.old(claim);
        expect({ death, state }).toEqual({ death, state: told.includes(`old-${claim} (of claim ${claim}, before Delete)`) ? 'Retain kept' : 'Delete' });
      }
    }
  }, 120_000);

  test('again and again, and whoever changes his mind: one of the two, whole', async () => {
    const accidents = fc.array(fc.record({ after: fc.integer({ min: 1, max: 25 }), done: fc.boolean(), wish: fc.constantFrom('Keep' as const, 'Restore' as const, undefined) }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(accidents, fc.constantFrom('Keep' as const, 'Restore' as const, 'Delete' as const), async (list, last) => {
        const world = new InPlaceWorld();
        for (const { after, done, wish } of list) {
          world.crash = { at: world.writes + after, done };
          await world.live();
          if (wish !== undefined) world.ask({ previousVolumes: wish });
        }
        world.crash = undefined;
        world.ask({ previousVolumes: last });
        await world.live(200);
        await world.live(200);
        const state = stateOf(world);
        expect([restored, confirmed, rolledBack]).toContainEqual(state);
        if (last === 'Restore') expect(state).toEqual(rolledBack);
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
