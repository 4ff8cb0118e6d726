import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupTypes, type SnapshotCapability, type SnapshotClass } from '../../../src/snapshots/capability.js';
import { planSnapshots, type PlanClaim } from '../../../src/snapshots/plan.js';
import { withLast } from '../../../src/snapshots/stages.js';

const claim = (name: string, driver: string | null = 'a.csi', phase = 'Bound'): PlanClaim => ({
  metadata: { name, uid: `uid-${name}` },
  phase,
  driver: driver ?? undefined,
  volumeHandle: driver === null ? undefined : `vol-${name}`,
});
const cls = (name: string, driver = 'a.csi', more: Partial<SnapshotClass> = {}): SnapshotClass => ({ name, driver, deletionPolicy: 'Delete', isDefault: false, atomic: false, ...more });
const capability = (groupClasses: SnapshotClass[], singleClasses: SnapshotClass[] = [cls('single')], group = groupTypes('v1')): SnapshotCapability => ({ group, groupClasses, singleClasses });

const codes = (input: Parameters<typeof planSnapshots>[0]): string[] => planSnapshots(input).errors.map((e) => e.code);

describe('cuts with an order', () => {
  const plan = (claims: PlanClaim[], groups: SnapshotClass[]) => planSnapshots({ claims, capability: capability(groups) });
  const shown = (cuts: ReturnType<typeof withLast>['cuts']) => cuts.map((c) => [c.kind, c.stage, c.claims.map((x) => x.name)]);

  test('no group has claims of both halves, and nothing is atomic over them', () => {
    const split = withLast(plan([claim('data'), claim('fast'), claim('wal')], [cls('g', 'a.csi', { atomic: true })]), new Set(['wal']));
    expect(shown(split.cuts)).toEqual([['group', 'first', ['data', 'fast']], ['group', 'last', ['wal']]]);
    expect(split.storageAtomic).toBe(false);
  });

  test('single cuts and other drivers get their half as well', () => {
    expect(shown(withLast(plan([claim('data'), claim('wal')], []), new Set(['wal'])).cuts)).toEqual([['single', 'first', ['data']], ['single', 'last', ['wal']]]);
  });

  test('without names nothing changes', () => {
    const same = plan([claim('data'), claim('wal')], [cls('g')]);
    expect(withLast(same, new Set())).toBe(same);
  });
});

