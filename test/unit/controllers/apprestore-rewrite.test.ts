import { describe, expect, test } from '@jest/globals';
import type { AppRestoreSpec } from '../../../src/api/apprestore.js';
import type { ObjectPatch } from '../../../src/api/rewrite.js';
import { planName, wholePlan } from '../../../src/controllers/apprestore/dry-run.js';
import { restoreSet, type RestoreSet } from '../../../src/controllers/apprestore/restore-set.js';
import { objectId, type CapturedObject } from '../../../src/manifests/captured.js';
import { editAt } from '../../../src/manifests/json.js';
import { summarizePlan, type ObjectPlan } from '../../../src/manifests/plan-apply.js';
import { captured } from '../manifests/objects.js';
import { appCopy, appRestore, capture } from './apprestore-fixtures.js';

const set = (rewrite: NonNullable<AppRestoreSpec['rewrite']>, spec: Partial<AppRestoreSpec> = {}, saved = capture()): RestoreSet => restoreSet(appRestore({ ...spec, rewrite }), appCopy(), saved);
const patch = (kind: string, path: string, value: unknown): ObjectPatch => ({ target: { kind }, patch: [{ op: 'add', path, value }] });
const of = (objects: readonly CapturedObject[], id: string): CapturedObject['object'] => objects.find((o) => objectId(o) === id)!.object;

describe('rewriting', () => {
  test('a patch sets how many replicas are started; until then the workload is at rest', () => {
    const { configuration, scaled, gate, refused } = set({ patches: [patch('StatefulSet', '/spec/replicas', 3), patch('CronJob', '/spec/schedule', '0 0 * * *')] });
    expect(refused).toEqual([]);
    expect(of(configuration, 'statefulsets.apps/pg')['spec']).toMatchObject({ replicas: 0 });
    expect(scaled).toEqual([{ resource: 'statefulsets.apps', name: 'pg', replicas: 3 }]);
    expect([of(configuration, 'cronjobs.batch/tick')['spec'], of(gate, 'cronjobs.batch/tick')['spec']]).toEqual([{ schedule: '0 0 * * *', suspend: true }, { schedule: '0 0 * * *', suspend: false }]);
  });

  test('patches see what the maps have made', () => {
    const seen: ObjectPatch = { target: { kind: 'StatefulSet' }, patch: [{ op: 'test', path: '/spec/template/spec/containers/0/image', value: 'mirror.example/postgresql:15' }] };
    const { configuration, refused } = set({ images: { postgresql: 'mirror.example/postgresql' }, patches: [seen] });
    expect(refused).toEqual([]);
    expect(of(configuration, 'statefulsets.apps/pg')['spec']).toMatchObject({ template: { spec: { containers: [{ image: 'mirror.example/postgresql:15' }, { image: 'exporter' }] } } });
  });

  test('claims can be patched, also those of which no configuration was saved', () => {
    const patches = [patch('PersistentVolumeClaim', '/spec/storageClassName', 'cheap')];
    const { claims, refused } = restoreSet(appRestore({ what: 'Volumes', rewrite: { patches } }), appCopy(), undefined);
    expect(refused).toEqual([]);
    expect(claims.map(({ captured: o }) => (o.object['spec'] as { storageClassName?: string }).storageClassName)).toEqual(['cheap', 'cheap']);
  });

  test.each<[string, Partial<AppRestoreSpec>, ObjectPatch]>([
    ['workloads, where only volumes are restored', { what: 'Volumes' }, patch('StatefulSet', '/spec/replicas', 1)],
    ['claims, where only configuration is', { what: 'Configuration' }, patch('PersistentVolumeClaim', '/spec/storageClassName', 'x')],
  ])('what is not restored is not patched either: %s', (_what, spec, one) => {
    expect(set({ patches: [one] }, spec).refused).toEqual([expect.stringContaining('spec.rewrite.patches[0].target: nothing that is restored is')]);
  });

  test('two objects that would get one name are refused', () => {
    const saved = capture();
    const mapping = (name: string): CapturedObject => captured('serving.knative.dev', 'DomainMapping', { spec: {} }, { name });
    const both = { ...saved, objects: [...saved.objects, mapping('a.example'), mapping('b.example')] };
    expect(set({ hosts: { 'a.example': 'b.example' } }, {}, both).refused).toEqual(['spec.rewrite.hosts: two objects of the copy would become domainmappings.serving.knative.dev/b.example']);
    expect(set({ hosts: { 'a.example': 'b.example', 'b.example': 'a.example' } }, {}, both).refused).toEqual([]);
  });
});

describe('the plan of a dry run', () => {
  const planOf = (made: RestoreSet, more: readonly ObjectPlan[] = [], refuse: readonly string[] = []): ReturnType<typeof wholePlan> => {
    const plans = [...made.configuration.map((o): ObjectPlan => ({ verdict: 'create', captured: o })), ...more];
    const summary = summarizePlan(plans);
    return wholePlan({ plan: { ...summary, refuse: [...refuse, ...summary.refuse] }, plans, salt: 's', set: made });
  };
  const manifest = (entries: ReturnType<typeof wholePlan>, id: string): unknown => entries.find(({ object }) => object === id)?.manifest?.['spec'];

  test('shows what is made as it is in the end', () => {
    const entries = planOf(set({}));
    expect([manifest(entries, 'statefulsets.apps/pg'), manifest(entries, 'cronjobs.batch/tick')]).toEqual([expect.objectContaining({ replicas: 1 }), expect.objectContaining({ suspend: false })]);
    const asleep = { ...capture(), objects: capture().objects.map((o) => (o.type.kind === 'StatefulSet' ? { ...o, object: editAt(o.object, ['spec', 'replicas'], () => 0) } : o)) };
    expect(manifest(planOf(set({}, {}, asleep)), 'statefulsets.apps/pg')).toMatchObject({ replicas: 0 });
  });

  test('has what the server says once, and what else is in the way', () => {
    const said: ObjectPlan = { verdict: 'refuse', captured: captured('', 'Role', {}), why: 'forbidden: x' };
    const entries = planOf(set({}), [said], ['spec.rewrite.hosts: two objects']).filter(({ verdict }) => verdict === 'refuse');
    expect(entries).toEqual([{ verdict: 'refuse', object: 'roles/x', why: 'forbidden: x' }, { verdict: 'refuse', object: 'spec.rewrite.hosts', why: 'two objects' }]);
  });

  test.each([
    ['what-if', 'what-if-plan'],
    ['a'.repeat(253), `${'a'.repeat(248)}-plan`],
    [`${'a'.repeat(247)}.bcdef`, `${'a'.repeat(247)}-plan`],
  ])('is in a ConfigMap that is named after the AppRestore', (name, plan) => {
    expect(planName(appRestore({}, {}, { name }))).toBe(plan);
  });
});
