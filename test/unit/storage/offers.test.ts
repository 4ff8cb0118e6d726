import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attributesClassName, isClassOf, otherNamespaces, policyOfClass, storageClassName, wrongName } from '../../../src/storage/names.js';
import { refusedOffer, tierOf } from '../../../src/storage/offers.js';
import { driver, owner, specOf } from './fixtures.js';

const asking = { cluster: 'ebs', namespace: 'shop', selected: true };
const offers = { namespaces: {}, classes: ['gp3', 'io2'], maxReplicas: 3, maxIops: 16_000 };

describe('an offer', () => {
  test.each([
    ['nothing at all', { tier: 'gp3' }, undefined, asking, /^spec\.storageClusterRef: StorageCluster ebs offers nothing: an admin sets spec\.offers of it\.$/, 'NotOffered'],
    ['to others', { tier: 'gp3' }, offers, { ...asking, selected: false }, /^spec\.storageClusterRef: StorageCluster ebs is not offered to namespace shop/, 'NotOffered'],
    ['several classes, none of which is named', {}, offers, asking, /^spec\.tier must name one of the classes that StorageCluster ebs offers: gp3, io2\.$/, 'NotOffered'],
    ['another class', { tier: 'st1' }, offers, asking, /^spec\.tier is st1, which is none of the classes that StorageCluster ebs offers: gp3, io2\.$/, 'NotOffered'],
    ['fewer replicas', { tier: 'gp3', replicas: 4 }, offers, asking, /^spec\.replicas is 4, and StorageCluster ebs offers 3 at most \(its spec\.offers\.maxReplicas\)\.$/, 'OfferExceeded'],
    ['fewer operations', { tier: 'gp3', performance: { minIops: 16_001 } }, offers, asking, /^spec\.performance\.minIops is 16001, .*16000 at most.*maxIops/, 'OfferExceeded'],
    ['fewer operations of either kind', { tier: 'gp3', performance: { maxWriteIops: 20_000 } }, offers, asking, /^spec\.performance\.maxWriteIops is 20000/, 'OfferExceeded'],
  ])('of %s is refused with the field', (_, spec, what, who, says, code) => {
    expect(refusedOffer(specOf(spec), what, who)).toEqual({ code, message: expect.stringMatching(says) as unknown });
  });

  test.each([
    ['at its bounds', { tier: 'gp3', replicas: 3, performance: { minIops: 16_000 } }, offers],
    ['of one class that need not be named', { replicas: 9 }, { namespaces: {}, classes: ['gp3'] }],
    ['of rates, which have no bound', { tier: 'gp3', performance: { minBps: '9Gi' } }, offers],
  ])('%s is taken', (_, spec, what) => expect(refusedOffer(specOf(spec), what, asking)).toBeUndefined());

  test('the tier is one that is offered, always', () => {
    expect(tierOf({ tier: 'gp3' }, offers)).toBe('gp3');
    expect(tierOf({}, { namespaces: {}, classes: ['gp3'] })).toBe('gp3');
    expect(tierOf({}, offers)).toBeUndefined();
  });
});

describe('names of classes', () => {
  test('by default of namespace and policy; what is said must begin with the namespace', () => {
    expect(storageClassName(owner, undefined)).toBe('shop-db');
    expect(storageClassName(owner, 'shop-fast')).toBe('shop-fast');
    expect(wrongName('shop-db', 'shop')).toBeUndefined();
    expect(wrongName('shopping-db', 'shop')).toMatch(/^spec\.storageClassName is shopping-db; it must begin with shop-/);
    expect(wrongName(`shop-${'a'.repeat(249)}`, 'shop')).toMatch(/too long.*set spec\.storageClassName/);
  });

  test('namespaces to which a name would belong as well', () => {
    expect(otherNamespaces('shop-eu-fast', 'shop')).toEqual(['shop-eu']);
    expect(otherNamespaces('shop-eu-west-fast', 'shop')).toEqual(['shop-eu', 'shop-eu-west']);
    expect(otherNamespaces('shop-fast', 'shop')).toEqual([]);
    expect(otherNamespaces('shop-eu.v1-fast', 'shop')).toEqual([]);
    expect(otherNamespaces('shop--fast', 'shop')).toEqual([]);
  });

  const part = fc.stringMatching(/^[a-z0-9]{1,6}$/);
  const namespaceName = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('-'));
  test('no two namespaces are both right about one name', () => {
    fc.assert(
      fc.property(namespaceName, namespaceName, part, (a, b, rest) => {
        const name = `${b}-${rest}`;
        return a === b || wrongName(name, a) !== undefined || wrongName(name, b) !== undefined || otherNamespaces(name, a).includes(b) || otherNamespaces(name, b).includes(a);
      }),
    );
  });

  test('a VolumeAttributesClass is named after its policy and what is in it', () => {
    const name = attributesClassName(owner, driver, { iops: '3000', throughput: '1' });
    expect(name).toMatch(/^shop-db-[0-9a-f]{10}$/);
    expect(attributesClassName(owner, driver, { throughput: '1', iops: '3000' })).toBe(name);
    const others = [attributesClassName(owner, driver, { iops: '3001', throughput: '1' }), attributesClassName({ ...owner, uid: 'x' }, driver, { iops: '3000', throughput: '1' }), attributesClassName(owner, 'other', { iops: '3000', throughput: '1' })];
    expect(new Set([name, ...others]).size).toBe(4);
    const long = attributesClassName({ ...owner, name: `${'a'.repeat(236)}.b` }, driver, {});
    expect(long).toMatch(/^shop-a+-[0-9a-f]{10}$/);
    expect(long.length).toBeLessThanOrEqual(253);
  });

  test('whose a class is, its mark and its annotation say together', () => {
    const metadata = { labels: { 'stillpoint.dev/policy': owner.uid }, annotations: { 'stillpoint.dev/policy-of': 'shop/db' } };
    expect(isClassOf(metadata, owner)).toBe(true);
    expect(isClassOf({ ...metadata, labels: {} }, owner)).toBe(false);
    expect(isClassOf({ ...metadata, annotations: { 'stillpoint.dev/policy-of': 'shop/other' } }, owner)).toBe(false);
    expect(isClassOf(metadata, { ...owner, uid: 'made anew' })).toBe(false);
    expect([policyOfClass(metadata), policyOfClass({})]).toEqual(['shop/db', undefined]);
  });
});
