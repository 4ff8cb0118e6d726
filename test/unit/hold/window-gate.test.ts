import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runWindow } from '../../../src/hooks/hold/window.js';
import type { WindowDeps } from '../../../src/hooks/hold/window-deps.js';
import type { Cut, HolderPlan, WindowResult } from '../../../src/hooks/hold/window-types.js';
import { silentLogger } from '../../../src/observability/logger.js';
import { systemClock, type Clock } from '../../../src/runtime/clock.js';
import { LocalExec } from './local-exec.js';
import { buildNodeHolder, NodeVictim } from './node-victim.js';

const settleMillis = 250;
const table = 'stillpoint_gate_';
let directory: string;
let binary: string;
let gated: NodeVictim;
let plain: NodeVictim;
let exec: LocalExec;
let counter = 0;

beforeAll(() => {
  directory = mkdtempSync('/dev/shm/stillpoint-unit-');
  binary = buildNodeHolder(directory);
}, 120_000);
afterAll(() => rmSync(directory, { recursive: true }));

beforeEach(async () => {
  [gated, plain] = await Promise.all([NodeVictim.start({ network: true }), NodeVictim.start({ network: true })]);
  exec = new LocalExec(({ command }) => ({ file: binary, args: command.slice(1), env: { STILLPOINT_STATE_DIR: `${directory}/state` } }));
});
afterEach(() => Promise.all([gated.stop(), plain.stop()]));

function holder(node: string, victim: NodeVictim, gate: boolean): HolderPlan {
  const { podUid, containerId, mountPath } = victim;
  return {
    id: `gate-${process.pid}-${(counter += 1)}`,
    vantage: 'Node',
    node,
    exec: { namespace: 'stillpoint-agent', pod: `agent-${node}`, podUid: 'agent', container: 'agent' },
    targets: [{ pod: node, podUid, container: 'server', containerId, applications: ['db'], freeze: true }],
    volumes: [{ claimUid: node, podUid, containerId, path: mountPath, block: false }],
    ...(gate ? { gates: [{ pod: node, podUid, container: 'server', containerId, ports: [9042, 9142], settleMillis }] } : {}),
  };
}

interface Seen {
  readonly rules: string;
  readonly gated: boolean;
  readonly plain: boolean;
}
const seen = (): Seen => ({ rules: gated.rules(), gated: gated.frozen(), plain: plain.frozen() });

function run(deps: Partial<WindowDeps> = {}, cuts: readonly Cut[] = []): Promise<WindowResult> {
  return runWindow(
    { holders: [holder('ring', gated, true), holder('web', plain, false)], cuts, limits: { ttlMillis: 1000, maxMillis: 4000, beatMillis: 200, readyMillis: 5000 } },
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

/** A clock that calls back when the wait for the settle begins, the only one of its length; `ends: false`: it never ends. */
function watchedClock(inSettle: () => void, ends = true): Clock {
  const clock = systemClock();
  return {
    ...clock,
    after: (millis, callback) => {
      const settle = Math.floor(millis) === settleMillis + 1;
      if (settle) setImmediate(inSettle);
      return settle && !ends ? (): void => undefined : clock.after(millis, callback);
    },
  };
}

async function allFree(): Promise<void> {
  await Promise.all([gated.writesAgain(), plain.writesAgain()]);
  expect(gated.rules()).not.toContain(table);
}

describe('a window with a gate', () => {
  test('closes ports, lets everybody run on for the settle, then freezes all', async () => {
    let settling: Seen | undefined;
    let cutting: Seen | undefined;
    const cut: Cut = { name: 'x', atomic: false, claimUids: [], run: () => Promise.resolve().then(() => void (cutting = seen())) };
    const result = await run({ clock: watchedClock(() => (settling = seen())) }, [cut]);
    expect(result.error).toBeUndefined();
    expect(result).toMatchObject({ overlapped: true, allReleased: true });
    expect(settling).toMatchObject({ gated: false, plain: false, rules: expect.stringContaining(table) });
    for (const port of [9042, 9142]) for (const rule of [`tcp dport ${port} counter`, `tcp sport ${port} counter`]) expect(settling!.rules).toContain(rule);
    expect(cutting).toMatchObject({ gated: true, plain: true, rules: expect.stringContaining(table) });
    expect(plain.rules()).toBe('');
    const [ring, web] = result.holds;
    expect(ring!.settledMillis).toBeGreaterThanOrEqual(settleMillis);
    expect(web).not.toHaveProperty('settledMillis');
    const t = result.trace;
    const order = [t.announced, t.gateSent, t.allGated, t.freezeSent, t.firstFrozen, t.allFrozen, t.cutSent, t.releaseSent, t.allReleased].map((m) => m!);
    expect(order).toEqual([...order].sort((x, y) => x - y));
    expect(ring!.heldMillis).toBeGreaterThan(settleMillis);
    await allFree();
  });

  test('asks for leadership before the gate, and for the rest of the limit before the freeze', async () => {
    const asked: number[] = [];
    await run({ mayAct: (millis) => asked.push(millis) > 0 });
    expect(asked[0]).toBe(4000);
    expect(asked[1]).toBeLessThanOrEqual(4000 - settleMillis);
    const refused = await run({ mayAct: () => false });
    expect(refused.error).toMatchObject({ code: 'LeaseTooOld' });
    expect(refused.trace.gateSent).toBeUndefined();
    await allFree();
  });

  test('leadership lost in the settle freezes nothing and opens the gate', async () => {
    let questions = 0;
    const result = await run({ mayAct: () => (questions += 1) === 1 });
    expect(result.error?.code).toBe('LeaseTooOld');
    expect(result.trace.allGated).toBeDefined();
    expect(result.trace.freezeSent).toBeUndefined();
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
    expect(result.holds.map((h) => [h.frozen, h.unbroken, h.endedBy])).toEqual(Array(2).fill([false, false, 'abort']));
    await allFree();
  });

  test('given up in the settle: everything is let go at once', async () => {
    const stop = new AbortController();
    const result = await run({ signal: stop.signal, clock: watchedClock(() => stop.abort(), false) });
    expect(result.error).toMatchObject({ code: 'HoldBroken', publicMessage: expect.stringContaining('The window was given up') });
    expect(result.trace.allGated).toBeDefined();
    expect(result.trace.freezeSent).toBeUndefined();
    expect(result.allReleased).toBe(true);
    await allFree();
  });

  test('a holder that dies in the settle: its guard opens the gate, nobody is frozen', async () => {
    const clock = watchedClock(() => exec.started[0]!.child.kill('SIGKILL'), false);
    const result = await run({ clock });
    expect(result.error?.message).toContain('Holder on node ring ended before it was asked to');
    expect(result.error?.code).toBe('HoldBroken');
    expect(result.trace.freezeSent).toBeUndefined();
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
    expect(result.holds[0]).toMatchObject({ frozen: false, unbroken: false, endedBy: expect.stringMatching(/^(eof|abort)$/) });
    await allFree();
  });

  test('rules that somebody else removed break the hold', async () => {
    const cut: Cut = {
      name: 'x',
      atomic: false,
      claimUids: [],
      run: () => {
        gated.dropRules();
        return Promise.resolve();
      },
    };
    const result = await run({}, [cut]);
    expect(result.error?.message).toContain('Holder on node ring: the hold was ended by notgated');
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
    await allFree();
  });
});
