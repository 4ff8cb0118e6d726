import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { grades, type Grade } from '../../../src/api/common.js';
import { gradeCopy, meetsGrade, reachableGrade, worseGrade } from '../../../src/hooks/hold/grade.js';
import type { GradeInput } from '../../../src/hooks/hold/grade-types.js';
import type { ClaimHold, ClaimStill } from '../../../src/hooks/hold/plan-types.js';
import type { HoldResult } from '../../../src/hooks/hold/window-types.js';
import { fail } from '../../../src/api/errors.js';
import { planHolders } from '../../../src/hooks/hold/plan-holders.js';
import { application, claim, container, holdersInput, pod } from './namespace.js';

function hold(id: string, more: Partial<HoldResult> = {}): HoldResult {
  return { id, frozen: true, synced: true, unbroken: true, endedBy: 'release', heldMillis: 50, freezeMillis: 1, syncMillis: 1, thawMillis: 1, ...more };
}

function member(name: string, app: string, more: Partial<ClaimHold> = {}): ClaimHold {
  return { claim: name, uid: name, applications: [app], still: 'Frozen', holds: ['h1'], synced: true, mountedBy: [name], reasons: [], ...more };
}

const postgres = { name: 'db', kind: 'PostgreSQL' as const, caps: [], settleMillis: 0 };
const generic = { name: 'web', kind: 'Generic' as const, caps: [], settleMillis: 0 };

/** Two volumes of a PostgreSQL, cut apart, held without a break. */
const good: GradeInput = {
  claims: [member('data', 'db'), member('wal', 'db')],
  applications: [postgres],
  cuts: [
    { name: 'c1', atomic: false, claimUids: ['data'] },
    { name: 'c2', atomic: false, claimUids: ['wal'] },
  ],
  cutsMade: new Set(['c1', 'c2']),
  window: { holds: [hold('h1')], overlapped: true },
  changed: new Map(),
};
const atomic = (input: GradeInput): GradeInput => ({ ...input, cuts: [{ name: 'c1', atomic: true, claimUids: input.claims.map((c) => c.uid) }], cutsMade: new Set(['c1']) });
const unheld = (input: GradeInput): GradeInput => ({ ...input, claims: input.claims.map((c) => ({ ...c, still: 'No', reasons: ['it can be written'] })) });
/** The same two volumes behind a fence. */
const fenced = (input: GradeInput): GradeInput => ({ ...input, claims: input.claims.map((c) => ({ ...c, still: 'Fenced' })), window: { holds: [hold('h1', { fenced: true })], overlapped: true } });
const fencedAlone = (input: GradeInput): GradeInput => ({ ...fenced(input), claims: fenced(input).claims.slice(0, 1), cuts: input.cuts.slice(0, 1), cutsMade: new Set(['c1']) });
const broken = { holds: [hold('h1', { unbroken: false, endedBy: 'max' })], overlapped: false, error: fail('HoldBroken', 'ended by max') };

