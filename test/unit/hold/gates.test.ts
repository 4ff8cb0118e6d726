import { describe, expect, test } from '@jest/globals';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { timeline } from '../../../src/cli/timeline.js';
import { windowStatus } from '../../../src/controllers/appsnapshot/window-status.js';
import { settledMillis, settleOf } from '../../../src/hooks/hold/gates.js';
import { reachableGrade, wentWell } from '../../../src/hooks/hold/grade.js';
import { planHolders } from '../../../src/hooks/hold/plan-holders.js';
import type { HoldersInput, HoldersPlan } from '../../../src/hooks/hold/plan-types.js';
import type { HoldResult } from '../../../src/hooks/hold/window-types.js';
import { application, claim, container, holdersInput, pod } from './namespace.js';

const needsGate = { settleMillis: 300, gatePorts: [9042] };
const names = ['a', 'b'];
const claims = names.map((n) => claim(n));
const cassandra = application('ring', names.map((n) => `ring-${n}`), { kind: 'Custom' }, needsGate);
const pods = names.map((n) => pod(`ring-${n}`, `n-${n}`, [container('server', [n]), container('sidecar', [n])]));
const input = (more: Partial<HoldersInput> = {}): HoldersInput => holdersInput(claims, pods, { applications: [cassandra], ...more });

const reachable = (plan: HoldersPlan, app = cassandra): string =>
  reachableGrade({
    holders: plan,
    cuts: [{ atomic: true, claimUids: claims.map((c) => c.metadata.uid!) }],
    applications: [{ name: app.detected.name, kind: app.detected.kind, caps: [], settleMillis: app.preflight.settleMillis, settledMillis: settledMillis(app.detected, plan.holders, plan.holders.map(wentWell)) }],
  }).grade;

describe('planned gates', () => {
  test('every server of an application that asks for it, not its sidecars, each once', () => {
    const plan = planHolders(input());
    expect(plan.holders.map((h) => h.gates)).toEqual(
      expect.arrayContaining([
        [{ pod: 'ring-a', podUid: 'uid-ring-a', container: 'server', containerId: 'ring-a-server-id', ports: [9042], settleMillis: 300 }],
        [{ pod: 'ring-b', podUid: 'uid-ring-b', container: 'server', containerId: 'ring-b-server-id', ports: [9042], settleMillis: 300 }],
      ]),
    );
    expect(settleOf(plan.holders)).toBe(300);
    expect(reachable(plan)).toBe('Frozen');
  });

  test('two servers in one pod share its gate, the longer settle counts for all', () => {
    const both = pod('two', 'n-a', [container('server', ['a']), container('other', ['b'])]);
    const other = application('other', ['two'], { container: { two: 'other' } }, { settleMillis: 500, gatePorts: [9042, 1234] });
    const plan = planHolders(holdersInput(claims, [both], { applications: [application('ring', ['two'], {}, needsGate), other] }));
    expect(plan.holders[0]!.gates).toEqual([{ pod: 'two', podUid: 'uid-two', container: 'server', containerId: 'two-server-id', ports: [9042, 1234], settleMillis: 500 }]);
    expect(reachable(plan, other)).toBe('Frozen');
  });

  test.each<[string, HoldersInput]>([
    ['no port', input({ applications: [application('ring', cassandra.detected.pods, {}, { settleMillis: 300 })] })],
    ['no settle', input({ applications: [application('ring', cassandra.detected.pods, {}, { gatePorts: [9042] })] })],
    ['not frozen', input({ applications: [application('ring', cassandra.detected.pods, { mode: 'None' }, needsGate)] })],
    ['vantage Pod', input({ quiesce: { maxHold: '10s', heartbeatTimeout: '3s', attempts: 2, vantage: 'Pod' } })],
    ['the network of the node', holdersInput(claims, pods.map((p) => ({ ...p, hostNetwork: true })), { applications: [cassandra] })],
  ])('none: %s', (_, without) => {
    const plan = planHolders(without);
    expect(plan.holders.flatMap((h) => h.gates ?? [])).toEqual([]);
    expect(settleOf(plan.holders)).toBe(0);
  });

  test('one server without a gate caps the grade, naming what it lacks', () => {
    const [a, b] = pods;
    const plan = planHolders(holdersInput(claims, [a!, { ...b!, hostNetwork: true }], { applications: [cassandra] }));
    expect(reachable(plan)).toBe('CrashConsistentSynced');
  });

  test('the settle is a part of the hold in which nothing can be cut', () => {
    const quiesce = { maxHold: '1s', heartbeatTimeout: '1s', attempts: 2, vantage: 'Auto' as const };
    const cut = (millis: number): string[] => planHolders(input({ quiesce, expectedCut: { millis, because: 'it took that long' } })).blockers.map((b) => b.message);
    expect(cut(450)).toEqual([]);
    expect(cut(460)).toEqual(['spec.quiesce.maxHold allows a hold of 1 s, in which the cut does not fit after 0.3 s without clients, since it took that long: raise it to at least 1014ms.']);
    const short = { ...quiesce, maxHold: '350ms' };
    expect(planHolders(input({ quiesce: short })).blockers).toMatchObject([{ code: 'BudgetTooSmall', message: expect.stringContaining('leaves no time for a hold after 0.3 s without clients (0.35 s)') }]);
  });
});

