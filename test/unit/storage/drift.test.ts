import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { driftReasons, type Drift } from '../../../src/api/volumes.js';
import { driftOf, type Asked, type Measure } from '../../../src/storage/drift.js';
import type { ClassVersion } from '../../../src/storage/made-with.js';
import type { Volume } from '../../../src/storage/volume.js';
import { at, driver, gibibyte, renderingOf, volume } from './fixtures.js';

const version = (name: string, since: string, parameters: Record<string, string>, until?: string, tier = 'bed'): ClassVersion => ({ name, since: at(since), until: until === undefined ? undefined : at(until), tier, parameters });
/** A class of the policy that was replaced at 11:00, and one of others. */
const versions = [version('shop-db', '08:00:00', { replicas: '1' }, '11:00:00'), version('shop-db', '11:00:00', { Replicas: '3' }), version('bed', '00:00:00', {})];
const asked = (spec: object, more: Partial<Asked> = {}): Asked => ({ driver, className: 'shop-db', attributesClass: undefined, rendering: renderingOf(spec), tier: undefined, ...more });
const measure = (more: Partial<Measure>): Measure => ({ asked: undefined, growth: undefined, versions, ...more });
const reasons = (drift: readonly Drift[]): string[] => drift.map(({ field, reason }) => `${field} ${reason}`);
const growth = { whenUsedPercent: 80, by: '20%', max: '2Gi', cooldown: '10m' };
const full = { totalBytes: 2 ** 30, usedBytes: 90, availableBytes: 10 };
const later = { claimedAt: at('12:00:00'), madeAt: at('12:00:01') };

describe('what a volume was made with', () => {
  const three = measure({ asked: asked({ replicas: 3 }) });
  test.each<[string, Partial<Volume>, string[]]>([
    ['by the class as it is now', later, []],
    ['by the class as it was', {}, ['replicas MadeBefore']],
    ['while it was replaced', { claimedAt: at('10:59:59'), madeAt: at('11:00:01') }, ['replicas NotKnown']],
    ['by a class of others', { className: 'bed' }, ['replicas MadeBefore']],
    ['by a class that is gone', { className: 'gone' }, ['replicas NotKnown']],
    ['by hand', { ...later, madeAt: undefined }, ['replicas NotKnown']],
    ['by another driver', { ...later, driver: 'other' }, ['storageClusterRef OtherDriver']],
    ['by no driver', { ...later, driver: undefined }, ['storageClusterRef OtherDriver']],
    ['not yet', { bound: false }, ['selector NotBound']],
    ['for an older policy', { governor: 'older' }, ['selector OtherPolicy']],
  ])('%s', (_, how, expected) => expect(reasons(driftOf(volume(how), three))).toEqual(expected));

  test('says what it has, what is asked, and the way out', () => {
    expect(driftOf(volume({ className: 'bed' }), three)[0]?.message).toBe('It was made without replicas, and the policy asks for replicas=3. A new claim of StorageClass shop-db has it: restore a copy (AppRestore, spec.rewrite.storageClasses bed: shop-db) or move the data.');
    expect(driftOf(volume(), three)[0]?.message).toBe('It was made with replicas=1, and the policy asks for replicas=3. A new claim of StorageClass shop-db has it: restore a copy (AppRestore) or move the data.');
    expect(driftOf(volume({ driver: 'other' }), three)[0]?.message).toMatch(/^Its volume is of the driver other, not of csi\.bed\.stillpoint\.dev\. A new claim/);
  });

  test('two that it may have been made with are one when they agree', () => {
    const agree = measure({ asked: asked({ replicas: 3 }), versions: [version('shop-db', '08:00:00', { replicas: '3', other: 'a' }, '11:00:00'), version('shop-db', '11:00:00', { replicas: '3' })] });
    expect(driftOf(volume({ claimedAt: at('10:59:59'), madeAt: at('11:00:01') }), agree)).toEqual([]);
  });

  test('the tier counts when the policy names one', () => {
    const tiers = [version('shop-db', '08:00:00', {}, '11:00:00', 'slow'), version('shop-db', '11:00:00', {}, undefined, 'fast')];
    const of = (how: Partial<Volume>, tier: string | undefined) => reasons(driftOf(volume(how), measure({ asked: asked({}, { tier }), versions: tiers })));
    expect(of({}, undefined)).toEqual([]);
    expect(of({}, 'fast')).toEqual(['tier MadeBefore']);
    expect(of(later, 'fast')).toEqual([]);
    expect(of({ claimedAt: at('10:59:59'), madeAt: at('11:00:01') }, 'fast')).toEqual(['tier NotKnown']);
    expect(of({ className: 'gone' }, 'fast')).toEqual(['tier NotKnown']);
  });

  test('what the driver does by itself is never missing', () => {
    const always = measure({ asked: { ...asked({}), rendering: renderingOf({ encryption: 'Required' }, 'disk.csi.azure.com') } });
    expect(driftOf(volume({ className: 'gone' }), always)).toEqual([]);
  });
});