describe('the table of grades', () => {
  test.each<[string, GradeInput, Grade]>([
    ['held and synced, cut apart', good, 'Frozen'],
    ['held and synced, in an atomic group', atomic(good), 'Frozen'],
    ['not held, synced, atomic group', atomic(unheld(good)), 'CrashConsistentSynced'],
    ['not held, not synced, atomic group', atomic({ ...unheld(good), window: { holds: [hold('h1', { synced: false })], overlapped: true } }), 'CrashConsistent'],
    ['not held, cut apart', unheld(good), 'Inconsistent'],
    ['broken hold, atomic group', atomic({ ...good, window: broken }), 'CrashConsistent'],
    ['broken hold, cut apart', { ...good, window: broken }, 'Inconsistent'],
    ['crash: the end of the window was not seen, atomic group', atomic({ ...good, window: undefined }), 'CrashConsistent'],
    ['crash, cut apart', { ...good, window: undefined }, 'Inconsistent'],
    ['a hold of which nothing is known, cut apart', { ...good, window: { holds: [], overlapped: true } }, 'Inconsistent'],
    ['a hold whose release was not confirmed, cut apart', { ...good, window: { holds: [hold('h1', { unbroken: undefined })], overlapped: true } }, 'Inconsistent'],
    ['held, but the image cannot sync', { ...good, window: { holds: [hold('h1', { synced: false })], overlapped: true } }, 'CrashConsistent'],
    ['held, but one claim has no sync planned', { ...good, claims: [member('data', 'db'), member('wal', 'db', { synced: false })] }, 'CrashConsistent'],
    ['a container was restarted meanwhile, cut apart', { ...good, changed: new Map([['data', 'changed'], ['wal', 'changed']]) }, 'Inconsistent'],
    ['one volume not seen in a cut', { ...good, cutsMade: new Set(['c1']) }, 'Inconsistent'],
    ['the adapter caps it', { ...good, applications: [{ ...postgres, caps: [{ grade: 'CrashConsistentSynced', reason: 'synchronous_commit is off' }] }] }, 'CrashConsistentSynced'],
    ['a settle time that was not given', { ...good, applications: [{ ...postgres, settleMillis: 300 }] }, 'CrashConsistentSynced'],
    ['a settle time that was given', { ...good, applications: [{ ...postgres, settleMillis: 300, settledMillis: 300 }] }, 'Frozen'],
    ['kind Generic without a profile', { ...good, claims: good.claims.map((c) => ({ ...c, applications: ['web'] })), applications: [generic] }, 'CrashConsistentSynced'],
    ['fenced and synced, in an atomic group', atomic(fenced(good)), 'Quiesced'],
    ['fenced and synced, one volume', fencedAlone(good), 'Quiesced'],
    ['fenced and synced, cut apart', fenced(good), 'Inconsistent'],
    ['fenced, but the image cannot sync, atomic group', atomic({ ...fenced(good), window: { holds: [hold('h1', { fenced: true, synced: false })], overlapped: true } }), 'CrashConsistent'],
    ['a broken fence, atomic group', atomic({ ...fenced(good), window: broken }), 'CrashConsistent'],
    ['a fence of which only a freeze was planned and nothing was said, atomic group', atomic({ ...fenced(good), window: { holds: [hold('h1')], overlapped: true } }), 'CrashConsistentSynced'],
    ['a fence by a profile that states nothing, atomic group', atomic({ ...fenced(good), applications: [{ ...postgres, kind: 'Custom', caps: [{ grade: 'CrashConsistentSynced', reason: 'spec.recovery is Unknown' }] }] }), 'CrashConsistentSynced'],
    ['a server behind a fence that was restarted, atomic group', atomic({ ...fenced(good), changed: new Map([['data', 'changed']]) }), 'CrashConsistent'],
    ['no volume at all', { ...good, claims: [], applications: [] }, 'Inconsistent'],
  ])('%s', (_, input, grade) => {
    const report = gradeCopy(input);
    expect(report.grade).toBe(grade);
    // Whoever reads a grade below the best is told why.
    expect(report.reasons.length > 0).toBe(grade !== 'Frozen' && input.claims.length > 0);
  });

  test('one volume alone is cut at one instant without any group', () => {
    const one = { ...unheld(good), claims: unheld(good).claims.slice(0, 1), cuts: good.cuts.slice(0, 1) };
    expect(gradeCopy(one).grade).toBe('CrashConsistentSynced');
  });

  test('an application that is not held spoils the set, not the one that is held', () => {
    const moving = ['x', 'y'].map((name) => member(name, 'web', { still: 'No', holds: [], reasons: [`${name} can be written`] }));
    const cuts = [...good.cuts, ...moving.map((m) => ({ name: m.uid, atomic: false, claimUids: [m.uid] }))];
    const mixed = { ...good, claims: [...good.claims, ...moving], applications: [postgres, generic], cuts, cutsMade: new Set(cuts.map((c) => c.name)) };
    const apart = gradeCopy(mixed);
    expect(apart.applications.map((a) => a.grade)).toEqual(['Frozen', 'Inconsistent']);
    expect(apart.grade).toBe('Inconsistent');
    expect(apart.reasons.join(' ')).toContain('x, y');
    // Both in one atomic cut while the database is held: one instant for all.
    const together = { ...mixed, cuts: [...good.cuts, { name: 'group', atomic: true, claimUids: ['x', 'y'] }], cutsMade: new Set(['c1', 'c2', 'group']) };
    expect(gradeCopy(together).grade).toBe('CrashConsistentSynced');
    const loose = { ...together, cuts: together.cuts.map((c) => ({ ...c, atomic: false })) };
    expect(gradeCopy(loose).grade).toBe('Inconsistent');
  });

  test('a fenced volume is cut at one instant while another application is frozen: each has its own grade', () => {
    const both: GradeInput = {
      ...good,
      claims: [member('data', 'db'), member('files', 'web', { still: 'Fenced', holds: ['h2'] })],
      applications: [postgres, { ...postgres, name: 'web', kind: 'Custom' }],
      cuts: ['data', 'files'].map((name) => ({ name, atomic: false, claimUids: [name] })),
      cutsMade: new Set(['data', 'files']),
      window: { holds: [hold('h1'), hold('h2', { fenced: true })], overlapped: true },
    };
    expect(gradeCopy(both)).toMatchObject({ grade: 'Quiesced', applications: [{ grade: 'Frozen' }, { grade: 'Quiesced' }] });
  });

  test('two applications with one volume each, cut apart and not held, are not one instant', () => {
    const two = { ...unheld(good), claims: [{ ...unheld(good).claims[0]!, applications: ['db'] }, { ...unheld(good).claims[1]!, applications: ['web'] }], applications: [postgres, generic] };
    expect(gradeCopy(two).grade).toBe('Inconsistent');
  });

  test('an unmounted claim does not lower the grade, unless it was used meanwhile', () => {
    const idle: ClaimHold = { ...member('idle', 'none'), applications: [], still: 'Unmounted', holds: [] };
    const cuts = [...good.cuts, { name: 'c3', atomic: false, claimUids: ['idle'] }];
    const input = { ...good, claims: [...good.claims, idle], cuts, cutsMade: new Set(['c1', 'c2', 'c3']) };
    expect(gradeCopy(input)).toMatchObject({ grade: 'Frozen', reasons: [] });
    const used = gradeCopy({ ...input, changed: new Map([['idle', 'mounted meanwhile']]) });
    expect(used.grade).toBe('CrashConsistent');
    expect(used.reasons).toContain('mounted meanwhile');
    expect(gradeCopy({ ...input, cutsMade: new Set(['c1', 'c2']) }).grade).toBe('Inconsistent');
  });

  test('the error of the window is among the reasons', () => {
    expect(gradeCopy({ ...good, window: broken }).reasons).toContain('ended by max');
  });
});

