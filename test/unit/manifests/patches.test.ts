import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ObjectPatch, PatchOperation, PatchTarget } from '../../../src/api/rewrite.js';
import { canonicalJson, type CapturedObject } from '../../../src/manifests/captured.js';
import { patchObjects } from '../../../src/manifests/patches.js';
import { captured } from './objects.js';

const web = captured('apps', 'Deployment', { spec: { replicas: 3, template: { spec: { containers: [{ name: 'web', image: 'a' }] } } } }, { name: 'web', labels: { app: 'web' } });
const api = captured('apps', 'Deployment', { spec: { replicas: 2 } }, { name: 'api', labels: { app: 'api', 'stillpoint.dev/role': 'x' }, annotations: { 'stillpoint.dev/positions': '{}', note: 'n' } });
const other = captured('example.com', 'Deployment', { spec: {} }, { name: 'web' });
const claim: CapturedObject = { ...captured('', 'PersistentVolumeClaim', { spec: { storageClassName: 'fast', dataSource: { kind: 'VolumeSnapshot', name: 's' } } }, { name: 'data' }), filled: true };
const objects = [web, api, other, claim];
const everything = (): boolean => true;

const one = (target: PatchTarget, ...patch: PatchOperation[]): ReturnType<typeof patchObjects> => patchObjects(objects, [{ target, patch }], everything);
const mark: PatchOperation = { op: 'add', path: '/spec/marked', value: true };
const marked = ({ objects: all }: ReturnType<typeof patchObjects>): string[] => all.filter((o) => (o.object['spec'] as { marked?: boolean }).marked === true).map((o) => `${o.type.group}/${o.object.metadata.name}`);

describe('which objects a patch is for', () => {
  test.each<[PatchTarget, string[]]>([
    [{ kind: 'Deployment' }, ['apps/web', 'apps/api', 'example.com/web']],
    [{ kind: 'Deployment', group: 'apps' }, ['apps/web', 'apps/api']],
    [{ kind: 'Deployment', name: 'web' }, ['apps/web', 'example.com/web']],
    [{ kind: 'PersistentVolumeClaim', group: '' }, ['/data']],
    [{ kind: 'Deployment', labelSelector: { matchLabels: { app: 'web' } } }, ['apps/web']],
    [{ kind: 'Deployment', labelSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } }, ['apps/api', 'example.com/web']],
  ])('%j', (target, names) => {
    expect(marked(one(target, mark))).toEqual(names);
    expect(one(target, mark).refused).toEqual([]);
  });

  test.each<[PatchTarget, string]>([
    [{ kind: 'Deploiment' }, 'a Deploiment'],
    [{ kind: 'Deployment', group: '' }, 'a Deployment of the core group'],
    [{ kind: 'Deployment', group: 'apps', name: 'wep' }, 'a Deployment of group apps named wep'],
    [{ kind: 'Deployment', labelSelector: { matchLabels: { app: 'none' } } }, 'a Deployment with these labels'],
  ])('%j is for none, and refused', (target, what) => {
    expect(one(target, mark)).toEqual({ objects, refused: [`spec.rewrite.patches[0].target: nothing that is restored is ${what}`] });
  });

  test('what is not restored does not count', () => {
    const result = patchObjects(objects, [{ target: { kind: 'Deployment', name: 'api' }, patch: [mark] }], (o) => o.object.metadata.name !== 'api');
    expect(result.refused).toEqual(['spec.rewrite.patches[0].target: nothing that is restored is a Deployment named api']);
  });
});

describe('what a patch does', () => {
  test('operations in order, patches in order, the original unchanged', () => {
    const text = canonicalJson(objects);
    const patches: ObjectPatch[] = [
      { target: { kind: 'Deployment', group: 'apps', name: 'web' }, patch: [{ op: 'test', path: '/spec/replicas', value: 3 }, { op: 'replace', path: '/spec/replicas', value: 1 }, { op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'side' } }] },
      { target: { kind: 'Deployment', group: 'apps', name: 'web' }, patch: [{ op: 'test', path: '/spec/replicas', value: 1 }, { op: 'remove', path: '/spec/template/spec/containers/0' }] },
    ];
    const { objects: [first, ...rest], refused } = patchObjects(objects, patches, everything);
    expect(refused).toEqual([]);
    expect(first?.object['spec']).toEqual({ replicas: 1, template: { spec: { containers: [{ name: 'side' }] } } });
    expect(rest).toEqual([api, other, claim]);
    expect(canonicalJson(objects)).toBe(text);
  });

  test('what does not apply is named by patch, operation, object and reason, for every object, and changes nothing', () => {
    const { objects: after, refused } = patchObjects(objects, [{ target: { kind: 'PersistentVolumeClaim' }, patch: [mark] }, { target: { kind: 'Deployment', group: 'apps' }, patch: [mark, { op: 'replace', path: '/spec/paused', value: true }] }], everything);
    expect(refused).toEqual(['web', 'api'].map((name) => `spec.rewrite.patches[1].patch[1]: replace /spec/paused of deployments.apps/${name}: there is no /spec/paused`));
    expect(after.slice(0, 3)).toEqual([web, api, other]);
  });

  test('a test that fails is one, without what is there', () => {
    expect(one({ kind: 'Deployment', name: 'api' }, { op: 'test', path: '/spec/replicas', value: 5 }).refused).toEqual(['spec.rewrite.patches[0].patch[0]: test /spec/replicas of deployments.apps/api: /spec/replicas has another value']);
  });
});

