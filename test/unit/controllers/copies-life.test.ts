import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance, sealMover, volumeMover, type BegunCopy, type SeenMovers } from '../../../src/controllers/appsnapshot/copies/advance.js';
import type { MoverOutcome } from '../../../src/movers/outcome.js';
import { hex } from '../movers/fixtures.js';
import { begunCopy, start } from './copies-fixtures.js';

const good = (digit: string): MoverOutcome => ({ kind: 'ended', result: { ok: true, repositoryId: 'r', snapshotId: hex(digit), tree: hex('f'), bytes: 10, bytesAdded: 3 } });
const bad: MoverOutcome = { kind: 'ended', result: { ok: false, code: 'TargetFull', message: 'no space left on device' } };
const lost: MoverOutcome = { kind: 'lost', why: 'OOMKilled', pods: ['pod-1'] };
const runs: MoverOutcome = { kind: 'running', pod: undefined };

function see(copy: BegunCopy, outcomes: Record<string, MoverOutcome> = {}, more: Partial<SeenMovers> = {}): BegunCopy {
  const named = new Map(copy.volumes.flatMap((v) => (outcomes[v.claim] === undefined ? [] : [[volumeMover(copy, v), outcomes[v.claim]!] as const])));
  if (outcomes['seal'] !== undefined) named.set(sealMover(copy), outcomes['seal']);
  return advance(copy, { outcomes: named, progress: new Map(), slots: 1, waiting: undefined, now: start, ...more });
}

const phases = (copy: BegunCopy): string[] => copy.volumes.map((v) => `${v.phase} ${v.attempt}`);

describe('volumes', () => {
  test('are begun as far as there is room', () => {
    expect(phases(see(begunCopy()))).toEqual(['Copying 1', 'Pending 0']);
    expect(phases(see(begunCopy(), {}, { slots: 5 }))).toEqual(['Copying 1', 'Copying 1']);
    expect(phases(see(begunCopy(), {}, { slots: 0 }))).toEqual(['Pending 0', 'Pending 0']);
  });

  test('one that nobody has seen is the same again after a crash', () => {
    const begun = see(begunCopy(), {}, { slots: 5 });
    expect(see(begun, {}, { slots: 0 })).toEqual(begun);
  });

  test('say how far they are, and the whole sums up', () => {
    const begun = see(begunCopy(), {}, { slots: 5 });
    const progress = new Map([[volumeMover(begun, begun.volumes[0]!), { bytesDone: 25, bytesTotal: 100, etaSeconds: 9 }]]);
    expect(see(begun, { data: runs, wal: good('2') }, { progress })).toMatchObject({ bytesDone: 35, bytesTotal: 110, percent: 31, etaSeconds: 9, bytesAdded: 3 });
  });

  test('one that was lost is begun anew after a pause, under another name; the others go on', () => {
    const begun = see(begunCopy(), {}, { slots: 5 });
    const failed = see(begun, { data: lost, wal: runs }, { slots: 5 });
    expect(failed).toMatchObject({ failures: 1, reason: 'MoverFailed', lockedBy: ['pod-1'], retryAt: new Date(start + 10_000).toISOString() });
    expect(phases(failed)).toEqual(['Pending 1', 'Copying 1']);
    expect(phases(see(failed, { wal: runs }, { slots: 5, now: start + 9_999 }))).toEqual(['Pending 1', 'Copying 1']);
    const again = see(failed, { wal: runs }, { slots: 5, now: start + 10_000 });
    expect(phases(again)).toEqual(['Copying 2', 'Copying 1']);
    expect(volumeMover(again, again.volumes[0]!)).not.toBe(volumeMover(begun, begun.volumes[0]!));
    expect(see(again, { data: good('1'), wal: runs })).toMatchObject({ failures: 0 });
    expect(see(again, { data: good('1'), wal: runs }).reason).toBeUndefined();
  });

  test('pauses grow', () => {
    let copy = begunCopy();
    const pauses: number[] = [];
    for (let now = start, i = 0; i < 8; i += 1) {
      copy = see(copy, {}, { now });
      copy = see(copy, { data: bad }, { now });
      pauses.push((Date.parse(copy.retryAt ?? '') - now) / 1000);
      now = Date.parse(copy.retryAt ?? '');
    }
    expect(pauses).toEqual([10, 20, 40, 80, 160, 300, 300, 300]);
    expect(copy).toMatchObject({ reason: 'TargetFull', message: 'data: no space left on device' });
  });

  test('a success that does not say what was written is none', () => {
    const begun = see(begunCopy());
    expect(see(begun, { data: { kind: 'ended', result: { ok: true, repositoryId: 'r' } } })).toMatchObject({ reason: 'MoverFailed' });
  });

  test('what a mover waits for is said, unless there is worse', () => {
    expect(see(begunCopy(), {}, { waiting: 'cannot be scheduled' }).message).toBe('cannot be scheduled');
    expect(see(see(begunCopy()), { data: bad }, { waiting: 'cannot be scheduled' }).message).toContain('no space');
  });
});