describe('an application that was copied by its own online method', () => {
  const online = (input: GradeInput): GradeInput => ({ ...unheld(input), claims: unheld(input).claims.map((c) => ({ ...c, holds: [] })), applications: input.applications.map((a) => ({ ...a, online: a.name === 'db' })), window: { holds: [], overlapped: true } });

  test('alone it is Quiesced, cut apart and not held, and says so', () => {
    expect(gradeCopy(online(good))).toMatchObject({ grade: 'Quiesced', reasons: [expect.stringContaining('db was not held')] });
  });

  test('without the evidence of its method it is what it looks like', () => {
    const input = online(good);
    expect(gradeCopy({ ...input, applications: [{ ...postgres, online: false }] }).grade).toBe('Inconsistent');
  });

  test.each<[string, GradeInput, Grade]>([
    ['one volume was not seen in a cut', { ...online(good), cutsMade: new Set(['c1']) }, 'Inconsistent'],
    ['a claim was mounted by others meanwhile', { ...online(good), changed: new Map([['data', 'changed']]) }, 'CrashConsistent'],
    ['its adapter caps it', { ...online(good), applications: [{ ...postgres, online: true, caps: [{ grade: 'CrashConsistent', reason: 'x' }] }] }, 'CrashConsistent'],
  ])('%s', (_, input, grade) => {
    expect(gradeCopy(input).grade).toBe(grade);
  });

  test.each(['Frozen', 'Fenced', 'No'] as const)('nothing orders it with another application whose volume is %s; volumes that nobody writes do not matter', (still) => {
    const held = { ...member('web', 'web'), still };
    const cuts = [...good.cuts, { name: 'c3', atomic: false, claimUids: ['web'] }];
    const two: GradeInput = { ...online(good), claims: [...online(good).claims, held], applications: [{ ...postgres, online: true }, generic], cuts, cutsMade: new Set(['c1', 'c2', 'c3']), window: { holds: [hold('h1')], overlapped: true } };
    const report = gradeCopy(two);
    expect(report.applications[0]?.grade).toBe('Inconsistent');
    if (still === 'Frozen') expect(report.applications[1]?.grade).toBe('CrashConsistentSynced');
    expect(report.reasons.join(' ')).toMatch(/Nothing orders the copy of db.*web.*spec\.selector/);
    const idle = { ...two, claims: [...online(good).claims, member('web', 'x', { applications: [], still: 'Unmounted', holds: [] })], applications: [{ ...postgres, online: true }] };
    expect(gradeCopy(idle).grade).toBe('Quiesced');
  });
});

