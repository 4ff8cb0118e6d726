import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ApiError } from '../../../src/runtime/api-error.js';
import type { Exec, ExecTarget } from '../../../src/runtime/exec.js';
import { createExec } from '../../../src/runtime/exec-websocket.js';
import { pods } from '../../../src/runtime/resource.js';
import { kubectl } from '../../e2e/lib/kubectl.js';
import type { Action } from '../../faults/rules.js';
import { fastClock, openFaultBed, type FaultBed } from './bed.js';

let bed: FaultBed;
let exec: Exec;
const sh = (script: string): ExecTarget => ({ namespace: bed.namespace, pod: 'target', container: 'main', command: ['sh', '-c', script] });

beforeAll(async () => {
  bed = await openFaultBed();
  exec = createExec({ transport: bed.transport, clock: bed.direct.clock });
  await bed.direct.client.create(pods, {
    metadata: { name: 'target', namespace: bed.namespace },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [{ name: 'main', image: 'localhost/stillpoint-test/pause:1', imagePullPolicy: 'IfNotPresent', command: ['sleep', '3600'] }],
    },
  });
  await kubectl(['-n', bed.namespace, 'wait', '--for=condition=Ready', 'pod/target', '--timeout=60s']);
}, 90_000);
afterAll(() => bed.close());
beforeEach(() => bed.proxy.clear());

function fault(action: Action): void {
  bed.proxy.rules.set([{ match: { path: '/exec\\?' }, action }]);
}

test('without a fault it tells the exit code', async () => {
  expect((await exec.run(sh('echo out; exit 3'))).outcome).toEqual({ kind: 'exited', code: 3 });
});

test('without the status frame it is lost, whatever the command did', async () => {
  fault({ kind: 'dropStatus' });
  for (const code of [0, 3]) {
    const { outcome, stdout } = await exec.run(sh(`echo out; exit ${code}`));
    expect(outcome).toMatchObject({ kind: 'lost', why: expect.stringContaining('without a status') });
    expect(stdout).toBe('out\n');
  }
});

test('a stream that is cut is lost, after each number of frames', async () => {
  for (const afterFrames of [1, 2, 3]) {
    fault({ kind: 'cutStream', afterFrames });
    const { outcome } = await exec.run(sh('echo one; sleep 0.2; echo two; sleep 0.2; echo three; sleep 1; exit 0'));
    expect(outcome).toMatchObject({ kind: 'lost' });
  }
});

test('a frame of an unknown channel does no harm', async () => {
  fault({ kind: 'strangeFrame' });
  expect(await exec.run(sh('echo out; exit 0'))).toMatchObject({ outcome: { kind: 'exited', code: 0 }, stdout: 'out\n' });
});

test('frames that come late, come', async () => {
  fault({ kind: 'delayFrames', millis: 300 });
  expect(await exec.run(sh('cat; exit 4'), { stdin: 'in\n' })).toMatchObject({ outcome: { kind: 'exited', code: 4 }, stdout: 'in\n' });
});

test('an upgrade that is never answered is unknown, within the deadline', async () => {
  fault({ kind: 'noUpgrade' });
  const begin = performance.now();
  await expect(exec.run(sh('exit 0'), { deadlineMillis: 1000 })).rejects.toMatchObject({ code: 0, reason: 'Unknown' });
  expect(performance.now() - begin).toBeLessThan(2500);
});

test('an upgrade that is refused, reset before it came, or whose answer is lost is an error, never an exit', async () => {
  const expected: [Action, Partial<ApiError>][] = [
    [{ kind: 'answer', code: 429, retryAfterSeconds: 1 }, { code: 429 }],
    [{ kind: 'answer', code: 500 }, { code: 500 }],
    [{ kind: 'reset', when: 'before' }, { code: 0, reason: 'Unknown' }],
    [{ kind: 'reset', when: 'after' }, { code: 0, reason: 'Unknown' }],
  ];
  for (const [action, error] of expected) {
    fault(action);
    await expect(exec.run(sh('exit 0'))).rejects.toMatchObject(error);
  }
});

test('a stream that goes silent is lost by the deadline; commands on it are not answered by anybody', async () => {
  const stream = await exec.open(sh('while read -r line; do echo "<$line>"; done'), { deadlineMillis: 2000 });
  const lines: string[] = [];
  const first = new Promise<void>((resolve) => {
    stream.onLine((line) => {
      lines.push(line);
      resolve();
    });
  });
  stream.send('one');
  await first;
  bed.proxy.silence(true);
  stream.send('two');
  expect(await stream.outcome).toMatchObject({ kind: 'lost', why: 'deadline reached' });
  expect(lines).toEqual(['<one>']);
  bed.proxy.silence(false);
});

test('a stream that goes silent is noticed by its pings without any deadline', async () => {
  // 61 s of silence in 2 s.
  const fast = createExec({ transport: bed.transport, clock: fastClock(bed.direct.clock, 30) });
  const stream = await fast.open(sh('sleep 60'));
  bed.proxy.silence(true);
  expect(await stream.outcome).toMatchObject({ kind: 'lost', why: expect.stringContaining('nothing heard') });
  bed.proxy.silence(false);
});

test('seeded faults over 60 runs: no outcome but the true one, lost, failed or an error', async () => {
  bed.proxy.rules.set([
    { match: { path: '/exec\\?', probability: 0.15 }, action: { kind: 'dropStatus' } },
    { match: { path: '/exec\\?', probability: 0.15 }, action: { kind: 'cutStream', afterFrames: 2 } },
    { match: { path: '/exec\\?', probability: 0.15 }, action: { kind: 'reset', when: 'after' } },
    { match: { path: '/exec\\?', probability: 0.15 }, action: { kind: 'strangeFrame' } },
    { match: { path: '/exec\\?', probability: 0.15 }, action: { kind: 'answer', code: 503 } },
  ]);
  const seen = new Map<string, number>();
  for (let i = 0; i < 60; i += 1) {
    const result = await exec.run(sh('echo a; echo b >&2; exit 7')).catch((error: unknown) => error as ApiError);
    const outcome = 'outcome' in result ? result.outcome : undefined;
    if (outcome?.kind === 'exited') expect(outcome.code).toBe(7);
    const kind = outcome?.kind ?? 'error';
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
  }
  expect([...seen.keys()].sort()).toEqual(['error', 'exited', 'lost']);
}, 60_000);