describe('the recovery point', () => {
  const all = see(see(begunCopy(), {}, { slots: 2 }), { data: good('1'), wal: good('2') });

  test('comes when all volumes are in', () => {
    expect(all).toMatchObject({ phase: 'Sealing', sealAttempt: 1, volumes: [{ snapshotId: hex('1') }, { snapshotId: hex('2') }] });
    expect(see(see(begunCopy(), {}, { slots: 2 }), { data: good('1'), wal: runs }).phase).toBe('Copying');
  });

  test('makes it a copy, once it is cleaned up', () => {
    expect(see(all, { seal: runs })).toEqual(all);
    expect(see(all, { seal: good('9') })).toMatchObject({ phase: 'Cleaning', recoveryPoint: hex('9'), percent: 100 });
  });

  test('that failed is tried again under another name', () => {
    const failed = see(all, { seal: lost });
    expect(failed).toMatchObject({ phase: 'Sealing', sealAttempt: 2, reason: 'MoverFailed' });
    expect(sealMover(failed)).not.toBe(sealMover(all));
  });

  test('when the repository has lost a volume, all of them are written again', () => {
    const damaged: MoverOutcome = { kind: 'ended', result: { ok: false, code: 'TargetDamaged', message: 'gone' } };
    expect(see(all, { seal: damaged })).toMatchObject({ phase: 'Copying', volumes: [{ phase: 'Pending', attempt: 1 }, { phase: 'Pending', attempt: 1 }] });
  });
});

test('whatever ends how, and is seen or not, a copy is complete only with every volume and the recovery point, and no attempt comes twice', () => {
  const fates = fc.array(fc.record({ data: fc.constantFrom(undefined, runs, good('1'), bad, lost), wal: fc.constantFrom(undefined, runs, good('2'), bad, lost), seal: fc.constantFrom(undefined, runs, good('9'), bad, lost), seconds: fc.integer({ min: 1, max: 400 }), slots: fc.integer({ min: 0, max: 2 }) }), { maxLength: 40 });
  fc.assert(
    fc.property(fates, (rounds) => {
      let copy = begunCopy();
      let now = start;
      for (const { seconds, slots, ...round } of rounds) {
        now += seconds * 1000;
        const outcomes = Object.fromEntries(Object.entries(round).filter(([, outcome]) => outcome !== undefined)) as Record<string, MoverOutcome>;
        const free = Math.max(0, slots - copy.volumes.filter((v) => v.phase === 'Copying').length);
        const next = see(copy, outcomes, { slots: free, now });
        next.volumes.forEach((volume, i) => {
          expect(volume.attempt).toBeGreaterThanOrEqual(copy.volumes[i]!.attempt);
          if (volume.phase === 'Done') expect(volume.snapshotId).toBe(hex(volume.claim === 'data' ? '1' : '2'));
        });
        if (next.phase === 'Sealing' || next.phase === 'Cleaning') expect(next.volumes.every((v) => v.phase === 'Done' && v.tree !== undefined)).toBe(true);
        if (next.phase === 'Cleaning') expect([copy.phase, next.recoveryPoint].includes(undefined)).toBe(false);
        if (next.phase === 'Cleaning' && copy.phase !== 'Cleaning') expect(copy.phase).toBe('Sealing');
        copy = next;
      }
    }),
    { numRuns: 300 },
  );
});
