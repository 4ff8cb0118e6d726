import { describe, expect, test } from '@jest/globals';
import { changedClaims } from '../../../src/hooks/hold/changed-claims.js';
import { planHolders } from '../../../src/hooks/hold/plan-holders.js';
import type { Detected } from '../../../src/hooks/adapter.js';
import type { ClaimHold, HoldersInput, HoldersPlan } from '../../../src/hooks/hold/plan-types.js';
import { application, claim, container, holdersInput, pod } from './namespace.js';

const holdOf = (plan: HoldersPlan, name: string): ClaimHold => plan.claims.find((c) => c.claim === name)!;

describe('who is held', () => {
  const claims = [claim('data'), claim('wal'), claim('files')];
  const db = pod('db-0', 'n1', [container('server', ['data', 'wal']), container('backup', ['wal'], { sidecar: true }), container('exporter', [])]);
  const web = pod('web-0', 'n2', [container('web', ['files'])]);
  const both = holdersInput(claims, [db, web], { applications: [application('db', ['db-0']), application('web', ['web-0'], { kind: 'Generic' }, { processName: '' })] });

  test('every container that mounts a claim, sidecars included, by one holder a node', () => {
    const plan = planHolders(both);
    expect(plan.blockers).toEqual([]);
    expect(plan.holders.map((h) => [h.vantage, h.node, h.exec.pod])).toEqual(expect.arrayContaining([['Node', 'n1', 'agent-n1'], ['Node', 'n2', 'agent-n2']]));
    expect(plan.holders).toHaveLength(2);
    const n1 = plan.holders.find((h) => h.node === 'n1')!;
    expect(n1.targets.map((t) => [t.container, t.containerId, t.freeze, t.applications])).toEqual([
      ['server', 'db-0-server-id', true, ['db']],
      ['backup', 'db-0-backup-id', true, ['db']],
    ]);
    expect(n1.volumes.map((v) => [v.claimUid, v.path, v.containerId])).toEqual([
      ['uid-data', '/mnt/data', 'db-0-server-id'],
      ['uid-wal', '/mnt/wal', 'db-0-server-id'],
    ]);
    for (const c of plan.claims) expect(c).toMatchObject({ still: 'Frozen', synced: true, reasons: [] });
    expect(holdOf(plan, 'files')).toMatchObject({ applications: ['web'], mountedBy: ['uid-web-0/web/web-0-web-id'] });
  });

  test('the same plan gives the same ids, another set or place others, all valid', () => {
    const ids = planHolders(both).holders.map((h) => h.id);
    expect(planHolders(both).holders.map((h) => h.id)).toEqual(ids);
    const other = planHolders({ ...both, setId: 'set-2' }).holders.map((h) => h.id);
    expect(new Set([...ids, ...other]).size).toBe(4);
    for (const id of [...ids, ...other]) expect(id).toMatch(/^[a-z0-9-]{1,63}$/);
  });

  test('claims outside the copy and pods that have ended do not count', () => {
    const done = pod('job-0', 'n1', [container('job', ['data'])], { phase: 'Succeeded' });
    const plan = planHolders({ ...both, claims: new Set(['files']), view: { ...both.view, pods: [db, web, done] } });
    expect(plan.holders.flatMap((h) => h.targets.map((t) => t.pod))).toEqual(['web-0']);
    expect(plan.claims.map((c) => c.claim)).toEqual(['files']);
  });

  test('one claim mounted on two nodes is synced on both', () => {
    const shared = holdersInput([claim('shared')], [pod('a', 'n1', [container('c', ['shared'])]), pod('b', 'n2', [container('c', ['shared'])])]);
    expect(holdOf(planHolders(shared), 'shared')).toMatchObject({ still: 'Frozen', synced: true, holds: [expect.any(String), expect.any(String)] });
  });

  test('a raw block volume is named by its device', () => {
    const raw = pod('raw-0', 'n1', [container('c', [], { devices: [{ volume: 'disk', devicePath: '/dev/xvda' }] })]);
    const plan = planHolders(holdersInput([claim('disk', { volumeMode: 'Block' })], [raw]));
    expect(plan.holders[0]!.volumes).toMatchObject([{ claimUid: 'uid-disk', path: '/dev/xvda', block: true }]);
    expect(holdOf(plan, 'disk').still).toBe('Frozen');
  });

  test('a reader is not frozen, but its node is synced', () => {
    const reader = pod('r', 'n3', [container('c', [], { mounts: [{ volume: 'files', mountPath: '/f', subPath: undefined, readOnly: true }] })]);
    const plan = planHolders({ ...both, view: { ...both.view, pods: [db, web, reader] } });
    const n3 = plan.holders.find((h) => h.node === 'n3')!;
    expect(n3.targets).toEqual([]);
    expect(n3.volumes).toMatchObject([{ claimUid: 'uid-files', path: '/f' }]);
    expect(holdOf(plan, 'files')).toMatchObject({ still: 'Frozen', synced: true });
    const alone = planHolders(holdersInput([claim('files')], [reader]));
    expect(holdOf(alone, 'files')).toMatchObject({ still: 'ReadOnly', synced: true });
  });

  test('a writable mount counts when the same container also has a read-only one', () => {
    const mounts = [true, false, true].map((readOnly, i) => ({ volume: 'data', mountPath: `/m${i}`, subPath: 'x', readOnly }));
    const plan = planHolders(holdersInput([claim('data')], [pod('p', 'n1', [container('c', [], { mounts })])]));
    expect(plan.holders[0]!.targets).toHaveLength(1);
    expect(plan.holders[0]!.volumes[0]!.path).toBe('/m1');
  });
});

