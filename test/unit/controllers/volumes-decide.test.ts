import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { StorageCluster, VolumePolicy } from '../../../src/api/kinds.js';
import { storageClusterSpec } from '../../../src/api/storagecluster.js';
import { shownVolumes, type EarlierClass } from '../../../src/api/volumes.js';
import { decideVolumes } from '../../../src/controllers/volumepolicy/volumes/decide.js';
import { governorOf, volumeOf, type VolumesSeen } from '../../../src/controllers/volumepolicy/volumes/observe.js';
import { isLasting, reportVolumes } from '../../../src/controllers/volumepolicy/volumes/report.js';
import type { ClaimView } from '../../../src/hooks/view.js';
import { attributesClassName } from '../../../src/storage/names.js';
import { storageClassOf } from '../../../src/storage/render.js';
import { at, base, driver, gibibyte, owner, renderingOf, specOf, volume } from '../storage/fixtures.js';

const cluster: StorageCluster = {
  apiVersion: 'stillpoint.dev/v1alpha1',
  kind: 'StorageCluster',
  metadata: { name: 'bed', uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2026-11-01T00:00:00Z' },
  spec: storageClusterSpec.parse({ engine: { external: { driver } }, offers: { namespaces: {}, classes: ['bed'] } }),
  status: { observedGeneration: 1, conditions: [{ type: 'Ready', status: 'True', reason: 'Adopted', message: '', lastTransitionTime: '2026-11-01T00:00:00Z' }] },
};
const seen = (more: Partial<VolumesSeen> = {}): VolumesSeen => ({ cluster, selected: true, classes: [base], attributesClasses: [], volumes: [volume()], fresh: true, ...more });

function policy(spec: object, status?: VolumePolicy['status'], metadata: Partial<VolumePolicy['metadata']> = {}): VolumePolicy {
  const meta = { ...owner, resourceVersion: '1', generation: 1, creationTimestamp: '2026-11-29T09:00:00Z', ...metadata };
  return { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'VolumePolicy', metadata: meta, spec: specOf(spec), ...(status === undefined ? {} : { status }) };
}
const now = at('12:00:00');
const growth = { whenUsedPercent: 80, by: '20%', max: '10Gi' };
const full = { totalBytes: 2 ** 30, usedBytes: 85, availableBytes: 15 };

describe('the StorageClass', () => {
  const wanted = { replicas: 2 };
  const own = storageClassOf('shop-db', base, renderingOf(wanted), owner);
  const there = { ...own, metadata: { ...own.metadata, uid: 'k', creationTimestamp: '2026-11-29T10:00:00Z' } };
  const of = (spec: object, classes: VolumesSeen['classes'], status?: VolumePolicy['status']) => decideVolumes({ object: policy(spec, status), seen: seen({ classes }), now });

  test('is made, left as it is, or made anew with what it was', () => {
    expect(of(wanted, [base]).storageClass).toMatchObject({ what: 'make', object: own, earlier: [] });
    expect(of(wanted, [base, there]).storageClass).toMatchObject({ what: 'asItIs' });
    const entry = { since: '2026-11-29T10:00:00Z', until: '2026-11-29T12:00:00.000Z', tier: 'bed', parameters: { replicas: '2' } };
    expect(of({ replicas: 3 }, [base, there]).storageClass).toMatchObject({ what: 'remake', old: there, earlier: [entry] });
    // Noted once, however often it is tried.
    const noted = { storageClass: { name: 'shop-db', earlier: [{ ...entry, until: '2026-11-29T11:59:00Z' }] } };
    expect(of({ replicas: 3 }, [base, there], noted).storageClass?.earlier).toEqual([entry]);
  });

  test('what is remembered has a bound, and is of that name', () => {
    const earlier = Array.from({ length: 16 }, (_, i): EarlierClass => ({ since: `2026-11-28T${String(i).padStart(2, '0')}:00:00Z`, until: '2026-11-29T09:00:00Z', parameters: {} }));
    const remembered = of({ replicas: 3 }, [base, there], { storageClass: { name: 'shop-db', earlier } }).storageClass?.earlier;
    expect(remembered).toHaveLength(16);
    expect(remembered?.[15]?.since).toBe('2026-11-29T10:00:00Z');
    expect(of({ replicas: 3 }, [base, there], { storageClass: { name: 'shop-other', earlier } }).storageClass?.earlier).toHaveLength(1);
  });

  test('one of the same policy before it was made anew is taken over; one of another or of nobody is not', () => {
    const marked = (labels: Record<string, string>, of = 'shop/db') => ({ ...there, metadata: { ...there.metadata, labels, annotations: { ...there.metadata.annotations, 'stillpoint.dev/policy-of': of } } });
    expect(of(wanted, [base, marked({ 'stillpoint.dev/policy': 'gone' })]).storageClass).toMatchObject({ what: 'remake', earlier: [{ parameters: { replicas: '2' } }] });
    expect(of(wanted, [base, marked({ 'stillpoint.dev/policy': 'gone' }, 'shop/other')]).refusal).toMatchObject({ code: 'ClassNotOurs' });
    expect(of(wanted, [base, marked({})]).refusal).toMatchObject({ code: 'ClassNotOurs' });
  });
});

describe('the VolumeAttributesClass', () => {
  const name = attributesClassName(owner, driver, { iops: '100' });
  const fast = { performance: { minIops: 100 } };
  const there = { metadata: { name, labels: { 'stillpoint.dev/policy': owner.uid }, annotations: { 'stillpoint.dev/policy-of': 'shop/db' } } };

  test.each<[string, Parameters<typeof volume>[0], boolean]>([
    ['none yet', {}, true],
    ['it already', { attributes: { wanted: name, ours: true, current: undefined, state: 'InProgress', error: undefined } }, false],
    ['an older one of ours', { attributes: { wanted: 'shop-db-0', ours: true, current: 'shop-db-0', state: undefined, error: undefined } }, true],
    ['one of others', { attributes: { wanted: 'gold', ours: false, current: 'gold', state: undefined, error: undefined } }, false],
    ['no volume', { bound: false }, false],
    ['another governor', { governor: 'older' }, false],
    ['another driver', { driver: 'other' }, false],
  ])('is given to a claim with %s: %p', (_, how, given) => {
    const plan = decideVolumes({ object: policy(fast), seen: seen({ volumes: [volume(how)] }), now });
    expect(plan.attributesClass).toMatchObject({ make: true, object: { metadata: { name }, driverName: driver, parameters: { iops: '100' } } });
    expect(plan.retell).toHaveLength(given ? 1 : 0);
  });

  test('is made once, and not where nothing is told by it', () => {
    expect(decideVolumes({ object: policy(fast), seen: seen({ attributesClasses: [there] }), now }).attributesClass).toMatchObject({ make: false });
    expect(decideVolumes({ object: policy(fast), seen: seen({ attributesClasses: [{ metadata: { name } }] }), now }).refusal).toMatchObject({ code: 'ClassNotOurs' });
    expect(decideVolumes({ object: policy({ replicas: 2 }), seen: seen(), now })).toMatchObject({ attributesClass: undefined, retell: [] });
  });
});

describe('growth', () => {
  const sizes = (how: Parameters<typeof volume>[0], more: Partial<VolumesSeen> = {}): bigint[] => decideVolumes({ object: policy({ growth }), seen: seen({ volumes: [volume({ usage: full, ...how })], ...more }), now }).grow.map(({ size }) => size);

  test('only by a reading of just now, of volumes that it governs', () => {
    expect(sizes({})).toEqual([1229n * 1024n * 1024n]);
    expect(sizes({}, { fresh: false })).toEqual([]);
    for (const how of [{ governor: 'older' }, { bound: false }, { block: true }]) expect(sizes(how)).toEqual([]);
  });

  test('ten at a time', () => {
    const volumes = Array.from({ length: 30 }, (_, i) => volume({ pvc: `data-${i}`, usage: full }));
    expect(decideVolumes({ object: policy({ growth }), seen: seen({ volumes }), now }).grow).toHaveLength(10);
  });
});

describe('the report', () => {
  const report = (spec: object, more: Partial<VolumesSeen>) => {
    const object = policy(spec);
    return reportVolumes(object, seen(more), decideVolumes({ object, seen: seen(more), now }));
  };

  test('those that are not compliant come first, and a bound of them', () => {
    const volumes = Array.from({ length: shownVolumes + 20 }, (_, i) => volume({ pvc: `data-${String(i).padStart(3, '0')}`, ...(i % 100 === 99 ? { driver: 'other' } : {}) }));
    const { change, compliant } = report({}, { volumes });
    expect(change.volumes).toHaveLength(shownVolumes);
    expect(change.volumes?.slice(0, 2).map(({ pvc, compliant: ok }) => [pvc, ok])).toEqual([['data-099', false], ['data-000', true]]);
    expect(change.volumesCompliant).toBe('119/120');
    expect(compliant).toMatchObject({ status: 'False', reason: 'OtherDriver' });
  });

  test('what lasts is said before what passes by itself', () => {
    const { compliant } = report({ performance: { minIops: 1 } }, { volumes: [volume({ pvc: 'a' }), volume({ pvc: 'b', driver: 'other' })] });
    expect(compliant).toMatchObject({ reason: 'OtherDriver', message: '2 of 2 volumes are not as the policy wants them: a (performance.minIops: AttributesChanging), b (storageClusterRef: OtherDriver). status.volumes has the way out of each.' });
    expect(['OtherDriver', 'AttributesChanging', 'Expanding', 'OfferExceeded', 'VolumesCompliant'].map(isLasting)).toEqual([true, false, false, false, false]);
  });

  test('no volumes is nothing wrong', () => expect(report({}, { volumes: [] })).toMatchObject({ compliant: { status: 'True', reason: 'NoVolumes' }, change: { volumesCompliant: '0/0', volumes: undefined } }));
});

describe('what is seen', () => {
  const claim: ClaimView = {
    metadata: { name: 'data', namespace: 'shop', uid: 'c', resourceVersion: '3', creationTimestamp: '2026-11-29T10:00:00Z', labels: { app: 'db' }, annotations: { 'stillpoint.dev/grown-at': '2026-11-29T11:00:00Z', 'stillpoint.dev/attributes-class': 'shop-db-1' } },
    phase: 'Bound', volumeName: 'pv', volumeMode: 'Filesystem', accessModes: [], storageClassName: 'shop-db', requested: '2Gi', capacity: '1Gi', driver, volumeHandle: 'h',
    attributes: { wanted: 'shop-db-1', current: undefined, state: 'Pending', error: undefined },
    resizing: 'waits for a pod',
  };
  const pv = { metadata: { name: 'pv', creationTimestamp: '2026-11-29T10:00:01Z', annotations: { 'pv.kubernetes.io/provisioned-by': driver } }, driver, volumeHandle: 'h', storageClassName: 'shop-db', attributesClass: undefined };
  const around = { governor: undefined, mounted: true, usage: full, classes: [{ ...base, metadata: { name: 'shop-db' } }] };

  test('of a claim and its volume', () => {
    expect(volumeOf(claim, pv, around)).toEqual(volume({ uid: 'c', resourceVersion: '3', requested: 2n * gibibyte, grownAt: at('11:00:00'), usage: full, resizing: 'waits for a pod', attributes: { wanted: 'shop-db-1', ours: true, current: undefined, state: 'Pending', error: undefined } }));
  });

  test('a volume that no driver has made for the class of its claim has no time', () => {
    expect(volumeOf(claim, { ...pv, metadata: { ...pv.metadata, annotations: {} } }, around).madeAt).toBeUndefined();
    expect(volumeOf(claim, { ...pv, storageClassName: 'other' }, around).madeAt).toBeUndefined();
    expect(volumeOf(claim, undefined, around)).toMatchObject({ bound: false, madeAt: undefined, driver: undefined });
    expect(volumeOf({ ...claim, storageClassName: 'gone' }, pv, around).expandable).toBe(false);
    expect(volumeOf({ ...claim, metadata: { name: 'data', annotations: { 'stillpoint.dev/grown-at': 'soon' } } }, pv, around)).toMatchObject({ grownAt: undefined, attributes: { ours: false } });
  });

  test('exactly one policy governs a claim, whichever looks', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(names, fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 5, maxLength: 5 }), (all, ages) => {
        const policies = all.map((name, i) => policy({ selector: { matchLabels: { app: 'db' } } }, undefined, { name, uid: name, creationTimestamp: `2026-11-2${ages[i] ?? 0}T00:00:00Z` }));
        const governors = new Set(policies.map((own) => governorOf(own, claim, policies) ?? own.metadata.name));
        return governors.size === 1;
      }),
    );
    const older = policy({}, undefined, { name: 'older', creationTimestamp: '2026-11-28T00:00:00Z' });
    const leaving = { ...older, metadata: { ...older.metadata, deletionTimestamp: '2026-11-29T00:00:00Z' } };
    const elsewhere = { ...older, spec: { ...older.spec, selector: { matchLabels: { app: 'web' } } } };
    expect([older, leaving, elsewhere].map((other) => governorOf(policy({}), claim, [other]))).toEqual(['older', undefined, undefined]);
  });
});