describe('properties of the grade', () => {
  const names = ['a', 'b', 'c', 'd'];
  const inputs: fc.Arbitrary<GradeInput> = fc
    .record({
      stills: fc.array(fc.constantFrom<ClaimStill>('Frozen', 'Fenced', 'Unmounted', 'ReadOnly', 'No'), { minLength: 1, maxLength: 4 }),
      owners: fc.array(fc.constantFrom('db', 'web', ''), { minLength: 4, maxLength: 4 }),
      synced: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
      grouping: fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
      atomics: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      made: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      holds: fc.array(fc.record({ frozen: fc.boolean(), synced: fc.boolean(), unbroken: fc.constantFrom(true, false, undefined), fenced: fc.boolean() }), { minLength: 2, maxLength: 2 }),
      where: fc.array(fc.nat(1), { minLength: 4, maxLength: 4 }),
      overlapped: fc.boolean(),
      cap: fc.constantFrom<Grade | undefined>(undefined, ...grades),
      settledMillis: fc.constantFrom(0, 300),
    })
    .map((r) => {
      const claims = r.stills.map((still, i) =>
        member(names[i]!, r.owners[i]!, { still, synced: r.synced[i]!, applications: r.owners[i] === '' ? [] : [r.owners[i]!], holds: still === 'Unmounted' ? [] : [`h${r.where[i]!}`] }),
      );
      const cuts = [0, 1, 2].map((n) => ({ name: `c${n}`, atomic: r.atomics[n]!, claimUids: claims.filter((_, i) => r.grouping[i] === n).map((c) => c.uid) }));
      const used = new Set(claims.flatMap((c) => c.applications));
      return {
        claims,
        applications: [{ ...postgres, settleMillis: 300, settledMillis: r.settledMillis, caps: r.cap === undefined ? [] : [{ grade: r.cap, reason: 'cap' }] }, generic].filter((a) => used.has(a.name)),
        cuts,
        cutsMade: new Set(cuts.filter((_, n) => r.made[n]).map((c) => c.name)),
        window: { holds: r.holds.map(({ fenced: f, ...h }, i) => hold(`h${i}`, { ...h, ...(f ? { fenced: true } : {}) })), overlapped: r.overlapped },
        changed: new Map<string, string>(),
      };
    });

  /** One piece of evidence less. */
  const removals: readonly ((input: GradeInput) => GradeInput[])[] = [
    (i) => [{ ...i, window: undefined }],
    (i) => (i.window === undefined ? [] : [{ ...i, window: { ...i.window, overlapped: false } }]),
    (i) => (i.window?.holds ?? []).map((h) => ({ ...i, window: { ...i.window!, holds: i.window!.holds.filter((x) => x !== h) } })),
    (i) => (i.window?.holds ?? []).flatMap((h) => [{ unbroken: undefined }, { synced: false }, { frozen: false }].map((less) => ({ ...i, window: { ...i.window!, holds: i.window!.holds.map((x) => (x === h ? { ...h, ...less } : x)) } }))),
    (i) => [...i.cutsMade].map((name) => ({ ...i, cutsMade: new Set([...i.cutsMade].filter((n) => n !== name)) })),
    (i) => i.cuts.map((c) => ({ ...i, cuts: i.cuts.map((x) => (x === c ? { ...c, atomic: false } : x)) })),
    (i) => i.claims.map((c) => ({ ...i, changed: new Map([[c.uid, 'changed']]) })),
    (i) => i.claims.map((c) => ({ ...i, claims: i.claims.map((x) => (x === c ? { ...c, synced: false } : x)) })),
    (i) => i.claims.map((c) => ({ ...i, claims: i.claims.map((x) => (x === c ? { ...c, still: 'No' as const } : x)) })),
    (i) => [{ ...i, applications: i.applications.map((a) => ({ ...a, settledMillis: 0 })) }],
  ];

  test('removing any evidence never makes it better, for the set and for each application', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const before = gradeCopy(input);
        for (const less of removals.flatMap((remove) => remove(input))) {
          const after = gradeCopy(less);
          expect(meetsGrade(before.grade, after.grade)).toBe(true);
          after.applications.forEach((a, i) => expect(meetsGrade(before.applications[i]!.grade, a.grade)).toBe(true));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('after a crash, or when the holds did not overlap, it is CrashConsistent at most', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        expect(meetsGrade('CrashConsistent', gradeCopy({ ...input, window: undefined }).grade)).toBe(true);
        expect(meetsGrade('CrashConsistent', gradeCopy({ ...input, window: { ...input.window!, overlapped: false } }).grade)).toBe(true);
      }),
    );
  });

  test('the set has the least of its applications, and every grade below the best has a reason', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const report = gradeCopy(input);
        for (const app of report.applications) {
          expect(worseGrade(report.grade, app.grade)).toBe(report.grade);
          if (app.grade !== 'Frozen') expect(app.caps).not.toEqual([]);
        }
        expect(report.reasons.length > 0 || report.grade === 'Frozen').toBe(true);
      }),
    );
  });
});

