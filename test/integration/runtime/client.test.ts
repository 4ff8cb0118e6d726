import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isAlreadyExists, isConflict, isForbidden } from '../../../src/runtime/api-error.js';
import { discover } from '../../../src/runtime/discovery.js';
import { addFinalizer, removeFinalizer } from '../../../src/runtime/finalizers.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { roleBindings, selfSubjectAccessReviews, serviceAccounts } from '../../../src/runtime/resource.js';
import type { Bed } from './bed.js';
import { configMap, configMaps, openBed, roles } from './bed.js';

let bed: Bed;
const key = (name: string) => ({ namespace: bed.namespace, name });
beforeAll(async () => void (bed = await openBed()));
afterAll(() => bed.close());

describe('server-side apply', () => {
  test('makes, then changes, and owns what it sets', async () => {
    const made = await bed.client.apply(configMaps, configMap(bed.namespace, 'ssa', { a: '1', b: '1' }));
    const changed = await bed.client.apply(configMaps, configMap(bed.namespace, 'ssa', { a: '2' }));
    expect(changed.metadata.uid).toBe(made.metadata.uid);
    expect(changed['data']).toEqual({ a: '2' });
  });

  test('loses against a newer object when it carries a resourceVersion', async () => {
    const old = await bed.client.apply(configMaps, configMap(bed.namespace, 'race', { a: '1' }));
    await bed.client.apply(configMaps, configMap(bed.namespace, 'race', { a: '2' }));
    const late = configMap(bed.namespace, 'race', { a: '3' });
    late.metadata.resourceVersion = old.metadata.resourceVersion ?? '';
    const error: unknown = await bed.client.apply(configMaps, late).catch((e: unknown) => e);
    expect(isConflict(error)).toBe(true);
    expect((await bed.client.get(configMaps, key('race')))['data']).toEqual({ a: '2' });
  });

  test('loses against another object of the same name when it carries a uid', async () => {
    const first = await bed.client.apply(configMaps, configMap(bed.namespace, 'reborn', { a: '1' }));
    await bed.client.delete(configMaps, key('reborn'));
    await bed.client.apply(configMaps, configMap(bed.namespace, 'reborn', { a: 'new' }));
    const late = configMap(bed.namespace, 'reborn', { a: 'old' });
    late.metadata.uid = first.metadata.uid ?? '';
    expect(isConflict(await bed.client.apply(configMaps, late).catch((e: unknown) => e))).toBe(true);
  });

  test('conflicts with another manager unless forced', async () => {
    await bed.client.apply(configMaps, configMap(bed.namespace, 'owned', { a: '1' }));
    const other = configMap(bed.namespace, 'owned', { a: '2' });
    expect(isConflict(await bed.client.apply(configMaps, other, { fieldManager: 'other' }).catch((e: unknown) => e))).toBe(true);
    expect((await bed.client.apply(configMaps, other, { fieldManager: 'other', force: true }))['data']).toEqual({ a: '2' });
  });

  test('refuses a field that does not exist', async () => {
    const wrong = { ...configMap(bed.namespace, 'typo'), dtaa: { a: '1' } };
    await expect(bed.client.apply(configMaps, wrong)).rejects.toMatchObject({ code: 400 });
  });

  test('leaves nothing as a dry run', async () => {
    await bed.client.apply(configMaps, configMap(bed.namespace, 'dry'), { dryRun: true });
    await bed.client.create(configMaps, configMap(bed.namespace, 'dry'), { dryRun: true });
    await expect(bed.client.get(configMaps, key('dry'))).rejects.toMatchObject({ code: 404 });
  });
});

test('a second create says AlreadyExists; replace with an old version conflicts', async () => {
  const made = await bed.client.create(configMaps, configMap(bed.namespace, 'twice'));
  expect(isAlreadyExists(await bed.client.create(configMaps, configMap(bed.namespace, 'twice')).catch((e: unknown) => e))).toBe(true);
  await bed.client.mergePatch(configMaps, key('twice'), { data: { x: 'y' } });
  expect(isConflict(await bed.client.replace(configMaps, { ...made, data: {} }).catch((e: unknown) => e))).toBe(true);
});

test('patches of both kinds', async () => {
  await bed.client.create(configMaps, configMap(bed.namespace, 'patch', { a: '1', b: '1' }));
  const merged = await bed.client.mergePatch(configMaps, key('patch'), { data: { a: null, c: '1' } });
  expect(merged['data']).toEqual({ b: '1', c: '1' });
  const json = await bed.client.jsonPatch(configMaps, key('patch'), [{ op: 'replace', path: '/data/b', value: '2' }]);
  expect(json['data']).toEqual({ b: '2', c: '1' });
});

