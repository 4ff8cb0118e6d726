import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Dice, live } from './lives/life.js';
import { SnapshotWorld } from './lives/snapshot-world.js';

/** A whole life: luck, the writes after which each process is killed, and what the spec asks for. */
const lives = fc.record({
  luck: fc.array(fc.nat(1000), { maxLength: 120, size: 'max' }),
  kills: fc.array(fc.nat(8), { maxLength: 12 }),
  attempts: fc.integer({ min: 1, max: 3 }),
  onUnmet: fc.constantFrom('Fail', 'Downgrade'),
  expires: fc.boolean(),
  end: fc.constantFrom('delete', 'keep'),
});

test('killed after any write, and again: it always comes to an end, never holds twice, never forgets a set', () => {
  const ends = new Map<string, number>();
  fc.assert(
    fc.property(lives, ({ luck, kills, attempts, onUnmet, expires, end }) => {
      const world = new SnapshotWorld(new Dice(luck), { quiesce: { attempts }, consistency: { required: onUnmet === 'Fail' ? 'Frozen' : 'Quiesced', onUnmet }, ...(expires ? { expiresAfter: '1h' } : {}) });
      live(world, kills);
      judge(world);
      const phase = world.object === undefined ? 'deleted' : world.object.spec.suspend ? 'suspended' : world.object.status?.phase;
      ends.set(phase ?? '', (ends.get(phase ?? '') ?? 0) + 1);
      expect(['Ready', 'Failed', 'deleted', 'suspended']).toContain(phase);

      // Its time is over, or it is deleted: the data goes, also through crashes.
      if (expires && phase === 'Ready') {
        world.untilExpiry();
        live(world, kills.slice(0, 3));
        judge(world);
        expect([world.object?.status?.phase, world.sets.size]).toEqual(world.object === undefined ? [undefined, 0] : ['Expired', 0]);
      }
      if (end === 'keep') return;
      world.delete();
      live(world, kills.slice(0, 3));
      judge(world);
      expect([world.object, world.sets.size]).toEqual([undefined, 0]);
    }),
    { numRuns: 500 },
  );
  // The lives were not all alike.
  expect([...ends.keys()].sort()).toEqual(['Failed', 'Ready', 'deleted', 'suspended']);
}, 180_000);

test('without any accident it takes one window', () => {
  const world = new SnapshotWorld(new Dice([]), {});
  live(world, []);
  judge(world);
  expect(world.phases).toEqual(['Planned', 'Warmed', 'Intended', 'Released', 'Graded', 'Ready']);
  expect(world.windows).toHaveLength(1);
});

function judge(world: SnapshotWorld): void {
  expect(world.violations).toEqual([]);
  for (const { plan, mayHold } of world.plans) expect(mayHold ? plan : 'recover').toBe('recover');
  const { object } = world;
  const status = object?.status ?? {};
  expect((status.holds ?? []).filter((h) => h.state === 'Intended')).toEqual([]);
  if (object === undefined || status.phase === 'Failed' || status.phase === 'Expired' || object.spec.suspend) {
    // Nothing but a finished copy keeps a set.
    if (status.phase !== 'Ready') expect([...world.sets.keys()]).toEqual([]);
  }
  if (status.phase !== 'Ready') return;
  expect([...world.sets.keys()]).toEqual([status.setId]);
  const proven = world.sets.get(status.setId ?? '')?.proven === true;
  if (status.grade === 'Frozen') expect(proven).toBe(true);
  for (const hold of status.holds ?? []) if (proven) expect(hold.state).toBe('Released');
}