describe('attributes', () => {
  const told = measure({ asked: asked({ performance: { minIops: 3000, minBps: '1Mi' } }, { attributesClass: 'shop-db-1' }) });
  const own = { wanted: 'shop-db-1', ours: true, current: 'shop-db-1', state: undefined, error: undefined };
  test.each<[string, Partial<Volume['attributes']>, string | undefined, RegExp]>([
    ['as they are asked for', {}, undefined, /^/],
    ['given by somebody else, and the same', { ours: false }, undefined, /^/],
    ['not given yet', { wanted: undefined, current: undefined }, 'AttributesChanging', /is being changed by VolumeAttributesClass shop-db-1\. If it stays so, the external-resizer/],
    ['an older class of ours', { wanted: 'shop-db-0', current: 'shop-db-0' }, 'AttributesChanging', /is being changed/],
    ['an older class of ours that was refused', { wanted: 'shop-db-0', state: 'Infeasible', error: 'no' }, 'AttributesChanging', /is being changed/],
    ['taken up', { current: undefined, state: 'InProgress' }, 'AttributesChanging', /is being changed/],
    ['infeasible', { current: undefined, state: 'Infeasible', error: 'at most 100' }, 'AttributesRefused', /^The storage refuses it: at most 100\. Ask for what it can do\.$/],
    ['failing', { current: undefined, state: 'InProgress', error: 'busy' }, 'AttributesRefused', /has not done it, and is asked again: busy/],
    ['of others', { wanted: 'gold', current: 'gold', ours: false }, 'AttributesOfOthers', /volumeAttributesClassName is gold, which no policy has given it: it is left alone\. Set it to shop-db-1/],
  ])('%s', (_, how, reason, says) => {
    const drift = driftOf(volume({ attributes: { ...own, ...how } }), told);
    expect(reasons(drift)).toEqual(reason === undefined ? [] : [`performance.minIops ${reason}`, `performance.minBps ${reason}`]);
    expect(drift[0]?.message ?? '').toMatch(says);
  });
});

describe('growth', () => {
  test.each<[string, Partial<Volume>, string | undefined]>([
    ['room enough', {}, undefined],
    ['full, and about to grow', { usage: full }, undefined],
    ['full at its end', { usage: full, requested: 2n * gibibyte, capacity: 2n * gibibyte }, 'MaxReached'],
    ['not full at its end', { requested: 2n * gibibyte, capacity: 2n * gibibyte }, undefined],
    ['growing', { requested: 2n * gibibyte, resizing: 'waits for a pod' }, 'Expanding'],
    ['a class without expansion', { expandable: false }, 'ExpansionNotAllowed'],
    ['a raw block volume', { block: true }, 'UsageNotKnown'],
    ['not looked at', { usage: undefined }, 'UsageNotKnown'],
    ['not readable', { usage: { error: 'no agent' } }, 'UsageNotKnown'],
    ['on a file system of others', { usage: { ...full, totalBytes: 2 ** 40 } }, 'UsageNotKnown'],
    ['not mounted', { usage: undefined, mounted: false }, undefined],
    ['without a size', { usage: { totalBytes: 0, usedBytes: 0, availableBytes: 0 } }, 'UsageNotKnown'],
  ])('%s', (_, how, reason) => expect(reasons(driftOf(volume(how), measure({ growth })))).toEqual(reason === undefined ? [] : [`growth ${reason}`]));

  test('is told beside what differs of the storage', () => {
    expect(reasons(driftOf(volume({ block: true }), measure({ asked: asked({ replicas: 3 }), growth })))).toEqual(['replicas MadeBefore', 'growth UsageNotKnown']);
  });
});

test('whatever a volume is: every reason is one of the API, every message fits, and what is not known is never compliant', () => {
  const text = fc.option(fc.constantFrom('shop-db', 'shop-db-1', 'bed', 'gone', 'x'.repeat(253)), { nil: undefined });
  const volumes = fc.record({
    className: text,
    driver: fc.option(fc.constantFrom(driver, 'other'), { nil: undefined }),
    madeAt: fc.option(fc.constantFrom(at('10:00:00'), at('12:00:00')), { nil: undefined }),
    bound: fc.boolean(),
    governor: text,
    attributes: fc.record({ wanted: text, ours: fc.boolean(), current: text, state: fc.option(fc.constantFrom('Pending', 'InProgress', 'Infeasible'), { nil: undefined }), error: fc.option(fc.constant('e'.repeat(900)), { nil: undefined }) }),
    usage: fc.option(fc.constantFrom<NonNullable<Volume['usage']>>(full, { error: 'e'.repeat(900) }), { nil: undefined }),
  });
  const everything = measure({ asked: asked({ replicas: 3, performance: { minIops: 3000 } }, { attributesClass: 'shop-db-1', tier: 'bed' }), growth });
  fc.assert(
    fc.property(volumes, (how) => {
      const drift = driftOf(volume(how), everything);
      const known = how.driver === driver && how.madeAt !== undefined && how.bound && how.governor === undefined && how.usage !== undefined && !('error' in how.usage);
      return drift.every(({ reason, message }) => (driftReasons as readonly string[]).includes(reason) && message.length <= 512) && (known || drift.length > 0);
    }),
  );
});
