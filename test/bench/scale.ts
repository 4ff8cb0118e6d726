/**
 * The operator with as many objects as a large cluster has (docs/design/0007-window-bench.md): memory, time until its caches are filled, lag of its event loop, and how
 * soon it sees to a new AppSnapshot while it still looks at all the others. The operator is the real one, a child of this program; the
 * API server is that of the test cluster, which must have the operator installed and is taken down at the end, since that is the fastest way to
 * remove everything (KEEP=1 keeps it, and uses what an earlier run with KEEP=1 has left).
 * Usage: scale.ts, with PODS= and CLAIMS= (50000 each), COPIES= (10000 AppSnapshots, a tenth of them suspended). Writes test/.artifacts/bench-scale.json.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { apiServerUrl, pauseOperator } from '../e2e/kill/cluster.js';
import { operatorHome, type OperatorHome } from '../e2e/kill/operator-process.js';
import { until } from '../e2e/lib/until.js';
import { connect } from '../integration/snapshots/bed.js';
import { BenchOperator, type Reading } from './operator.js';
import { fill, type Population } from './scale-fill.js';
import { latencyOfNew } from './scale-latency.js';

const count = (name: string, fallback: number): number => {
  const value = Number(process.env[name] || fallback);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${name} is no whole number`);
  return value;
};
const population: Population = { pods: count('PODS', 50_000), claims: count('CLAIMS', 50_000), copies: count('COPIES', 10_000) };
const keep = process.env['KEEP'] === '1';

interface Phase {
  readonly seconds: number;
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
}

const bed = await connect();
const putBack = await pauseOperator();
const home = await operatorHome(await apiServerUrl());
try {
  const before = await measure(home, false);
  const made = await fill(bed.client, population);
  const after = await measure(home, true);
  const report = { population, made, load: loadavg()[0], empty: before, full: after, added: { residentMiB: after.residentMiB - before.residentMiB, heapMiB: after.heapMiB - before.heapMiB } };
  mkdirSync('test/.artifacts', { recursive: true });
  writeFileSync('test/.artifacts/bench-scale.json', `${JSON.stringify(report, null, 2)}\n`);
  console.log(JSON.stringify(report, null, 2));
} finally {
  home.remove();
  bed.close();
  if (keep) await putBack();
  else execFileSync('bash', ['-c', 'test/cluster/bed down'], { env: { ...process.env, NAME: process.env['BED'] ?? 'a' }, stdio: 'inherit' });
}

/** One life of the operator: filled, elected, every object looked at once. `busy`: a new AppSnapshot comes while the others are looked at. */
async function measure(from: OperatorHome, busy: boolean) {
  const operator = new BenchOperator(from);
  try {
    const filledAt = await operator.said('caches are filled', 120);
    const filling = await operator.reading();
    const leadsAt = await operator.said('became leader', 60);
    const firstStatusMs = await latencyOfNew(bed, 'first');
    const backlogLeft = await operator.metric('workqueue_depth', 'controller="appsnapshot"');
    await until('every object was looked at', async () => (await operator.metric('workqueue_depth', 'controller="appsnapshot"')) === 0, 600, 200);
    const doneAt = operator.age();
    const working = await operator.reading();
    const idleFirstStatusMs = busy ? await latencyOfNew(bed, 'idle') : undefined;
    const memory = await operator.reading(true);
    return {
      filling: phase(filledAt, filling),
      backlog: phase(doneAt - leadsAt, working),
      /** From the create call of an AppSnapshot to its first status: right after the election, and when all is quiet. */
      firstStatusMs,
      backlogLeft,
      idleFirstStatusMs,
      peakResidentMiB: mebi(operator.peakResident()),
      residentMiB: mebi(memory.rss),
      heapMiB: mebi(memory.heapUsed),
    };
  } finally {
    await operator.stop();
  }
}

function phase(seconds: number, { loop }: Reading): Phase {
  return { seconds: Math.round(seconds * 10) / 10, lagP99Ms: Math.round(loop.p99), lagMaxMs: Math.round(loop.max) };
}

function mebi(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