describe('containers that write no more', () => {
  const ended = (name: string): Parameters<typeof pod>[2][number] => container(name, ['data'], { running: false, ended: true });

  test('need no hold, but count among those who mount the claim', () => {
    const plan = planHolders(holdersInput([claim('data')], [pod('job-0', 'n1', [container('main', ['data']), ended('once')])]));
    expect(plan.holders.flatMap((h) => h.targets.map((t) => t.container))).toEqual(['main']);
    expect(holdOf(plan, 'data')).toMatchObject({ still: 'Frozen', synced: true, reasons: [], mountedBy: ['uid-job-0/main/job-0-main-id', 'uid-job-0/once/job-0-once-id'] });
  });

  test('leave a claim unsynced that no other container mounts', () => {
    const plan = planHolders(holdersInput([claim('data')], [pod('job-0', 'n1', [container('main', []), ended('once')])], { applications: [application('job', ['job-0'])] }));
    expect(holdOf(plan, 'data')).toMatchObject({ still: 'No', synced: false, applications: ['job'], reasons: [expect.stringContaining('cannot be synced')] });
  });
});

describe('claims that nobody mounts', () => {
  test('count as still when no attachment names their volume', () => {
    const plan = planHolders(holdersInput([claim('idle')], []));
    expect(plan.holders).toEqual([]);
    expect(holdOf(plan, 'idle')).toMatchObject({ still: 'Unmounted', synced: true, holds: [], reasons: [] });
  });

  test('do not count as still while they are attached, or named by a pod', () => {
    const attached = planHolders(holdersInput([claim('idle')], [], { attachedVolumes: new Set(['pv-idle']) }));
    expect(holdOf(attached, 'idle')).toMatchObject({ still: 'No', synced: false });
    expect(holdOf(attached, 'idle').reasons[0]).toContain('VolumeAttachment');
    const named = planHolders(holdersInput([claim('idle')], [pod('p', 'n1', [container('c', [])], { claims: { v: 'idle' } })]));
    expect(holdOf(named, 'idle')).toMatchObject({ still: 'No', synced: false });
  });

  test('do not count as still, nor as synced, while a node has not put them away', () => {
    const mounted = new Map([['idle', 'Claim idle is still mounted on node n1.'], ['other', 'Claim other is still mounted on node n1.']]);
    expect(holdOf(planHolders(holdersInput([claim('idle')], [], { stillMounted: mounted })), 'idle')).toMatchObject({ still: 'No', synced: false, reasons: ['Claim idle is still mounted on node n1.'] });
  });
});