describe('a settle that a server can do without', () => {
  const optional = application('pg', cassandra.detected.pods, {}, { ...needsGate, settleOptional: true });
  const quiesce = (maxHold: string): HoldersInput['quiesce'] => ({ maxHold, heartbeatTimeout: '1s', attempts: 2, vantage: 'Auto' });

  test('is given where the limits leave time for it', () => {
    const plan = planHolders(input({ applications: [optional] }));
    expect(settleOf(plan.holders)).toBe(300);
    expect(reachable(plan, optional)).toBe('Frozen');
  });

  test('is left out where they do not: the plan stands, and the grade is capped', () => {
    const plan = planHolders(input({ applications: [optional], quiesce: quiesce('350ms') }));
    expect({ blockers: plan.blockers, gates: plan.holders.flatMap((h) => h.gates ?? []) }).toEqual({ blockers: [], gates: [] });
    expect(reachable(plan, optional)).toBe('CrashConsistentSynced');
  });

  test('does not hide what blocks the plan without it too, nor the settle of another', () => {
    const late = { millis: 400, because: 'it took that long' };
    const alone = planHolders(input({ applications: [optional], quiesce: quiesce('350ms'), expectedCut: late }));
    expect(alone.blockers[0]?.message).toContain('leaves no time for a hold after 0.3 s without clients');
    const other = application('ring', cassandra.detected.pods.slice(0, 1), {}, needsGate);
    expect(planHolders(input({ applications: [other, optional], quiesce: quiesce('350ms') })).blockers).toMatchObject([{ code: 'BudgetTooSmall' }]);
  });
});

describe('the settle that was given', () => {
  const { holders } = planHolders(input());
  const results = (...millis: (Partial<HoldResult> | undefined)[]): HoldResult[] => holders.flatMap((h, i) => (millis[i] === undefined ? [] : [{ ...wentWell(h), ...millis[i] }]));

  test.each<[string, HoldResult[], number]>([
    ['is the least of all holds', results({ settledMillis: 301.2 }, { settledMillis: 350 }), 301.2],
    ['is none when a hold was broken', results({ settledMillis: 301 }, { settledMillis: 350, unbroken: false }), 0],
    ['is none when a release was not confirmed', results({ settledMillis: 301 }, { settledMillis: 350, unbroken: undefined }), 0],
    ['is none when a holder did not say', results({ settledMillis: 301 }).concat([{ ...wentWell({ ...holders[1]!, gates: [] }), settledMillis: 0 }]), 0],
    ['is none when a hold is not known', results({ settledMillis: 301 }), 0],
  ])('%s', (_, holds, expected) => {
    expect(settledMillis(cassandra.detected, holders, holds)).toBe(expected);
  });

  test('is none for an application of which nothing is frozen', () => {
    expect(settledMillis({ pods: ['elsewhere'], container: {} }, holders, results({}, {}))).toBe(0);
  });
});

describe('the window in status', () => {
  const facts = { id: 'set-1', attempt: 1, openedAt: undefined, atomic: true, held: true };
  const holds = planHolders(input()).holders.map(wentWell);
  const frozen = { firstFrozen: 318, allFrozen: 320, cutSent: 321, allCut: 421, releaseSent: 422, allReleased: 432 };
  const trace = { startedAt: 0, gateSent: 10, allGated: 14, freezeSent: 315, ...frozen };
  const result = { holds, cutsSeen: [], overlapped: true, allReleased: true };

  test('counts from the gate, and the settle is no overhead', () => {
    const status = windowStatus(facts, { ...result, trace });
    expect(status).toMatchObject({ heldMillis: 422, cutMillis: 100, settleMillis: 301, overheadMillis: 21 });
    expect(status.marks).toMatchObject({ allGated: 4, freezeSent: 305, allFrozen: 310, allReleased: 422 });
  });

  test('the picture has the gate and the settle before the freeze', () => {
    const window = windowStatus(facts, { ...result, trace });
    const picture = timeline({ metadata: { namespace: 'shop', name: 'copy' }, status: { window } } as unknown as AppSnapshot);
    expect(picture).toContain('settle 301.0 ms');
    expect(picture.split('\n').slice(3, -1).map((line) => line.split(/\s+/)[0])).toEqual(['gate', 'settle', 'freeze', 'held', 'cut', 'release']);
    expect(picture).toMatch(/^freeze .* 5\.0 ms$/m);
  });

  test('without a gate nothing is said of one', () => {
    const status = windowStatus(facts, { ...result, trace: { ...frozen, startedAt: 0, freezeSent: 315 } });
    expect(status).toMatchObject({ heldMillis: 117, overheadMillis: 17 });
    expect(status).not.toHaveProperty('settleMillis');
    expect(Object.keys(status.marks!)).not.toContain('freezeSent');
  });
});
