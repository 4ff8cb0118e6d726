import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { fail } from '../../../src/api/errors.js';
import { endHold } from '../../../src/hooks/hold/end-hold.js';
import { endHolds } from '../../../src/hooks/hold/end-holds.js';
import { runWindow } from '../../../src/hooks/hold/window.js';
import type { WindowDeps } from '../../../src/hooks/hold/window-deps.js';
import type { Cut, HolderPlan, WindowLimits, WindowPlan, WindowResult } from '../../../src/hooks/hold/window-types.js';
import { silentLogger } from '../../../src/observability/logger.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { LocalExec } from './local-exec.js';
import { buildNodeHolder, NodeVictim } from './node-victim.js';

let directory: string;
let binary: string;
let victims: NodeVictim[];
let exec: LocalExec;
let counter = 0;

beforeAll(() => {
  directory = mkdtempSync('/dev/shm/stillpoint-unit-');
  binary = buildNodeHolder(directory);
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true }));

beforeEach(async () => {
  victims = await Promise.all([NodeVictim.start(), NodeVictim.start(), NodeVictim.start()]);
  exec = new LocalExec(({ command }) => ({ file: binary, args: command.slice(1), env: { STILLPOINT_STATE_DIR: `${directory}/state` } }));
});
afterEach(async () => {
  await Promise.all(victims.map((victim) => victim.stop()));
});

const limits: WindowLimits = { ttlMillis: 1000, maxMillis: 3000, beatMillis: 200, readyMillis: 5000 };

/** One holder for each group of victims, as for so many nodes. */
function holder(node: string, held: readonly NodeVictim[]): HolderPlan {
  return {
    id: `unit-${process.pid}-${(counter += 1)}`,
    vantage: 'Node',
    node,
    exec: { namespace: 'stillpoint-agent', pod: `agent-${node}`, podUid: 'agent', container: 'agent' },
    targets: held.map((v, i) => ({ pod: `db-${i}`, podUid: v.podUid, container: 'server', containerId: v.containerId, applications: ['db'], freeze: true })),
    volumes: held.map((v, i) => ({ claimUid: `claim-${i}`, podUid: v.podUid, containerId: v.containerId, path: v.mountPath, block: false })),
  };
}

function cut(name: string, run: Cut['run']): Cut {
  return { name, atomic: false, claimUids: [name], run };
}

/** A cut that takes a while and notes whether everybody stood still for all of it. */
function watchingCut(name: string, millis: number, still: boolean[]): Cut {
  return cut(name, async () => {
    still.push(victims.every((v) => v.frozen()));
    await pause(millis);
    still.push(victims.every((v) => v.frozen()));
  });
}

function run(plan: Partial<WindowPlan>, deps: Partial<WindowDeps> = {}): Promise<WindowResult> {
  const [a, b, c] = victims;
  const holders = [holder('one', [a!, b!]), holder('two', [c!])];
  return runWindow(
    { holders, cuts: [], limits, ...plan },
    {
      exec,
      account: { namespace: 'unit', name: 'unit' },
      podProgram: '',
      clock: systemClock(),
      logger: silentLogger(),
      signal: new AbortController().signal,
      mayAct: () => true,
      announce: () => Promise.resolve(),
      ...deps,
    },
  );
}

const anyFrozen = (): boolean => victims.some((v) => v.frozen());
const allWrite = (): Promise<unknown> => Promise.all(victims.map((v) => v.writesAgain()));