describe('planning a snapshot set', () => {
  test('one driver with an atomic group class: one cut, atomic', () => {
    const plan = planSnapshots({ claims: [claim('wal'), claim('data')], capability: capability([cls('g', 'a.csi', { atomic: true })]) });
    expect(plan.cuts.map((c) => [c.kind, c.className, c.atomic, c.claims.map((x) => x.name)])).toEqual([['group', 'g', true, ['data', 'wal']]]);
    expect(plan.storageAtomic).toBe(true);
  });

  test('a group is not atomic unless its class says so', () => {
    const plan = planSnapshots({ claims: [claim('a'), claim('b')], capability: capability([cls('g')]) });
    expect([plan.cuts[0]?.atomic, plan.storageAtomic]).toEqual([false, false]);
  });

  test('singles are atomic each, never together', () => {
    const two = planSnapshots({ claims: [claim('a'), claim('b')], capability: capability([]) });
    expect([two.cuts.map((c) => c.kind), two.cuts.every((c) => c.atomic), two.storageAtomic]).toEqual([['single', 'single'], true, false]);
    expect(planSnapshots({ claims: [claim('a')], capability: capability([]) }).storageAtomic).toBe(true);
  });

  test('two drivers are never atomic together, each takes its own class', () => {
    const plan = planSnapshots({
      claims: [claim('a'), claim('b', 'b.csi')],
      capability: capability([cls('ga', 'a.csi', { atomic: true })], [cls('sa'), cls('sb', 'b.csi')]),
    });
    expect(plan.cuts.map((c) => [c.driver, c.kind, c.className])).toEqual([
      ['a.csi', 'group', 'ga'],
      ['b.csi', 'single', 'sb'],
    ]);
    expect(plan.storageAtomic).toBe(false);
  });

  test('the named class wins over the default, the default over the others', () => {
    const classes = [cls('one'), cls('two', 'a.csi', { isDefault: true }), cls('three')];
    const chosen = (volumeGroupSnapshotClassName?: string): string | undefined =>
      planSnapshots({ claims: [claim('a')], capability: capability(classes), volumeGroupSnapshotClassName }).cuts[0]?.className;
    expect([chosen('three'), chosen()]).toEqual(['three', 'two']);
  });

  test('several classes without a default are named, with the field', () => {
    const { errors } = planSnapshots({ claims: [claim('a')], capability: capability([cls('x'), cls('y')]) });
    expect(errors[0]?.code).toBe('SnapshotClassMissing');
    expect(errors[0]?.publicMessage).toContain('x, y');
    expect(errors[0]?.publicMessage).toContain('spec.volumeGroupSnapshotClassName');
  });

  test('what cannot be cut is an error each', () => {
    expect(codes({ claims: [], capability: capability([]) })).toEqual(['NoMembers']);
    expect(codes({ claims: [claim('a', 'a.csi', 'Pending'), claim('b', null)], capability: capability([]) })).toEqual(['ClaimNotBound', 'UnsupportedVolume']);
    expect(codes({ claims: [claim('a')], capability: capability([], []) })).toEqual(['SnapshotClassMissing']);
    expect(codes({ claims: [claim('a')], capability: capability([cls('g', 'b.csi')]), volumeGroupSnapshotClassName: 'g' })).toEqual(['SnapshotClassWrongDriver']);
    expect(codes({ claims: [claim('a')], capability: capability([]), volumeSnapshotClassName: 'gone' })).toEqual(['SnapshotClassMissing']);
    const deleted = { ...claim('a'), metadata: { name: 'a', uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(codes({ claims: [deleted], capability: capability([]) })).toEqual(['ClaimNotBound']);
  });

  test('class policy Retain is said', () => {
    expect(planSnapshots({ claims: [claim('a')], capability: capability([cls('keep', 'a.csi', { deletionPolicy: 'Retain' })]) }).notes[0]).toContain('keep');
  });

  test('every claim is in exactly one cut, or there is an error', () => {
    const drivers = fc.constantFrom('a.csi', 'b.csi', null);
    const claims = fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[a-z]{1,8}$/), driver: drivers, phase: fc.constantFrom('Bound', 'Bound', 'Bound', 'Pending') }), { selector: (c) => c.name, maxLength: 8 });
    const classes = fc.array(fc.record({ name: fc.stringMatching(/^[a-z]{1,4}$/), driver: fc.constantFrom('a.csi', 'b.csi'), deletionPolicy: fc.constant('Delete'), isDefault: fc.boolean(), atomic: fc.boolean() }), { maxLength: 4 });
    fc.assert(
      fc.property(claims, classes, classes, fc.boolean(), (input, groupClasses, singleClasses, served) => {
        const plan = planSnapshots({
          claims: input.map((c) => claim(c.name, c.driver, c.phase)),
          capability: { group: served ? groupTypes('v1') : undefined, groupClasses, singleClasses },
        });
        const cut = plan.cuts.flatMap((c) => c.claims.map((x) => x.name)).sort();
        if (plan.errors.length > 0) expect(cut).toEqual([]);
        else expect(cut).toEqual(input.map((c) => c.name).sort());
        if (plan.storageAtomic) expect(new Set(plan.cuts.flatMap((c) => c.claims.map((x) => x.driver))).size).toBe(1);
        for (const c of plan.cuts) expect(c.claims.every((x) => x.driver === c.driver)).toBe(true);
      }),
    );
  });
});
