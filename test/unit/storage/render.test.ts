import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { volumeFields, type DriverParameter } from '../../../src/api/storagecluster.js';
import { enforceableFields, factsOf, parameterText } from '../../../src/storage/drivers/facts.js';
import { drivers, knownDriver } from '../../../src/storage/drivers/known.js';
import { attributesClassOf, parametersBy, render, sameClass, storageClassOf, type StorageClass } from '../../../src/storage/render.js';
import { wishesOf } from '../../../src/storage/wishes.js';
import { base, driver, owner, renderingOf, specOf } from './fixtures.js';

const everything = { replicas: 3, encryption: 'Required', performance: { minIops: 3000, maxReadIops: 1, maxWriteIops: 2, minBps: '250Mi', maxReadBps: '1Ki', maxWriteBps: '1Gi' } };

describe('drivers', () => {
  test('Rook puts its namespace in front of that of Ceph, a test cluster has several of ours; others are not known', () => {
    for (const name of ['rbd.csi.ceph.com', 'rook-ceph.rbd.csi.ceph.com']) expect(knownDriver(name)?.attributes.maxReadIops).toEqual({ key: 'maxReadIops' });
    for (const name of [driver, 'csi2.bed.stillpoint.dev']) expect(knownDriver(name)?.attributes.minIops).toEqual({ key: 'iops' });
    for (const name of ['notrbd.csi.ceph.com', 'csi.example.com', 'constructor']) expect(knownDriver(name)).toBeUndefined();
  });

  test.each(Object.entries(drivers))('%s: no attribute of what is told once, no parameter for two fields', (_, { storageClass, attributes }) => {
    expect(Object.keys(attributes).filter((field) => ['replicas', 'encryption'].includes(field))).toEqual([]);
    for (const parameters of [storageClass, attributes]) {
      const keys = Object.values(parameters).map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  test('what an admin says of a field takes the place of all that is known of it', () => {
    const said: DriverParameter[] = [{ field: 'minIops', storageClass: 'iopsPerVolume' }, { field: 'maxReadBps', volumeAttributesClass: 'readRate', unit: 'MB' }];
    const facts = factsOf('ebs.csi.aws.com', said);
    expect(facts.storageClass).toEqual({ encryption: { key: 'encrypted' }, minBps: { key: 'throughput', unit: 'MiB' }, minIops: { key: 'iopsPerVolume', unit: undefined } });
    expect(facts.attributes).toEqual({ minBps: { key: 'throughput', unit: 'MiB' }, maxReadBps: { key: 'readRate', unit: 'MB' } });
    expect(enforceableFields(facts)).toEqual(['encryption', 'minIops', 'minBps', 'maxReadBps']);
    expect(enforceableFields(factsOf('csi.example.com'))).toEqual([]);
    expect(enforceableFields(factsOf('disk.csi.azure.com'))).toEqual(['encryption', 'minIops', 'minBps']);
  });

  test.each([
    [true, { key: 'k' }, 'true'],
    [3000, { key: 'k' }, '3000'],
    [250 * 1024 * 1024, { key: 'k', unit: 'MiB' }, '250'],
    [250 * 1024 * 1024, { key: 'k', unit: 'MiB', suffix: 'Mi' }, '250Mi'],
    [250 * 1024 * 1024, { key: 'k', unit: 'MB' }, '263'],
    [1, { key: 'k', unit: 'MiB' }, '1'],
    [2, { key: 'k', words: { 2: 'regional-pd' } }, 'regional-pd'],
    [3, { key: 'k', words: { 2: 'regional-pd' } }, undefined],
  ] as const)('%p is told as %p: %p', (value, parameter, text) => expect(parameterText(value, parameter)).toBe(text));
});

describe('a rendering', () => {
  test('on volumes in use where that is possible, once otherwise, in the order of the spec', () => {
    const { told, untold } = renderingOf({ replicas: 3, encryption: 'Required', performance: { minIops: 3000 } });
    expect(told.map(({ wish, by, key, text }) => [wish.path, by, key, text])).toEqual([
      ['spec.replicas', 'storageClass', 'replicas', '3'],
      ['spec.encryption', 'storageClass', 'encrypted', 'true'],
      ['spec.performance.minIops', 'attributes', 'iops', '3000'],
    ]);
    expect(untold).toEqual([]);
    expect(parametersBy('storageClass', renderingOf({ performance: { minIops: 3000 } }, driver, false))).toEqual({ iops: '3000' });
  });

  test.each([
    ['what the driver has no parameter for', { performance: { maxReadIops: 5 } }, 'ebs.csi.aws.com', true, 'spec.performance.maxReadIops', 'has no parameter for it'],
    ['a number that it has no word for', { replicas: 3 }, 'pd.csi.storage.gke.io', true, 'spec.replicas', 'cannot be told 3, only 1, 2'],
    ['what only an attribute tells, where the cluster has none', { performance: { maxReadIops: 5 } }, 'rbd.csi.ceph.com', false, 'spec.performance.maxReadIops', 'can be told it by a VolumeAttributesClass only, and the cluster does not serve these'],
    ['anything of a driver that is not known', { encryption: 'Required' }, 'csi.example.com', true, 'spec.encryption', 'has no parameter for it'],
  ])('%s is untold, with its field', (_, spec, name, canModify, path, why) => {
    expect(renderingOf(spec, name, canModify).untold.map((one) => [one.wish.path, one.why])).toEqual([[path, why]]);
  });

  test('what the driver does in any case need not be told', () => {
    expect(renderingOf({ encryption: 'Required' }, 'disk.csi.azure.com')).toMatchObject({ told: [{ by: 'itself' }], untold: [] });
    expect(renderingOf({ encryption: 'Inherit' }, 'csi.example.com')).toEqual({ told: [], untold: [] });
  });

  test('one parameter does not say two things', () => {
    const facts = factsOf('csi.example.com', [{ field: 'maxReadIops', storageClass: 'iops' }, { field: 'maxWriteIops', storageClass: 'iops' }]);
    const of = (read: number, write: number) => render(wishesOf(specOf({ performance: { maxReadIops: read, maxWriteIops: write } })), facts, true).untold.map(({ wish, why }) => [wish.path, why]);
    expect(of(5, 6)).toEqual([['spec.performance.maxWriteIops', 'is told it by the same parameter as spec.performance.maxReadIops, iops']]);
    expect(of(5, 5)).toEqual([]);
  });

  test('whatever is asked of whatever driver is told or untold, each once', () => {
    const asked = fc.subarray(Object.keys(everything) as (keyof typeof everything)[]).map((keys) => Object.fromEntries(keys.map((key) => [key, everything[key]])));
    fc.assert(
      fc.property(asked, fc.constantFrom(...Object.keys(drivers), driver, 'csi.example.com'), fc.boolean(), (spec, name, canModify) => {
        const { told, untold } = renderingOf(spec, name, canModify);
        const wishes = wishesOf(specOf(spec)).map(({ field }) => field);
        expect([...told, ...untold].map(({ wish }) => wish.field).sort()).toEqual([...wishes].sort());
        expect(untold.filter(({ wish }) => canModify && enforceableFields(factsOf(name)).includes(wish.field) && wish.field !== 'replicas')).toEqual([]);
      }),
    );
    expect(wishesOf(specOf(everything)).map(({ field }) => field).sort()).toEqual([...volumeFields].sort());
  });
});

describe('classes', () => {
  const rendering = renderingOf({ replicas: 3, performance: { minIops: 3000 } });

  test('a StorageClass is that of its tier, with what is told in place, and a mark', () => {
    const made = storageClassOf('shop-db', { ...base, mountOptions: ['noatime'], metadata: { name: 'bed', labels: { team: 'x' }, annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } }, rendering, owner);
    expect(made).toEqual({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'shop-db', labels: { 'stillpoint.dev/policy': owner.uid }, annotations: { 'stillpoint.dev/policy-of': 'shop/db', 'stillpoint.dev/tier': 'bed' } },
      provisioner: driver,
      parameters: { replicas: '3', fsType: 'ext4' },
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
      allowVolumeExpansion: true,
      mountOptions: ['noatime'],
    });
  });

  test('a parameter of the tier gives way whatever its case', () => {
    expect(storageClassOf('shop-db', { ...base, parameters: { REPLICAS: '1' } }, rendering, owner).parameters).toEqual({ replicas: '3' });
    expect(storageClassOf('shop-db', { metadata: { name: 'bed' }, provisioner: driver }, rendering, owner)).not.toHaveProperty('reclaimPolicy');
  });

  test('a VolumeAttributesClass has what is told on volumes in use', () => {
    expect(attributesClassOf('shop-db-1', driver, rendering, owner)).toMatchObject({ kind: 'VolumeAttributesClass', driverName: driver, parameters: { iops: '3000' }, metadata: { name: 'shop-db-1' } });
  });

  const { reclaimPolicy, volumeBindingMode, ...bare } = base;
  test.each<[string, StorageClass, StorageClass, boolean]>([
    ['the same', base, { ...base }, true],
    ['what the API server fills in', { ...bare }, { ...bare, reclaimPolicy: reclaimPolicy!, volumeBindingMode: volumeBindingMode! }, true],
    ['nothing and empty', { ...base, mountOptions: [], allowVolumeExpansion: false }, { ...base, allowVolumeExpansion: false }, true],
    ['labels of others', base, { ...base, metadata: { ...base.metadata, labels: { a: 'b' }, uid: 'x' } }, true],
    ['another parameter', base, { ...base, parameters: { ...base.parameters, replicas: '2' } }, false],
    ['another tier', base, { ...base, metadata: { ...base.metadata, annotations: { 'stillpoint.dev/tier': 'other' } } }, false],
    ['expansion', base, { ...base, allowVolumeExpansion: false }, false],
  ])('compared: %s', (_, a, b, same) => expect(sameClass(a, b)).toBe(same));
});
