import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/observability/logger.js';
import { createCache } from '../../../src/runtime/cache.js';
import type { Exec, ExecTarget } from '../../../src/runtime/exec.js';
import { createExec } from '../../../src/runtime/exec-websocket.js';
import { pods } from '../../../src/runtime/resource.js';
import type { Bed } from './bed.js';
import { openBed } from './bed.js';

let bed: Bed;
let exec: Exec;
const container = 'main';
const sh = (script: string): ExecTarget => ({ namespace: bed.namespace, pod: 'target', container, command: ['sh', '-c', script] });

beforeAll(async () => {
  bed = await openBed();
  exec = createExec({ transport: bed.transport, clock: bed.clock });
  await bed.client.create(pods, {
    metadata: { name: 'target', namespace: bed.namespace },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [{ name: container, image: 'localhost/stillpoint-test/pause:1', imagePullPolicy: 'IfNotPresent', command: ['sleep', '3600'] }],
    },
  });
  const stop = new AbortController();
  const cache = createCache({ transport: bed.transport, type: pods, namespace: bed.namespace, project: (o) => o, clock: bed.clock, log: silentLogger() });
  cache.start(stop.signal);
  const running = (phase: unknown): boolean => phase === 'Running';
  await cache.until(`${bed.namespace}/target`, (o) => running((o['status'] as { phase?: string } | undefined)?.phase), { timeoutMillis: 60_000 });
  stop.abort();
}, 90_000);
afterAll(() => bed.close());

describe('run', () => {
  test('tells the exit code and both outputs', async () => {
    const result = await exec.run(sh('echo out; echo err >&2; exit 42'));
    expect(result).toEqual({ outcome: { kind: 'exited', code: 42 }, stdout: 'out\n', stderr: 'err\n', truncated: false });
    expect((await exec.run(sh('true'))).outcome).toEqual({ kind: 'exited', code: 0 });
  });

  test('a command that cannot be started has failed, not exited', async () => {
    const { outcome } = await exec.run({ ...sh(''), command: ['/no/such/program'] });
    expect(outcome).toMatchObject({ kind: 'failed' });
  });

  test('hands over stdin and its end: 3 MB arrive whole', async () => {
    const stdin = Array.from({ length: 300_000 }, (_, i) => String(i).padStart(9, '0')).join('\n');
    const { outcome, stdout } = await exec.run(sh('sha256sum'), { stdin });
    expect(outcome).toEqual({ kind: 'exited', code: 0 });
    expect(stdout.slice(0, 64)).toBe(createHash('sha256').update(stdin).digest('hex'));
  });

  test('keeps the end of long output and says so', async () => {
    const { stdout, truncated, outcome } = await exec.run(sh('seq 1 100000; echo END'), { maxOutputBytes: 100 });
    expect(outcome).toEqual({ kind: 'exited', code: 0 });
    expect(truncated).toBe(true);
    expect(Buffer.byteLength(stdout)).toBe(100);
    expect(stdout.endsWith('100000\nEND\n')).toBe(true);
  });

  test('output just before the exit is whole, every time', async () => {
    for (let i = 0; i < 20; i += 1) expect((await exec.run(sh('seq 1 2000; exit 3'))).stdout.endsWith('1999\n2000\n')).toBe(true);
  });

  test('the deadline makes it lost, in time', async () => {
    const start = performance.now();
    const { outcome } = await exec.run(sh('sleep 30'), { deadlineMillis: 300 });
    expect(outcome).toEqual({ kind: 'lost', why: 'deadline reached' });
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test('an abort makes it lost', async () => {
    const abort = new AbortController();
    const running = exec.run(sh('sleep 30'), { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    expect((await running).outcome).toMatchObject({ kind: 'lost' });
  });

  test('a connection that breaks makes it lost, although the command goes on', async () => {
    const { relay, transport } = await bed.relayed();
    const through = createExec({ transport, clock: bed.clock });
    const running = through.run(sh('sleep 1; echo done > /tmp/finished; exit 0'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    relay.cut();
    expect((await running).outcome).toMatchObject({ kind: 'lost' });
  });
});

describe('refusals are ApiErrors', () => {
  test('no such pod', async () => {
    await expect(exec.run({ ...sh('true'), pod: 'nope' })).rejects.toMatchObject({ code: 404, reason: 'NotFound' });
  });

  test('no such container', async () => {
    await expect(exec.run({ ...sh('true'), container: 'nope' })).rejects.toMatchObject({ code: 400 });
  });

  test('an account without the right', async () => {
    const refused = exec.run(sh('true'), { as: { namespace: bed.namespace, name: 'default' } });
    await expect(refused).rejects.toMatchObject({ code: 403, reason: 'Forbidden' });
  });

  test('no connection', async () => {
    const { relay, transport } = await bed.relayed();
    await relay.close();
    await expect(createExec({ transport, clock: bed.clock }).open(sh('true'))).rejects.toMatchObject({ code: 0, reason: 'Unreachable' });
  });
});

describe('open', () => {
  test('passes lines both ways, in order, and ends with the input', async () => {
    const stream = await exec.open(sh('echo ready; while read -r line; do echo "<$line>"; done; echo bye >&2; exit 5'));
    const lines: string[] = [];
    stream.onLine((line) => lines.push(line));
    for (let i = 0; i < 200; i += 1) stream.send(`line ${i} ä`);
    stream.endInput();
    expect(await stream.outcome).toEqual({ kind: 'exited', code: 5 });
    expect(lines).toEqual(['ready', ...Array.from({ length: 200 }, (_, i) => `<line ${i} ä>`)]);
    expect(stream.stderr()).toBe('bye\n');
    expect(() => stream.send('late')).toThrow('no longer open');
  });

  test('close ends it at once; the remote side reads the end of its input', async () => {
    const stream = await exec.open(sh('echo ready; cat > /dev/null; echo eof > /tmp/eof'));
    await new Promise<string>((resolve) => stream.onLine(resolve));
    stream.close();
    expect(await stream.outcome).toMatchObject({ kind: 'lost', why: 'closed by us' });
    const { outcome } = await exec.run(sh('i=0; while [ ! -f /tmp/eof ] && [ $i -lt 50 ]; do i=$((i+1)); sleep 0.1; done; cat /tmp/eof'));
    expect(outcome).toEqual({ kind: 'exited', code: 0 });
  });

  test('a line goes there and back within 5 ms at the median', async () => {
    const stream = await exec.open(sh('cat'));
    let answered: () => void = () => undefined;
    stream.onLine(() => answered());
    const millis: number[] = [];
    for (let i = 0; i < 100; i += 1) {
      const start = performance.now();
      const answer = new Promise<void>((resolve) => (answered = resolve));
      stream.send('beat');
      await answer;
      millis.push(performance.now() - start);
    }
    stream.close();
    millis.sort((a, b) => a - b);
    console.log(`exec round trip: p50 ${millis[50]?.toFixed(2)} ms, p99 ${millis[98]?.toFixed(2)} ms`);
    expect(millis[50]).toBeLessThan(5);
  });
});
