import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { restoreFinalizer } from '../../../src/controllers/apprestore/decide.js';
import { Dice, live } from './lives/life.js';
import { RestoreWorld, type Made } from './lives/restore-world.js';

const lives = fc.record({
  luck: fc.array(fc.nat(1000), { maxLength: 120, size: 'max' }),
  kills: fc.array(fc.nat(8), { maxLength: 12 }),
  spec: fc.record({
    what: fc.constantFrom('All', 'Volumes', 'Configuration'),
    dryRun: fc.nat(9).map((n) => n === 9),
    from: fc.constantFrom({ appSnapshotRef: { name: 's' } }, { targetRef: { name: 's3' } }, { targetRef: { name: 's3' }, staged: true }),
    verify: fc.record({ enabled: fc.boolean(), timeout: fc.constant('15m') }),
  }),
});

/** By what the volumes come that are not filled where they are used. */
function broughtBy(from: { readonly targetRef?: object; readonly staged?: boolean }): Made[] {
  if (from.staged === true) return ['imported', 'staged'];
  return from.targetRef === undefined ? ['imported'] : [];
}

test('killed after any write, and again: it always comes to an end, in order, and leaves nothing imported behind', () => {
  const ends = new Set<string>();
  fc.assert(
    fc.property(lives, ({ luck, kills, spec }) => {
      const world = new RestoreWorld(new Dice(luck), { ...spec, what: spec.what });
      live(world, kills);
      expect(world.violations).toEqual([]);
      const phase = world.object === undefined ? 'deleted' : world.object.spec.suspend ? 'suspended' : world.object.status?.phase;
      ends.add(phase ?? '');
      expect(['Ready', 'Failed', 'deleted', 'suspended']).toContain(phase);
      // What is to be removed is guarded from before it is made.
      if ((['imported', 'fetched', 'staged'] as const).some((what) => world.made.has(what)) && world.object !== undefined) expect(world.object.metadata.finalizers).toEqual([restoreFinalizer]);
      if (phase === 'Ready' && !spec.dryRun && spec.what === 'All') expect([...world.made].sort()).toEqual(['claims', 'configuration', 'fixups', 'gate', ...broughtBy(spec.from), 'started'].sort());
      // What movers have left does not outlive the end.
      if (phase === 'Ready' || phase === 'Failed') expect(world.made.has('fetched')).toBe(false);
      // Suspended in the middle, it has movers yet.
      if (spec.dryRun) expect([...world.made].filter((what) => what !== 'fetched')).toEqual([]);

      world.delete();
      live(world, kills.slice(0, 3));
      expect([world.object, world.made.has('imported') || world.made.has('fetched'), world.violations]).toEqual([undefined, false, []]);
    }),
    { numRuns: 500 },
  );
  expect([...ends].sort()).toEqual(['Failed', 'Ready', 'deleted', 'suspended']);
}, 180_000);

test('without any accident each phase comes once', () => {
  const world = new RestoreWorld(new Dice([]), {});
  live(world, []);
  expect(world.phases).toEqual(['Planned', 'RestoringVolumes', 'ApplyingConfiguration', 'Preparing', 'Starting', 'Verifying', 'Ready']);
});
