import { describe, expect, test } from '@jest/globals';
import type { AppRestoreSpec } from '../../../src/api/apprestore.js';
import type { ObjectPatch } from '../../../src/api/rewrite.js';
import { unpackPlan, type PlanDocument } from '../../../src/manifests/plan-document.js';
import { remoteRestore } from './remote-fixtures.js';
import { RemoteWorld } from './remote-world.js';

const images = { postgresql: 'mirror.example/postgresql' };
const wrong: ObjectPatch[] = [{ target: { kind: 'ConfigMap', name: 'conf' }, patch: [{ op: 'test', path: '/metadata/name', value: 'conf' }, { op: 'replace', path: '/data/url', value: 'x' }] }];
const says = 'spec.rewrite.patches[0].patch[1]: replace /data/url of configmaps/conf: there is no /data/url';

const restore = (spec: Partial<AppRestoreSpec>): RemoteWorld => new RemoteWorld(remoteRestore({}, { what: 'Configuration', ...spec }));
const ready = (world: RemoteWorld): { reason: string; message: string } | undefined => world.restore?.status?.conditions?.find(({ type }) => type === 'Ready');
const planIn = (world: RemoteWorld): PlanDocument => unpackPlan(Buffer.from((world.objects.get('configmaps/r-plan') as { binaryData?: Record<string, string> }).binaryData?.['plan.json.gz'] ?? '', 'base64'));

describe('a dry run', () => {
  test('saves every object as it would be made in a ConfigMap of its own, and names it', async () => {
    const world = restore({ dryRun: true, rewrite: { images } });
    await world.live(60);
    expect(world.restore?.status).toMatchObject({ phase: 'Ready', plan: { diffRef: { name: 'r-plan' } } });
    expect(ready(world)).toMatchObject({ reason: 'DryRun', message: expect.stringContaining('See kubectl stillpoint -n shop diff r.') as unknown });
    expect(world.objects.get('configmaps/r-plan')?.metadata).toMatchObject({ labels: { 'stillpoint.dev/internal': 'plan' }, ownerReferences: [{ kind: 'AppRestore', name: 'r', uid: world.restore?.metadata.uid, controller: true }] });
    const plan = planIn(world);
    expect(plan).toMatchObject({ namespace: 'shop', cut: 0 });
    expect(plan.objects.map(({ verdict, object }) => `${verdict} ${object}`).sort()).toEqual(['configmaps/conf', 'cronjobs.batch/tick', 'horizontalpodautoscalers.autoscaling/scale', 'statefulsets.apps/pg'].map((id) => `create ${id}`));
    expect(plan.objects.find(({ object }) => object === 'statefulsets.apps/pg')?.manifest).toMatchObject({ spec: { replicas: 1, template: { spec: { containers: [{ image: 'mirror.example/postgresql:15' }, {}] } } } });
    expect(world.of('statefulsets')).toEqual([]);
  });

  test('is Ready with what would be refused, and says which patch and why', async () => {
    const world = restore({ dryRun: true, rewrite: { patches: wrong } });
    await world.live(60);
    expect(world.restore?.status).toMatchObject({ phase: 'Ready', plan: { refuse: [says] } });
    expect(planIn(world).objects[0]).toEqual({ verdict: 'refuse', object: 'spec.rewrite.patches[0].patch[1]', why: says.slice(says.indexOf(': ') + 2) });
  });

  test('never writes over a ConfigMap of somebody else, and goes on when that is gone', async () => {
    const world = restore({ dryRun: true });
    world.put('configmaps', { metadata: { name: 'r-plan', namespace: 'shop' }, data: { mine: 'x' } });
    await world.live(30);
    expect(ready(world)).toMatchObject({ reason: 'PlanNotSaved', message: expect.stringContaining('ConfigMap r-plan in namespace shop is there and is not of this AppRestore') as unknown });
    expect(world.objects.get('configmaps/r-plan')).toMatchObject({ data: { mine: 'x' } });
    world.objects.delete('configmaps/r-plan');
    await world.live(30);
    expect(world.restore?.status).toMatchObject({ phase: 'Ready', plan: { diffRef: { name: 'r-plan' } } });
  });

  test.each(Array.from({ length: 32 }, (_, i) => ({ after: Math.floor(i / 2), done: i % 2 === 1 })))('is whole when the operator dies at write $after (done: $done)', async (crash) => {
    const world = restore({ dryRun: true });
    world.crash = { ...crash };
    await world.live(60);
    world.crash = undefined;
    await world.live(60);
    expect(world.restore?.status).toMatchObject({ phase: 'Ready', plan: { diffRef: { name: 'r-plan' } } });
    expect(planIn(world).objects).toHaveLength(4);
  });
});

test('a restore whose patch does not apply begins nothing and has failed: neither the copy nor the spec will be another one', async () => {
  const world = restore({ rewrite: { patches: wrong } });
  await world.live(60);
  expect(world.restore?.status).toMatchObject({ phase: 'Failed', plan: { refuse: [says] } });
  expect(ready(world)).toMatchObject({ reason: 'InvalidSpec', message: `Nothing was begun: ${says}.` });
  expect([world.of('statefulsets'), world.objects.has('configmaps/r-plan')]).toEqual([[], false]);
});
