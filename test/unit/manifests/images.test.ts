import { describe, expect, test } from '@jest/globals';
import { rewriteSpec } from '../../../src/api/rewrite.js';
import { imagePaths, mapImage } from '../../../src/manifests/images.js';
import { rewriteReferences } from '../../../src/manifests/rewrite.js';
import { captured } from './objects.js';

describe('which references match', () => {
  const digest = `@sha256:${'0a'.repeat(32)}`;
  test.each<[string, Record<string, string>, string, string | undefined]>([
    ['a whole reference', { 'registry.example/shop/web:1.4': 'mirror.example/web:1.5' }, 'registry.example/shop/web:1.4', 'mirror.example/web:1.5'],
    ['a registry', { 'registry.example': 'mirror.example:5000/all' }, 'registry.example/shop/web:1.4', 'mirror.example:5000/all/shop/web:1.4'],
    ['a registry with its port', { 'registry.example:5000': 'mirror.example' }, 'registry.example:5000/web', 'mirror.example/web'],
    ['a part of a path', { 'registry.example/shop': 'mirror.example/store' }, 'registry.example/shop/web', 'mirror.example/store/web'],
    ['a repository, its tag kept', { 'registry.example/shop/web': 'mirror.example/web' }, 'registry.example/shop/web:1.4', 'mirror.example/web:1.4'],
    ['a repository, its digest kept', { 'registry.example/web': 'mirror.example/web' }, `registry.example/web${digest}`, `mirror.example/web${digest}`],
    ['a repository, its tag and digest kept', { 'registry.example/web': 'mirror.example/web' }, `registry.example/web:1${digest}`, `mirror.example/web:1${digest}`],
    ['a repository and tag, its digest kept', { 'registry.example/web:1': 'mirror.example/web:2' }, `registry.example/web:1${digest}`, `mirror.example/web:2${digest}`],
    ['a short name', { postgres: 'mirror.example/postgres' }, 'postgres:17', 'mirror.example/postgres:17'],
    ['the longest key', { 'registry.example': 'a.example', 'registry.example/shop': 'b.example', 'registry.example/shop/web:1': 'c.example/w:1' }, 'registry.example/shop/api:1', 'b.example/api:1'],
    ['within a name', { 'registry.example/shop': 'mirror.example' }, 'registry.example/shopping/web', undefined],
    ['within a tag', { 'registry.example/web:1': 'mirror.example/web:1' }, 'registry.example/web:1.4', undefined],
    ['within the name of a host', { 'registry.exam': 'mirror' }, 'registry.example/web', undefined],
    ['another port of the host', { 'registry.example': 'mirror.example' }, 'registry.example:5000/web:1', undefined],
    ['the end of it', { 'shop/web': 'mirror.example/web' }, 'registry.example/shop/web', undefined],
    ['what Docker would make of a short name', { 'docker.io/library': 'mirror.example' }, 'nginx:1', undefined],
    ['what would become no reference', { redis: 'redis:7' }, 'redis:6', undefined],
    ['nothing', {}, 'nginx', undefined],
    ['a name that every object has', { a: 'b' }, 'constructor', undefined],
  ])('%s', (_what, map, reference, result) => {
    expect(mapImage(map, reference)).toBe(result);
  });

  test('the shorter key counts where the longer does not match', () => {
    expect(mapImage({ 'registry.example': 'a.example', 'registry.example/sho': 'b.example' }, 'registry.example/shop')).toBe('a.example/shop');
  });
});

describe('entries that are refused, by the schema', () => {
  const problem = (images: Record<string, string>): string => rewriteSpec.safeParse({ images }).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join() ?? '';
  test.each<[Record<string, string>, RegExp]>([
    [{ 'registry.example/': 'mirror.example' }, /^images/],
    [{ '': 'mirror.example' }, /^images/],
    [{ 'https://registry.example': 'mirror.example' }, /^images/],
    [{ 'registry.example': 'mirror.example/' }, /^images\.registry\.example/],
    [{ 'registry.example': 'mirror example' }, /^images\.registry\.example/],
    [{ 'registry.example/web': 'mirror.example/web:1' }, /^images: a value with a tag or digest needs a key with one/],
    [{ 'registry.example/web': `mirror.example/web@sha256:${'0'.repeat(64)}` }, /^images: a value with a tag/],
    [{ 'web': 'web:1.4' }, /^images: a value with a tag/],
    [Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, 'b'])), /^images: must have at most 64 entries/],
  ])('%j', (images, says) => {
    expect(problem(images)).toMatch(says);
  });
  test.each([{ 'registry.example': 'mirror.example:5000' }, { 'registry.example:5000': 'mirror.example/all' }, { 'redis:7': 'mirror.example/redis:7.4' }, { 'a_b/c__d.e-f': 'x' }, { 'web:1.4': 'web' }])('%j is none', (images) => {
    expect(problem(images)).toBe('');
  });
});

describe('where images are', () => {
  const images = { 'registry.example': 'mirror.example' };
  const spec = {
    containers: [{ name: 'a', image: 'registry.example/web' }, { name: 'b', image: 'other.example/web', env: [{ name: 'IMAGE', value: 'registry.example/web' }] }],
    initContainers: [{ image: 'registry.example/init' }],
    ephemeralContainers: [{ image: 'registry.example/debug' }],
    volumes: [{ name: 'm', image: { reference: 'registry.example/model:3' } }, { name: 'e', emptyDir: {} }],
  };
  const after = {
    containers: [{ name: 'a', image: 'mirror.example/web' }, spec.containers[1]],
    initContainers: [{ image: 'mirror.example/init' }],
    ephemeralContainers: [{ image: 'mirror.example/debug' }],
    volumes: [{ name: 'm', image: { reference: 'mirror.example/model:3' } }, spec.volumes[1]],
  };
  test.each<[string, string, (spec: object) => object]>([
    ['', 'Pod', (pod) => ({ spec: pod })],
    ['', 'PodTemplate', (pod) => ({ template: { spec: pod } })],
    ['', 'ReplicationController', (pod) => ({ spec: { template: { spec: pod } } })],
    ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'].map((kind): [string, string, (spec: object) => object] => ['apps', kind, (pod) => ({ spec: { template: { spec: pod } } })]),
    ['batch', 'Job', (pod) => ({ spec: { template: { spec: pod } } })],
    ['batch', 'CronJob', (pod) => ({ spec: { jobTemplate: { spec: { template: { spec: pod } } } } })],
  ])('%s %s', (group, kind, around) => {
    const result = rewriteReferences(captured(group, kind, around(spec)), { namespaces: {}, storageClasses: {}, images });
    expect(result.object).toEqual(captured(group, kind, around(after)).object);
  });

  test('a custom resource has none that we know', () => {
    const cluster = captured('postgresql.cnpg.io', 'Cluster', { spec: { imageName: 'registry.example/pg', template: { spec } } });
    expect(rewriteReferences(cluster, { namespaces: {}, storageClasses: {}, images })).toBe(cluster);
    expect(imagePaths({ group: 'postgresql.cnpg.io', kind: 'Cluster' })).toEqual([]);
  });
});