test('delete is done when the object is gone or another one, and deletes nothing else', async () => {
  const made = await bed.client.create(configMaps, configMap(bed.namespace, 'del'));
  await bed.client.delete(configMaps, key('del'), { uid: '00000000-0000-0000-0000-000000000000' });
  expect((await bed.client.get(configMaps, key('del'))).metadata.uid).toBe(made.metadata.uid);
  await bed.client.delete(configMaps, key('del'), { uid: made.metadata.uid ?? '' });
  await bed.client.delete(configMaps, key('del'));
  await expect(bed.client.get(configMaps, key('del'))).rejects.toMatchObject({ code: 404 });
});

test('a list of more than one page is whole, and its items know their type', async () => {
  const names = Array.from({ length: 620 }, (_, i) => `page-${i}`);
  await Promise.all(names.map((name) => bed.client.create(configMaps, { ...configMap(bed.namespace, name), metadata: { name, namespace: bed.namespace, labels: { page: 'yes' } } })));
  const { items, resourceVersion } = await bed.client.list(configMaps, { namespace: bed.namespace, labelSelector: 'page=yes' });
  expect(new Set(items.map((o) => o.metadata.name))).toEqual(new Set(names));
  expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  expect(Number(resourceVersion)).toBeGreaterThan(0);
});

test('finalizers are added once, conflict with a newer list, and hold the object until removed', async () => {
  const made = await bed.client.create(configMaps, configMap(bed.namespace, 'fin'));
  expect(await addFinalizer(bed.client, configMaps, made, 'example.dev/a')).toBe(true);
  expect(isConflict(await addFinalizer(bed.client, configMaps, made, 'example.dev/b').catch((e: unknown) => e))).toBe(true);
  const seen = await bed.client.get(configMaps, key('fin'));
  expect(await addFinalizer(bed.client, configMaps, seen, 'example.dev/a')).toBe(false);
  await bed.client.delete(configMaps, key('fin'));
  const deleting = await bed.client.get(configMaps, key('fin'));
  await expect(addFinalizer(bed.client, configMaps, deleting, 'example.dev/late')).rejects.toThrow('being deleted');
  await removeFinalizer(bed.client, configMaps, deleting, 'example.dev/a');
  await expect(bed.client.get(configMaps, key('fin'))).rejects.toMatchObject({ code: 404 });
  await removeFinalizer(bed.client, configMaps, deleting, 'example.dev/a');
});

test('discovery finds versions and what can be captured', async () => {
  const served = await discover(bed.client);
  expect(served.bestVersion('apps', 'deployments', ['v9', 'v1', 'v1beta1'])).toMatchObject({ version: 'v1', kind: 'Deployment', namespaced: true });
  expect(served.bestVersion('apps', 'deployments', ['v9'])).toBeUndefined();
  expect(served.byKind('v1', 'ConfigMap')).toMatchObject({ plural: 'configmaps' });
  expect(served.preferred('', 'pods')?.subresources).toEqual(expect.arrayContaining(['exec', 'status']));
  const names = served.namespacedListable().map((r) => `${r.plural}.${r.group}`);
  expect(names).toEqual(expect.arrayContaining(['configmaps.', 'persistentvolumeclaims.', 'deployments.apps', 'leases.coordination.k8s.io']));
  expect(names).not.toContain('nodes.');
  expect(new Set(names).size).toBe(names.length);
  for (const type of served.namespacedListable().slice(0, 5)) await bed.client.list(type, { namespace: bed.namespace });
});

describe('acting as a service account', () => {
  const account = (): { namespace: string; name: string } => key('tenant');
  const reviewed = async (): Promise<boolean> => {
    const review: KubeObject = {
      metadata: { name: '' },
      spec: { resourceAttributes: { namespace: bed.namespace, verb: 'list', resource: 'configmaps' } },
    };
    const answer = await bed.client.as(account()).create(selfSubjectAccessReviews, review);
    return (answer['status'] as { allowed: boolean }).allowed;
  };

  test('is refused what the account may not do, and allowed what it may', async () => {
    await bed.client.create(serviceAccounts, { metadata: account() });
    const refused: unknown = await bed.client.as(account()).list(configMaps, { namespace: bed.namespace }).catch((e: unknown) => e);
    expect(isForbidden(refused)).toBe(true);
    expect((refused as Error).message).toContain(`system:serviceaccount:${bed.namespace}:tenant`);
    expect(await reviewed()).toBe(false);

    await bed.client.create(roles, { metadata: key('reader'), rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }] });
    await bed.client.create(roleBindings, {
      metadata: key('reader'),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', ...account() }],
    });
    const until = performance.now() + 5_000;
    while (!(await reviewed()) && performance.now() < until);
    await expect(bed.client.as(account()).list(configMaps, { namespace: bed.namespace })).resolves.toBeDefined();
    const create: unknown = await bed.client.as(account()).create(configMaps, configMap(bed.namespace, 'no')).catch((e: unknown) => e);
    expect(isForbidden(create)).toBe(true);
    const prepared: unknown = await bed.client.as(account()).prepareCreate(configMaps, configMap(bed.namespace, 'no'))().catch((e: unknown) => e);
    expect(isForbidden(prepared)).toBe(true);
  });
});
