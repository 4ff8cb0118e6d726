/**
 * Windows of the operator against the bare cut, in pairs: what a hold costs beside what the storage takes. The bare cut is a
 * VolumeGroupSnapshot of the same volumes, made from here with nothing held, from the create call to the content's creationTime.
 * Usage: window.ts (RUNS windows each, default 20). Needs the test cluster with the operator on it; writes test/.artifacts/bench-window.json.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { AppSnapshot } from '../../src/api/kinds.js';
import { runCut } from '../../src/snapshots/cut.js';
import { takeCopy } from '../e2e/lib/copies.js';
import { percentile } from '../e2e/lib/figures.js';
import { usage } from '../e2e/lib/host.js';
import { kubectl } from '../e2e/lib/kubectl.js';
import { makeTenant, removeNamespace } from '../e2e/lib/tenant.js';
import { connect, type Bed } from '../integration/snapshots/bed.js';
import { benchLabel, startWriters } from './writers.js';

const runs = Number(process.env['RUNS'] || 20);
const namespace = 'bench-window';
/** Over how long idle processor time is measured, ms. */
const idleMillis = 20_000;

interface Row {
  readonly volumes: number;
  readonly pods: number;
  readonly load: 'idle' | 'fsync';
  readonly runs: number;
  readonly floorMsP50: number;
  readonly windowMsP50: number;
  /** Window minus the bare cut of the same pair. */
  readonly overheadMsP50: number;
  readonly overheadMsP99: number;
  /** Window without its own cut: freeze, sync and release as they were, free of the difference between two cuts. */
  readonly ownOverheadMsP50: number;
  readonly ownOverheadMsP99: number;
  readonly heldMsP50: number;
  readonly syncMsP50: number;
}

interface Idle {
  readonly residentMiB: number;
  readonly cpuPercent: number;
}

const bed = await connect();
try {
  const idle = await idleUsage();
  const rows: Row[] = [];
  for (const volumes of [1, 4]) for (const load of ['idle', 'fsync'] as const) rows.push(await measure(volumes, load));
  mkdirSync('test/.artifacts', { recursive: true });
  writeFileSync('test/.artifacts/bench-window.json', `${JSON.stringify({ rows, idle }, null, 2)}\n`);
  console.table(rows);
  console.table(idle);
} finally {
  bed.close();
}

/** One row: pairs of a bare cut and a window on the same volumes, in turn. */
async function measure(volumes: number, load: Row['load']): Promise<Row> {
  await makeTenant(namespace);
  try {
    await startWriters(namespace, volumes, load === 'fsync');
    const floors: number[] = [];
    const windows: NonNullable<NonNullable<AppSnapshot['status']>['window']>[] = [];
    for (let run = 0; run < runs; run += 1) {
      floors.push(await bareCut(bed, `bare-${run}`));
      windows.push(await held(`window-${run}`));
    }
    const windowMillis = windows.map((w) => w.marks?.allReleased ?? NaN);
    const overhead = windowMillis.map((w, i) => w - (floors[i] ?? NaN));
    const p = (samples: readonly number[], q: number): number => Math.round(percentile(samples, q) * 10) / 10;
    return {
      volumes,
      pods: volumes,
      load,
      runs,
      floorMsP50: p(floors, 0.5),
      windowMsP50: p(windowMillis, 0.5),
      overheadMsP50: p(overhead, 0.5),
      overheadMsP99: p(overhead, 0.99),
      ownOverheadMsP50: p(windows.map((w) => w.overheadMillis ?? NaN), 0.5),
      ownOverheadMsP99: p(windows.map((w) => w.overheadMillis ?? NaN), 0.99),
      heldMsP50: p(windows.map((w) => w.heldMillis ?? NaN), 0.5),
      syncMsP50: p(windows.map((w) => w.syncMillis ?? NaN), 0.5),
    };
  } finally {
    await removeNamespace(namespace);
  }
}

/** Milliseconds from the create call of a group snapshot to the content that carries its creation time. */
async function bareCut({ client, contents, capability }: Bed, name: string): Promise<number> {
  const { group } = capability;
  if (group === undefined || contents.groups === undefined) throw new Error('the cluster has no group snapshots');
  const object = {
    apiVersion: `${group.groups.group}/${group.groups.version}`,
    kind: group.groups.kind,
    metadata: { name, namespace },
    spec: { volumeGroupSnapshotClassName: 'bed-atomic', source: { selector: { matchLabels: benchLabel } } },
  };
  const create = client.prepareCreate(group.groups, object);
  const begin = performance.now();
  await runCut({ namespace, name, kind: 'group', contents: contents.groups, create }, AbortSignal.timeout(30_000));
  return performance.now() - begin;
}

async function held(name: string): Promise<NonNullable<NonNullable<AppSnapshot['status']>['window']>> {
  const copy = await takeCopy(namespace, name, { consistency: { required: 'CrashConsistentSynced' }, capture: { enabled: false } });
  if (copy.status?.phase !== 'Ready' || copy.status.window?.unbroken !== true) throw new Error(`${name} is no held copy: ${JSON.stringify(copy.status)}`);
  return copy.status.window;
}

/** Memory and processor time of operator and agent while nothing is asked of them. */
async function idleUsage(): Promise<Record<string, Idle>> {
  const ids = Object.fromEntries(await Promise.all([
    ...(await podsOf('stillpoint-system')).map(async (pod, i) => [`operator ${i}`, await idOf('stillpoint-system', pod)] as const),
    ...(await podsOf('stillpoint-agent')).map(async (pod, i) => [`agent ${i}`, await idOf('stillpoint-agent', pod)] as const),
  ]));
  const before = Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, usage(id)]));
  const begin = performance.now();
  await pause(idleMillis);
  const seconds = (performance.now() - begin) / 1000;
  return Object.fromEntries(Object.entries(ids).map(([name, id]) => {
    const now = usage(id);
    const cpu = (now.cpuSeconds - (before[name]?.cpuSeconds ?? NaN)) / seconds;
    return [name, { residentMiB: Math.round(now.residentBytes / 2 ** 20), cpuPercent: Math.round(cpu * 1000) / 10 }];
  }));
}

async function podsOf(of: string): Promise<string[]> {
  return (await kubectl(['-n', of, 'get', 'pods', '--field-selector=status.phase=Running', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ').filter((name) => name !== '');
}

async function idOf(of: string, pod: string): Promise<string> {
  return (await kubectl(['-n', of, 'get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0].containerID}'])).replace(/^containerd:\/\//, '');
}
