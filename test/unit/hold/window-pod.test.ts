import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { endHolds } from '../../../src/hooks/hold/end-holds.js';
import { holdCommand, holdInput } from '../../../src/hooks/hold/holder-input.js';
import { runWindow } from '../../../src/hooks/hold/window.js';
import type { WindowDeps } from '../../../src/hooks/hold/window-deps.js';
import type { Cut, HolderPlan, WindowPlan, WindowResult } from '../../../src/hooks/hold/window-types.js';
import { silentLogger } from '../../../src/observability/logger.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { program, Server, someMount } from './holder-sh-harness.js';
import { LocalExec } from './local-exec.js';

const account = { namespace: 'shop', name: 'backup' };
const exec = (): LocalExec => new LocalExec(({ command }) => ({ file: 'dash', args: command.slice(1) }));
let servers: Server[];
let pids: number[];
let counter = 0;

beforeEach(async () => {
  servers = [new Server(), new Server()];
  pids = await Promise.all(servers.map((server) => server.start()));
});
afterEach(() => {
  for (const server of servers) server.remove();
});

/** State of a process as the kernel says: `T` is stopped. */
const stateOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').slice(0, 1);
const allStopped = (): boolean => pids.every((pid) => stateOf(pid) === 'T');

function holder(server: Server, more: Partial<HolderPlan> = {}): HolderPlan {
  counter += 1;
  const pod = `db-${counter}`;
  return {
    id: `unit-pod-${process.pid}-${counter}`,
    vantage: 'Pod',
    node: 'n1',
    exec: { namespace: 'shop', pod, podUid: pod, container: 'server' },
    processName: server.comm,
    targets: [{ pod, podUid: pod, container: 'server', containerId: 'c', applications: ['db'], freeze: true }],
    volumes: [{ claimUid: 'claim', podUid: pod, containerId: 'c', path: someMount, block: false }],
    ...more,
  };
}

function run(plan: Partial<WindowPlan>, deps: Partial<WindowDeps> = {}): Promise<WindowResult> {
  return runWindow(
    { holders: servers.map((server) => holder(server)), cuts: [], limits: { ttlMillis: 2000, maxMillis: 6000, beatMillis: 300, readyMillis: 8000 }, ...plan },
    {
      exec: exec(),
      account,
      podProgram: program,
      clock: systemClock(),
      logger: silentLogger(),
      signal: new AbortController().signal,
      mayAct: () => true,
      announce: () => Promise.resolve(),
      ...deps,
    },
  );
}

const cut = (runCut: Cut['run']): Cut => ({ name: 'x', atomic: false, claimUids: ['claim'], run: runCut });

describe('a window with holders in the pods', () => {
  test('every server is stopped for the whole cut, and runs afterwards', async () => {
    const stopped: boolean[] = [];
    const result = await run({
      cuts: [cut(async () => {
        stopped.push(allStopped());
        await pause(100);
        stopped.push(allStopped());
      })],
    });
    expect(result.error).toBeUndefined();
    expect(stopped).toEqual([true, true]);
    expect(result).toMatchObject({ overlapped: true, allReleased: true, cutsSeen: ['x'] });
    for (const hold of result.holds) expect(hold).toMatchObject({ frozen: true, synced: true, unbroken: true, endedBy: 'release' });
    for (const server of servers) expect(await server.runs()).toBe(true);
  });

  test('one server that is not there: nothing is stopped anywhere', async () => {
    const [a, b] = servers;
    const result = await run({ holders: [holder(a!), holder(b!, { processName: 'no-such-name' })] });
    expect(result.error?.code).toBe('HoldRefused');
    expect(result.error?.message).toMatch(/Holder in pod db-\d+, container server: .*no-such-name/);
    expect(result.trace.freezeSent).toBeUndefined();
    expect(result.allReleased).toBe(true);
  });

  test('a holder killed in the hold: its guard lets its server go, and nothing counts', async () => {
    const local = exec();
    const result = await run(
      { cuts: [cut((signal) => {
        local.started[1]!.child.kill('SIGKILL');
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      })] },
      { exec: local },
    );
    expect(result.error?.code).toBe('HoldBroken');
    expect(result).toMatchObject({ overlapped: false, allReleased: true, cutsSeen: [] });
    for (const server of servers) expect(await server.runs()).toBe(true);
    for (const pid of pids) expect(stateOf(pid)).not.toBe('T');
  });

  test('a server that was restarted in the hold is broken, although the release won', async () => {
    const result = await run({
      cuts: [cut(async () => {
        servers[1]!.kill(pids[1]);
        await pause(50);
      })],
    });
    expect(result.cutsSeen).toEqual(['x']);
    expect(result.holds.map((h) => h.unbroken)).toEqual([true, false]);
    expect(result).toMatchObject({ overlapped: false, allReleased: true });
    expect(result.error?.code).toBe('HoldBroken');
  });

  test('an account that may not exec is named', async () => {
    const refusing = { open: () => Promise.reject(new ApiError({ code: 403, reason: 'Forbidden', message: 'no' })), run: () => Promise.reject(new Error('unused')) };
    const result = await run({}, { exec: refusing });
    expect(result.error?.code).toBe('AccountNotAllowed');
    expect(result.error?.message).toContain('system:serviceaccount:shop:backup may not create pods/exec in shop');
  });

  test('what a crashed leader left stopped runs again after endHolds', async () => {
    const left = holder(servers[0]!);
    const abandoned = exec();
    const limits = { ttlMillis: 20_000, maxMillis: 20_000, beatMillis: 300, readyMillis: 8000 };
    const stream = await abandoned.open(holdCommand(left, limits));
    stream.send(holdInput(left, limits, program));
    const frozen = new Promise<void>((resolve) => stream.onLine((line) => {
      if (line.includes(' frozen ')) resolve();
    }));
    for (const command of ['arm', 'freeze']) stream.send(command);
    await frozen;
    expect(stateOf(pids[0]!)).toBe('T');
    const status = {
      id: left.id, vantage: 'Pod' as const, node: 'n1', pod: left.exec.pod, podUid: left.exec.podUid, container: 'server', mechanism: 'Signal' as const,
      maxHoldMillis: 20_000, heartbeatTimeoutMillis: 20_000, targets: [], state: 'Intended' as const,
    };
    const deps = { exec: exec(), account, podProgram: program, namespace: 'shop', agentOn: () => undefined };
    expect(await endHolds([status], deps)).toMatchObject([{ state: 'ended', why: 'takeover' }]);
    expect(await servers[0]!.runs()).toBe(true);
    expect(await endHolds([status], deps)).toMatchObject([{ state: 'ended', why: 'takeover' }]);
    stream.close();
  });
});