describe('a window with holders on nodes', () => {
  test('holds everybody from before the first cut until after the last', async () => {
    const still: boolean[] = [];
    const result = await run({ cuts: [watchingCut('x', 30, still), watchingCut('y', 90, still)] });
    expect(result.error).toBeUndefined();
    expect(still).toEqual([true, true, true, true]);
    expect(result).toMatchObject({ overlapped: true, allReleased: true, cutsSeen: ['x', 'y'] });
    expect(result.holds.map((h) => [h.frozen, h.synced, h.unbroken, h.endedBy])).toEqual(Array(2).fill([true, true, true, 'release']));
    const t = result.trace;
    const order = [t.ready, t.armed, t.announced, t.freezeSent, t.firstFrozen, t.allFrozen, t.cutSent, t.allCut, t.releaseSent, t.allReleased].map((m) => m!);
    expect(order).toEqual([...order].sort((x, y) => x - y));
    for (const hold of result.holds) expect(hold.heldMillis).toBeGreaterThanOrEqual(90);
    await allWrite();
  });

  test('goes on longer than the heartbeat timeout, since beats are sent', async () => {
    const still: boolean[] = [];
    const result = await run({ cuts: [watchingCut('slow', 1500, still)] });
    expect(result).toMatchObject({ overlapped: true, allReleased: true });
    expect(still).toEqual([true, true]);
  });

  test('announces before anything is frozen, and freezes nothing when that is not acknowledged', async () => {
    let frozenAtAnnounce = true;
    const result = await run({}, { announce: () => {
      frozenAtAnnounce = anyFrozen();
      return Promise.reject(new Error('conflict'));
    } });
    expect(frozenAtAnnounce).toBe(false);
    expect(result.error?.message).toContain('conflict');
    expect(result.trace.armed).toBeDefined();
    expect(result.trace.freezeSent).toBeUndefined();
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
    expect(result.holds.map((h) => [h.frozen, h.endedBy])).toEqual(Array(2).fill([false, 'abort']));
    await allWrite();
  });

  test.each([
    [1, 'freezeSent', 'announced'],
    [2, 'cutSent', 'allFrozen'],
  ] as const)('stops when leadership cannot be proven at question %i', async (no, missing, reached) => {
    let questions = 0;
    let cutRan = false;
    const cuts = [cut('x', () => Promise.resolve().then(() => void (cutRan = true)))];
    const result = await run({ cuts }, { mayAct: () => (questions += 1) !== no });
    expect(result.error?.code).toBe('LeaseTooOld');
    expect(result.trace[missing]).toBeUndefined();
    expect(result.trace[reached]).toBeDefined();
    expect(cutRan).toBe(false);
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
    await allWrite();
  });

  test('asks for the rest of the limit before the cut', async () => {
    const asked: number[] = [];
    await run({ cuts: [cut('x', () => Promise.resolve())] }, { mayAct: (millis) => asked.push(millis) > 0 });
    expect(asked[0]).toBe(limits.maxMillis);
    expect(asked[1]).toBeLessThan(limits.maxMillis);
    expect(asked[1]).toBeGreaterThan(limits.maxMillis / 2);
  });

  test('releases all when one holder refuses, before anything is cut', async () => {
    const [a, b, c] = victims;
    // A second hold of the same container is refused by the real holder while the first is armed.
    const holders = [holder('one', [a!, b!]), holder('two', [c!]), holder('three', [c!])];
    const result = await run({ holders, cuts: [cut('x', () => Promise.resolve())] });
    expect(result.error?.code).toBe('HoldRefused');
    expect(result.error?.message).toMatch(/has one of the containers \(TargetBusy\)/);
    expect(result.trace.freezeSent).toBeUndefined();
    expect(result).toMatchObject({ overlapped: false, allReleased: true, cutsSeen: [] });
    await allWrite();
  });

  test('releases all when one container cannot be frozen', async () => {
    const [a, b, c] = victims;
    let cutRan = false;
    const result = await run(
      { holders: [holder('one', [a!, b!]), holder('two', [c!])], cuts: [cut('x', () => Promise.resolve().then(() => void (cutRan = true)))] },
      // Its container goes between the arming and the freeze.
      { announce: () => c!.kill() },
    );
    expect(result.error?.code).toBe('HoldRefused');
    expect(result.error?.message).toMatch(/Holder on node two/);
    expect(result.trace.freezeSent).toBeDefined();
    expect(cutRan).toBe(false);
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
    await Promise.all([a!.writesAgain(), b!.writesAgain()]);
  });

  test('a holder killed in the hold: its guard releases, everybody is let go, nothing counts', async () => {
    const killed = cut('x', async (signal) => {
      exec.started[1]!.child.kill('SIGKILL');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const result = await run({ cuts: [killed] });
    expect(result.error?.code).toBe('HoldBroken');
    expect(result.error?.message).toContain('Holder on node two ended before it was asked to');
    expect(result).toMatchObject({ overlapped: false, allReleased: true, cutsSeen: [] });
    expect(result.holds[0]).toMatchObject({ unbroken: false, endedBy: 'abort' });
    expect(result.holds[1]).toMatchObject({ unbroken: false });
    expect(anyFrozen()).toBe(false);
    await allWrite();
  });

  test('a deposed leader reads broken when its hold was taken over, even when the cut was seen', async () => {
    const [a, b, c] = victims;
    const holders = [holder('one', [a!, b!]), holder('two', [c!])];
    const result = await run({
      holders,
      cuts: [cut('x', async () => {
        const end = await endHold(holders[0]!, 'takeover', { exec, account: { namespace: 'unit', name: 'unit' }, podProgram: '' });
        expect(end).toMatchObject({ state: 'ended', why: 'takeover' });
        expect(a!.frozen()).toBe(false);
      })],
    });
    expect(result.error?.code).toBe('HoldBroken');
    expect(result.error?.message).toContain('takeover');
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
    expect(result.holds[0]).toMatchObject({ unbroken: false, endedBy: 'takeover' });
    await allWrite();
  });

  test('a cut that fails ends the hold at once, and the other cuts', async () => {
    let otherEnded = false;
    const began = performance.now();
    const result = await run({
      cuts: [
        cut('bad', async () => {
          await pause(20);
          throw fail('SnapshotFailed', 'no space');
        }),
        cut('other', (signal) => new Promise((resolve) => signal.addEventListener('abort', () => {
          otherEnded = true;
          resolve();
        }))),
      ],
    });
    expect(performance.now() - began).toBeLessThan(2000);
    expect(result.error?.message).toBe('SnapshotFailed: no space');
    expect(otherEnded).toBe(true);
    expect(result).toMatchObject({ overlapped: false, allReleased: true, cutsSeen: [] });
    expect(result.holds.map((h) => h.endedBy)).toEqual(['abort', 'abort']);
    await allWrite();
  });

  test('a cut that is too slow is not waited for: the release comes before the limit of the guard', async () => {
    const result = await run({ limits: { ...limits, maxMillis: 1000 }, cuts: [cut('stuck', () => new Promise(() => undefined))] });
    expect(result.error?.code).toBe('CutTooSlow');
    expect(result.error?.message).toContain('stuck');
    expect(result.holds.map((h) => h.endedBy)).toEqual(['abort', 'abort']);
    for (const hold of result.holds) expect(hold.heldMillis).toBeLessThan(1000);
    await allWrite();
  });

  test('an event loop that stands still longer than the heartbeat timeout gets a broken hold, never a good one', async () => {
    const block = cut('blocking', async () => {
      await Promise.resolve();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1300);
    });
    const result = await run({ cuts: [block] });
    expect(result.overlapped).toBe(false);
    expect(result.error?.code).toBe('HoldBroken');
    expect(result.holds.map((h) => h.endedBy)).toEqual(['ttl', 'ttl']);
    expect(result.allReleased).toBe(true);
  });

  test('an abort from outside lets go at once', async () => {
    const shutdown = new AbortController();
    const cuts = [cut('x', () => {
      shutdown.abort(new Error('shutting down'));
      return new Promise(() => undefined);
    })];
    const result = await run({ cuts }, { signal: shutdown.signal });
    expect(result.error?.message).toContain('shutting down');
    expect(result.trace.releaseSent! - result.trace.cutSent!).toBeLessThan(100);
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
    await allWrite();
  });

  test('a refused exec freezes nothing anywhere', async () => {
    const real = exec;
    const open: LocalExec['open'] = (target, options) => (target.pod === 'agent-two' ? Promise.reject(new Error('pods "agent-two" not found')) : real.open(target, options));
    const result = await run({}, { exec: { open, run: (t, o) => real.run(t, o) } });
    expect(result.error?.code).toBe('HoldRefused');
    expect(result.error?.message).toContain('agent-two');
    expect(result.trace.freezeSent).toBeUndefined();
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
  });

  test('a release whose answer was lost is known to be over, but not to have been unbroken', async () => {
    const real = exec;
    const result = await run({ cuts: [cut('x', () => Promise.resolve())] }, { exec: { open: deafTo('agent-two'), run: (target, options) => real.run(target, options) } });
    expect(result.holds[1]).toMatchObject({ frozen: true, unbroken: undefined, endedBy: 'release' });
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
    expect(result.error?.message).toContain('Holder on node two: the release was not confirmed');
    await allWrite();
  });

  test('an unanswered release is unknown, and never counts as unbroken', async () => {
    const open = deafTo('agent-two');
    const result = await run(
      { limits: { ...limits, maxMillis: 1000 }, cuts: [cut('x', () => Promise.resolve())] },
      { exec: { open, run: () => Promise.reject(new Error('no route to host')) } },
    );
    expect(result.cutsSeen).toEqual(['x']);
    expect(result.holds[0]).toMatchObject({ unbroken: true, endedBy: 'release' });
    expect(result.holds[1]).toMatchObject({ frozen: true, unbroken: undefined, endedBy: undefined });
    expect(result).toMatchObject({ overlapped: false, allReleased: false });
    expect(result.error?.code).toBe('HoldBroken');
    expect(result.error?.message).toContain('Not known to have let go: Holder on node two');
    await allWrite();
  });
});

describe('ending holds after a crash', () => {
  const deps = (): Parameters<typeof endHolds>[1] => ({
    exec,
    account: { namespace: 'unit', name: 'unit' },
    podProgram: '',
    namespace: 'unit',
    agentOn: (node) => (node === 'one' ? { namespace: 'stillpoint-agent', pod: 'agent-new', podUid: 'new', container: 'agent' } : undefined),
  });
  const status = (id: string, node: string) => ({
    id, node, vantage: 'Node' as const, pod: 'agent-old', podUid: 'old', container: 'agent', mechanism: 'Freezer' as const,
    maxHoldMillis: 3000, heartbeatTimeoutMillis: 1000, targets: [], state: 'Intended' as const,
  });

  test('a held container runs again, twice is the same, and unknown stays unknown', async () => {
    const [a, b] = victims;
    const left = holder('one', [a!, b!]);
    const abandoned = await exec.open({ namespace: 'x', pod: 'x', container: 'x', command: ['/stillpoint/holder', left.id, 'hold'] });
    const frozen = new Promise<void>((resolve) => abandoned.onLine((line) => {
      if (line.includes(' frozen ')) resolve();
    }));
    abandoned.send(JSON.stringify({ version: 1, ttlMillis: 20_000, maxMillis: 20_000, targets: left.targets.map((t) => ({ ref: t.pod, podUid: t.podUid, containerId: t.containerId, freeze: true })), volumes: [] }));
    abandoned.send('arm');
    abandoned.send('freeze');
    await frozen;
    expect(a!.frozen() && b!.frozen()).toBe(true);
    const holds = [status(left.id, 'one'), status('never-armed', 'one'), status('elsewhere', 'two')];
    expect(await endHolds(holds, deps())).toMatchObject([{ state: 'ended', why: 'takeover' }, { state: 'absent' }, { state: 'unknown', reason: 'no agent runs on node two' }]);
    expect(anyFrozen()).toBe(false);
    await allWrite();
    expect(await endHolds(holds, deps())).toMatchObject([{ state: 'ended', why: 'takeover' }, { state: 'absent' }, { state: 'unknown' }]);
  });
});

/** An exec that never hears how the hold of this agent ended. */
function deafTo(agent: string): LocalExec['open'] {
  const real = exec;
  return async (target, options) => {
    const stream = await real.open(target, options);
    if (target.pod !== agent) return stream;
    return { ...bound(stream), onLine: (callback) => stream.onLine((line) => (/ (released|broken|ended) /.test(line) ? undefined : callback(line))), outcome: new Promise(() => undefined) };
  };
}

function bound(stream: Awaited<ReturnType<LocalExec['open']>>): Awaited<ReturnType<LocalExec['open']>> {
  return {
    send: (line) => stream.send(line),
    onLine: (callback) => stream.onLine(callback),
    endInput: () => stream.endInput(),
    close: () => stream.close(),
    stderr: () => stream.stderr(),
    outcome: stream.outcome,
  };
}