describe('the grade that can be reached', () => {
  const claims = [claim('data'), claim('wal')];
  const apart = claims.map((c) => ({ atomic: false, claimUids: [c.metadata.uid!] }));
  const reach = (nodeName: string, container_: string): Grade => {
    const input = holdersInput(claims, [pod('db-0', nodeName, [container(container_, ['data', 'wal'])])], { applications: [application('db', ['db-0'])] });
    return reachableGrade({ holders: planHolders(input), cuts: apart, applications: [postgres] }).grade;
  };

  test('behind a fence it is Quiesced, if the cut is of one instant', () => {
    const command = { command: ['true'], timeoutMillis: 1000, expect: undefined };
    const fence = { engage: command, verify: command, release: command, position: undefined };
    const input = holdersInput(claims, [pod('db-0', 'n1', [container('server', ['data', 'wal'])])], { applications: [application('db', ['db-0'], { kind: 'Custom' }, { fence })] });
    const custom = { ...postgres, kind: 'Custom' as const };
    const group = [{ atomic: true, claimUids: apart.flatMap((c) => c.claimUids) }];
    expect(reachableGrade({ holders: planHolders(input), cuts: group, applications: [custom] }).grade).toBe('Quiesced');
    expect(reachableGrade({ holders: planHolders(input), cuts: apart, applications: [custom] }).grade).toBe('Inconsistent');
  });

  test('is that of a window in which everything goes well', () => {
    expect(reach('n1', 'server')).toBe('Frozen');
    expect(reach('bare', 'server')).toBe('Frozen');
    expect(reach('bare', 'unknown')).toBe('Inconsistent');
  });
});