describe('what the restore goes by stays', () => {
  test.each<[string, PatchTarget, PatchOperation, string]>([
    ['apiVersion', { kind: 'Deployment', name: 'api' }, { op: 'replace', path: '/apiVersion', value: 'apps/v2' }, 'apiVersion'],
    ['kind', { kind: 'Deployment', name: 'api' }, { op: 'replace', path: '/kind', value: 'DaemonSet' }, 'kind'],
    ['name', { kind: 'Deployment', name: 'api' }, { op: 'replace', path: '/metadata/name', value: 'b' }, 'metadata.name'],
    ['namespace', { kind: 'Deployment', name: 'api' }, { op: 'add', path: '/metadata/namespace', value: 'kube-system' }, 'metadata.namespace'],
    ['namespace, taken out', { kind: 'Deployment', name: 'api' }, { op: 'remove', path: '/metadata/namespace' }, 'metadata.namespace'],
    ['all of metadata', { kind: 'Deployment', name: 'api' }, { op: 'replace', path: '/metadata', value: {} }, 'metadata.name'],
    ['everything', { kind: 'Deployment', name: 'api' }, { op: 'replace', path: '', value: 5 }, 'apiVersion'],
    ['a label of ours', { kind: 'Deployment', name: 'api' }, { op: 'remove', path: '/metadata/labels/stillpoint.dev~1role' }, 'the labels of stillpoint.dev'],
    ['all labels', { kind: 'Deployment', name: 'api' }, { op: 'replace', path: '/metadata/labels', value: { app: 'api' } }, 'the labels of stillpoint.dev'],
    ['a label of ours, made', { kind: 'Deployment', name: 'web', group: 'apps' }, { op: 'add', path: '/metadata/labels/stillpoint.dev~1internal', value: 'x' }, 'the labels of stillpoint.dev'],
    ['an annotation of ours', { kind: 'Deployment', name: 'api' }, { op: 'replace', path: '/metadata/annotations/stillpoint.dev~1positions', value: '' }, 'the annotations of stillpoint.dev'],
    ['what a claim is filled from', { kind: 'PersistentVolumeClaim' }, { op: 'replace', path: '/spec/dataSource/name', value: 'other' }, 'spec.dataSource'],
    ['another source of a claim', { kind: 'PersistentVolumeClaim' }, { op: 'add', path: '/spec/dataSourceRef', value: { kind: 'VolumeSnapshot', name: 'other' } }, 'spec.dataSourceRef'],
    ['the volume of a claim', { kind: 'PersistentVolumeClaim' }, { op: 'add', path: '/spec/volumeName', value: 'pv' }, 'spec.volumeName'],
  ])('%s', (_what, target, operation, part) => {
    expect(one(target, operation).refused).toEqual([expect.stringMatching(new RegExp(`^spec\\.rewrite\\.patches\\[0\\]\\.patch\\[0\\]: .*: the restore goes by ${part}, which a patch cannot change$`))]);
  });

  test('the rest may be changed: other labels, the class of a claim, the source of one that is not filled', () => {
    const empty = { type: claim.type, object: claim.object };
    expect(one({ kind: 'Deployment', name: 'api' }, { op: 'replace', path: '/metadata/labels/app', value: 'b' }, { op: 'remove', path: '/metadata/annotations/note' }).refused).toEqual([]);
    expect(one({ kind: 'PersistentVolumeClaim' }, { op: 'replace', path: '/spec/storageClassName', value: 'slow' }).refused).toEqual([]);
    expect(patchObjects([empty], [{ target: { kind: 'PersistentVolumeClaim' }, patch: [{ op: 'remove', path: '/spec/dataSource' }] }], everything).refused).toEqual([]);
  });

  test('no sequence of operations gets around it', () => {
    const path = fc.constantFrom('', '/metadata', '/metadata/name', '/metadata/labels', '/metadata/labels/stillpoint.dev~1role', '/metadata/annotations', '/spec', '/spec/replicas', '/kind', '/x');
    const value = fc.constantFrom<unknown>('x', {}, { name: 'api', namespace: 'shop', labels: { 'stillpoint.dev/role': 'x' } }, api.object, null, 3);
    const operation = fc.record({ op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy'), path, from: path, value }) as fc.Arbitrary<PatchOperation>;
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 5 }), (patch) => {
        const { objects: [after] } = patchObjects([api], [{ target: { kind: 'Deployment' }, patch }], everything);
        const { apiVersion, kind, metadata } = after!.object;
        expect([apiVersion, kind, metadata.name, metadata.namespace, metadata.labels?.['stillpoint.dev/role'], metadata.annotations?.['stillpoint.dev/positions']]).toEqual(['apps/v1', 'Deployment', 'api', 'shop', 'x', '{}']);
      }),
      { numRuns: 1000 },
    );
  });
});