describe('what cannot be held is named with the way out', () => {
  const server = container('server', ['data']);
  const plan = (pods: Parameters<typeof holdersInput>[1], more: Parameters<typeof holdersInput>[2] = {}): HoldersPlan =>
    planHolders(holdersInput([claim('data')], pods, { applications: [application('db', ['db-0'])], ...more }));

  test.each([
    ['pending', [pod('db-0', undefined, [{ ...server, running: false, containerId: undefined }])], /Pending and could begin to write: wait/],
    ['terminating', [pod('db-0', 'n1', [server], { metadata: { name: 'db-0', uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z' } })], /terminating: wait until it is gone/],
    ['crashed', [pod('db-0', 'n1', [{ ...server, running: false }])], /does not run and could start again/],
    ['starting', [pod('db-0', 'n1', [{ ...server, starting: true }])], /has not passed its startup probe.*wait until it has/],
    ['one of two containers', [pod('db-0', 'n1', [server, { ...server, name: 'other', running: false }])], /container other does not run/],
  ])('%s', (_, pods, reason) => {
    const data = holdOf(plan(pods), 'data');
    expect(data.still).toBe('No');
    expect(data.reasons.join(' ')).toMatch(reason);
  });

  test('vantage Node without an agent', () => {
    const result = plan([pod('db-0', 'bare', [server])], { quiesce: { maxHold: '10s', heartbeatTimeout: '3s', attempts: 2, vantage: 'Node' } });
    expect(holdOf(result, 'data')).toMatchObject({ still: 'No', synced: false });
    expect(holdOf(result, 'data').reasons[0]).toMatch(/no agent is ready on node bare; install the agent there/);
    expect(result.blockers).toEqual([]);
  });

  test('mode Freeze makes it a blocker', () => {
    const result = plan([pod('db-0', 'bare', [{ ...server, name: 'sidecar' }])], { applications: [application('db', ['db-0'], { mode: 'Freeze' })] });
    expect(result.blockers).toMatchObject([{ code: 'HoldNotPossible', message: expect.stringMatching(/install the agent.*mode Freeze/) }]);
  });

  test.each(['None', 'BackupAPI', 'Repository'] as const)('mode %s is synced, not frozen, and has no budget to keep', (mode) => {
    const pods = [pod('db-0', 'n1', [{ ...server, livenessBudgetMillis: -1000 }])];
    const result = plan(pods, { applications: [application('db', ['db-0'], { mode })] });
    expect(result.blockers).toEqual([]);
    expect(result.holders[0]!.targets).toMatchObject([{ freeze: false }]);
    expect(holdOf(result, 'data')).toMatchObject({ still: 'No', synced: true });
    expect(holdOf(result, 'data').reasons[0]).toContain(`mode ${mode}`);
  });
});

describe('vantage Pod', () => {
  test('holds the server of a known database, in its own container, with its process name', () => {
    const db = pod('db-0', 'bare', [container('server', ['data', 'wal'])]);
    const plan = planHolders(holdersInput([claim('data'), claim('wal')], [db], { applications: [application('db', ['db-0'])] }));
    expect(plan.holders).toMatchObject([
      { vantage: 'Pod', node: 'bare', exec: { namespace: 'shop', pod: 'db-0', podUid: 'uid-db-0', container: 'server' }, processName: 'postgres', volumes: [{ path: '/mnt/data' }, { path: '/mnt/wal' }] },
    ]);
    for (const c of plan.claims) expect(c).toMatchObject({ still: 'Frozen', synced: true });
  });

  test('is used where the spec asks for it although there is an agent', () => {
    const db = pod('db-0', 'n1', [container('server', ['data'])]);
    const quiesce = { maxHold: '10s', heartbeatTimeout: '3s', attempts: 2, vantage: 'Pod' as const };
    expect(planHolders(holdersInput([claim('data')], [db], { quiesce, applications: [application('db', ['db-0'])] })).holders[0]!.vantage).toBe('Pod');
  });

  test('a sidecar, an unknown workload and a block volume cannot be held from inside', () => {
    const pods = [
      pod('db-0', 'bare', [container('server', ['data']), container('backup', ['wal'])]),
      pod('web-0', 'bare', [container('web', ['files'])]),
      pod('raw-0', 'bare', [container('server', [], { devices: [{ volume: 'disk', devicePath: '/dev/x' }] })]),
    ];
    const applications = [application('db', ['db-0']), application('web', ['web-0'], { kind: 'Generic' }, { processName: '' }), application('raw', ['raw-0'])];
    const plan = planHolders(holdersInput(['data', 'wal', 'files', 'disk'].map((n) => claim(n)), pods, { applications }));
    expect(holdOf(plan, 'data').still).toBe('Frozen');
    for (const name of ['wal', 'files', 'disk']) expect([name, holdOf(plan, name).still, holdOf(plan, name).reasons[0]]).toEqual([name, 'No', expect.stringContaining('install the agent')]);
  });
});

describe('limits', () => {
  const one = (more: object, input: Parameters<typeof holdersInput>[2] = {}, preflight = {}): HoldersPlan =>
    planHolders(holdersInput([claim('data')], [pod('db-0', 'n1', [container('server', ['data'], more)])], { applications: [application('db', ['db-0'], {}, preflight)], ...input }));

  test('MAX is the smallest of spec, operator, protocol, probes and database; TTL is not above it', () => {
    expect(one({}).limits).toEqual({ maxMillis: 10_000, ttlMillis: 3000, beatMillis: 1000, readyMillis: 30_000 });
    expect(one({ livenessBudgetMillis: 2000 }).limits).toMatchObject({ maxMillis: 2000, ttlMillis: 2000, beatMillis: 666 });
    expect(one({}, {}, { hardLimitMillis: 7000 }).limits.maxMillis).toBe(7000);
    expect(one({}, { maxHoldMillis: 4000 }).limits.maxMillis).toBe(4000);
    expect(one({}, { quiesce: { maxHold: '5s', heartbeatTimeout: '1s', attempts: 2, vantage: 'Auto' } }).limits).toMatchObject({ maxMillis: 5000, ttlMillis: 1000 });
  });

  test.each([0, -1000])('a liveness budget of %i ms blocks, naming pod, container and probe', (livenessBudgetMillis) => {
    const { blockers } = one({ livenessBudgetMillis });
    expect(blockers).toMatchObject([{ code: 'BudgetTooSmall', message: expect.stringMatching(/liveness probe of pod db-0, container server .* raise failureThreshold/) }]);
  });

  test('probes of containers that are not held do not count', () => {
    const db = pod('db-0', 'n1', [container('server', ['data']), container('exporter', [], { livenessBudgetMillis: 0 })]);
    const plan = planHolders(holdersInput([claim('data')], [db]));
    expect(plan.blockers).toEqual([]);
    expect(plan.limits.maxMillis).toBe(10_000);
  });

  test('a cut that is known to take longer than a limit allows blocks, naming each limit and the value that is needed', () => {
    const cut = (millis: number, maxHold = '2s'): string[] =>
      one({ livenessBudgetMillis: 3000 }, { quiesce: { maxHold, heartbeatTimeout: '3s', attempts: 2, vantage: 'Auto' }, expectedCut: { millis, because: 'the last window like it took that long' } }).blockers.map((b) => `${b.code}: ${b.message}`);
    expect(cut(1500)).toEqual([]);
    expect(cut(1501)).toEqual(['BudgetTooSmall: spec.quiesce.maxHold allows a hold of 2 s, in which the cut does not fit, since the last window like it took that long: raise it to at least 2001ms.']);
    expect(cut(3000)).toEqual([expect.stringContaining('raise it to at least 3500ms'), expect.stringMatching(/liveness probe of pod db-0, container server allows a hold of 3 s.*raise failureThreshold/)]);
    expect(cut(60, '100ms')).toEqual([]);
    expect(cut(76, '100ms')).toEqual([expect.stringContaining('raise it to at least 102ms')]);
    expect(cut(9600, '10s')[0]).toMatch(/^BudgetTooSmall: The protocol allows a hold of 10 s.*use a VolumeGroupSnapshotClass/);
  });

  test('soft limits below MAX are reported, smallest first, and do not lower it', () => {
    const plan = one({ readinessBudgetMillis: 1000 }, {}, { softLimitMillis: 2000 });
    expect(plan.limits.maxMillis).toBe(10_000);
    expect(plan.softLimits.map((s) => s.millis)).toEqual([1000, 2000]);
    expect(plan.softLimits[0]!.reason).toContain('Endpoints');
  });
});

describe('a server with a fence', () => {
  const command = { command: ['true'], timeoutMillis: 1000, expect: undefined };
  const fence = { engage: command, verify: command, release: command, position: undefined };
  const claims = [claim('data'), claim('logs')];
  const db = pod('db-0', 'n1', [container('server', ['data'], { livenessBudgetMillis: 50 }), container('shipper', ['logs'], { sidecar: true })]);
  const plan = (quiesce: Partial<HoldersInput['quiesce']> = {}, detected: Partial<Detected> = {}, pods = [db]): HoldersPlan => {
    const input = holdersInput(claims, pods, { applications: [application('db', ['db-0'], { kind: 'Custom', ...detected }, { fence, processName: 'mariadbd', hardLimitMillis: 4000 })] });
    return planHolders({ ...input, quiesce: { ...input.quiesce, ...quiesce } });
  };

  test('is held from inside although an agent is there, and its sidecar by the agent', () => {
    const { holders, claims: held, blockers } = plan();
    expect(blockers).toEqual([]);
    expect(holders.map((h) => [h.vantage, h.fence === undefined, h.targets.map((t) => [t.container, t.freeze])])).toEqual(expect.arrayContaining([['Pod', false, [['server', true]]], ['Node', true, [['shipper', true]]]]));
    expect(held.map((c) => [c.claim, c.still, c.synced])).toEqual([['data', 'Fenced', true], ['logs', 'Frozen', true]]);
  });

  test('answers its probes, so that only what its profile tolerates bounds the hold', () => {
    expect(plan().limits.maxMillis).toBe(4000);
  });

  test('cannot be held from the node, and mode None leaves it alone', () => {
    expect(plan({ vantage: 'Node' }).claims[0]).toMatchObject({ still: 'No', reasons: [expect.stringContaining('a fence is put on from inside the container')] });
    expect(plan({}, { mode: 'None' }).claims[0]).toMatchObject({ still: 'No', synced: true });
  });

  test('has no fence for a raw block volume', () => {
    const raw = pod('db-0', 'n1', [container('server', [], { devices: [{ volume: 'data', devicePath: '/dev/xvda' }] })]);
    expect(plan({}, {}, [raw]).claims[0]).toMatchObject({ still: 'No', reasons: [expect.stringContaining('raw block volume')] });
  });
});

describe('changes between plan and release', () => {
  const before = holdersInput([claim('data'), claim('idle')], [pod('db-0', 'n1', [container('server', ['data'])])]);
  const planned = planHolders(before).claims;

  test('the same containers are no change', () => {
    expect(changedClaims(planned, before.view, new Set()).size).toBe(0);
  });

  test('a visitor of a claim is one, although nobody is there any more', () => {
    const changed = changedClaims(planned, before.view, new Set(), new Map([['data', 'guest'], ['other', 'guest']]));
    expect([...changed]).toEqual([['uid-data', expect.stringContaining('mounted by pod guest')]]);
  });

  test('an idle claim that a node still has after the cut is one; a held one has its holder', () => {
    const changed = changedClaims(planned, before.view, new Set(), new Map(), new Map([['idle', 'Claim idle is still mounted on node n1.'], ['data', 'no']]));
    expect([...changed]).toEqual([['uid-idle', 'Claim idle is still mounted on node n1.']]);
  });

  test.each([
    ['a restarted container', [pod('db-0', 'n1', [container('server', ['data'], { containerId: 'another' })])], new Set<string>(), ['uid-data']],
    ['a container that stopped', [pod('db-0', 'n1', [container('server', ['data'], { containerId: undefined })])], new Set<string>(), ['uid-data']],
    ['a second pod', [...before.view.pods, pod('db-1', 'n2', [container('server', ['data'])])], new Set<string>(), ['uid-data']],
    ['no pod any more', [], new Set<string>(), ['uid-data']],
    ['an idle claim that is mounted', [...before.view.pods, pod('x', 'n1', [container('c', ['idle'])])], new Set<string>(), ['uid-idle']],
    ['an idle claim that is attached', before.view.pods, new Set(['pv-idle']), ['uid-idle']],
  ])('%s', (_, pods, attached, changed) => {
    expect([...changedClaims(planned, { ...before.view, pods }, attached).keys()]).toEqual(changed);
  });

  test('a claim that was replaced by one of the same name', () => {
    const claims = [claim('data', { metadata: { name: 'data', uid: 'new' } }), claim('idle')];
    expect([...changedClaims(planned, { ...before.view, claims }, new Set()).keys()]).toEqual(['uid-data']);
  });
});
