import { expect } from '@jest/globals';
import { processOne } from '../lib/host.js';
import { get, kubectl } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { monotonicMs } from '../../apps/postgresql/history.js';
import type { Deed, MomentName, Trigger } from '../../faults/moments.js';
import type { ProofApplication } from '../../proof/applications.js';
import { pidOf } from './cluster.js';
import { containersOf } from './containers.js';
import type { SuiteCase } from './hook-points.js';
import { anyHeld, holderProcesses, type HolderProcess } from './leftovers.js';
import { latestEnd } from './limits.js';
import { replaceOperator, type Scene } from './scene.js';

/** The storage takes this long for the first cut, so that what happens in the hold happens in the hold. */
export const slowCut = { CreateVolumeGroupSnapshot: { Before: '4s', Times: 1 } };
const ready = { phase: 'Ready', grade: 'Frozen' };
const snapshotReady = /^SnapshotReady$/;

/** Everything else that can die, hang or be cut while a hold is on; `anywhere`: at both vantages. */
export const disruptions: readonly (SuiteCase & { readonly anywhere?: boolean })[] = [
  {
    name: 'holder killed in the hold',
    small: ['Node', 'Pod'],
    anywhere: true,
    csi: slowCut,
    act: async (scene, name) => {
      await scene.proxy.reached('frozen seen', 'after', scene.windowSeconds);
      killHolders(await holdIds(scene, name), ['holder']);
    },
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    name: 'guard killed in the hold',
    anywhere: true,
    csi: slowCut,
    act: async (scene, name) => {
      await scene.proxy.reached('frozen seen', 'after', scene.windowSeconds);
      killHolders(await holdIds(scene, name), ['guard']);
    },
    // The holder and the heartbeat go on: the hold is unbroken, only its safety net was gone.
    status: ready,
    reason: snapshotReady,
  },
  {
    name: 'holder and guard killed at once',
    small: ['Node'],
    anywhere: true,
    csi: slowCut,
    act: async (scene, name) => {
      await scene.proxy.reached('frozen seen', 'after', scene.windowSeconds);
      killHolders(await holdIds(scene, name), ['holder', 'guard']);
    },
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    // At vantage Pod nobody would be left who could let go: docs/failure-modes.md.
    name: 'holder guard and operator killed at once',
    csi: slowCut,
    act: async (scene, name) => {
      await scene.proxy.reached('frozen seen', 'after', scene.windowSeconds);
      const ids = await holdIds(scene, name);
      killHolders(ids, ['holder', 'guard']);
      await scene.operator.kill();
      await replaceOperator(scene);
    },
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    name: 'agent pod force deleted in the hold',
    small: ['Node'],
    csi: slowCut,
    act: async (scene) => {
      await scene.proxy.reached('frozen seen', 'after', scene.windowSeconds);
      await kubectl(['-n', 'stillpoint-agent', 'delete', 'pods', '--all', '--force', '--grace-period=0']);
      await kubectl(['-n', 'stillpoint-agent', 'rollout', 'status', 'daemonset/stillpoint-agent', '--timeout=60s']);
    },
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    name: 'exec stream cut in the hold',
    small: ['Node'],
    anywhere: true,
    csi: slowCut,
    triggers: () => [on('frozen seen', 'after', { kind: 'cut' })],
    act: nothing,
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    name: 'exec stream cut at the release',
    anywhere: true,
    triggers: () => [on('release sent', 'before', { kind: 'cut' })],
    act: nothing,
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    name: 'every connection cut in the hold',
    csi: slowCut,
    triggers: () => [on('cut posted', 'after', { kind: 'cutAll' })],
    act: nothing,
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    name: 'network half open in the hold',
    small: ['Node'],
    anywhere: true,
    triggers: () => [on('frozen seen', 'after', { kind: 'silence' })],
    act: async (scene) => {
      await scene.proxy.reached('frozen seen', 'after', scene.windowSeconds);
      // Without the API server the operator cannot renew: it has to end by itself before another may lead.
      expect(await scene.operator.ended(20)).toBe(1);
      await scene.proxy.silence(false);
      await replaceOperator(scene);
    },
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    name: 'api server stopped for 20 s in the hold',
    csi: slowCut,
    triggers: () => [on('cut posted', 'after', { kind: 'signal', pid: pidOf('kube-apiserver'), signal: 'SIGSTOP' })],
    act: async (scene) => {
      await scene.proxy.reached('cut posted', 'after', scene.windowSeconds);
      const stopped = performance.now();
      try {
        expect(await scene.operator.ended(20)).toBe(1);
        await until('20 s are over', () => performance.now() - stopped > 20_000, 30);
      } finally {
        process.kill(pidOf('kube-apiserver'), 'SIGCONT');
      }
      await replaceOperator(scene);
    },
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    name: 'leader lost with the api up',
    longHold: true,
    csi: { CreateVolumeGroupSnapshot: { Before: '15s', Times: 1 } },
    triggers: () => [on('freeze sent', 'before', { kind: 'rules', rules: [{ match: { method: 'PUT', path: '/leases/stillpoint-leader' }, action: { kind: 'halfOpen' } }] })],
    act: async (scene, name) => {
      await scene.proxy.reached('frozen seen', 'after', scene.windowSeconds);
      const [code] = await Promise.all([scene.operator.ended(20), letGoInTime(scene, name)]);
      expect(code).toBe(1);
      await scene.proxy.rules([]);
      await replaceOperator(scene);
    },
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    name: 'operator stopped in the hold and deposed',
    triggers: (scene) => [on('frozen seen', 'before', { kind: 'signal', pid: scene.operator.pid, signal: 'SIGSTOP' })],
    act: async (scene) => {
      await scene.proxy.reached('frozen seen', 'before', scene.windowSeconds);
      const deposed = scene.operator;
      const next = await replaceOperator(scene);
      await next.leads(60);
      // It comes back into its window, sees that its hold is over, and that it leads no more.
      process.kill(deposed.pid, 'SIGCONT');
      expect(await deposed.ended(20)).toBe(1);
    },
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    name: 'operator stopped for 6 s in the hold',
    anywhere: true,
    triggers: (scene) => [on('frozen seen', 'before', { kind: 'signal', pid: scene.operator.pid, signal: 'SIGSTOP' })],
    act: async (scene) => {
      const { at } = await scene.proxy.reached('frozen seen', 'before', scene.windowSeconds);
      await until('6 s are over', () => Number(process.hrtime.bigint()) / 1e6 - at > 6000, 10);
      process.kill(scene.operator.pid, 'SIGCONT');
    },
    status: { ...ready, attempts: 2 },
    reason: snapshotReady,
  },
  {
    name: 'clock of the operator stepped in the hold',
    triggers: (scene) => [on('frozen seen', 'before', { kind: 'signal', pid: scene.operator.pid, signal: 'SIGUSR2' })],
    act: nothing,
    status: { ...ready, attempts: 1 },
    reason: snapshotReady,
  },
];

/** One container of an application is killed while all are held, and started again by the kubelet. */
export function containerKilled({ name: application, kind }: Pick<ProofApplication, 'name' | 'kind'>): SuiteCase & { readonly anywhere: boolean } {
  return {
    name: `container of ${application} killed in the hold`,
    small: ['Node', 'Pod'],
    anywhere: true,
    csi: slowCut,
    restarts: application,
    act: async (scene, name) => {
      await scene.proxy.reached('frozen seen', 'after', scene.windowSeconds);
      process.kill(processOne(await heldContainer(scene, name, kind)), 'SIGKILL');
    },
    // Cgroup v2 kills at once and the next window succeeds; v1 kills at the thaw, and the evidence of the database says so.
    status: { phase: expect.stringMatching(/^(Ready|Failed)$/) },
    reason: /^(SnapshotReady|GradeUnmet)$/,
  };
}

function on(name: MomentName, when: Trigger['when'], deed: Deed): Trigger {
  return { name, when, deed };
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

async function holdIds(scene: Scene, name: string): Promise<string[]> {
  const copy = await get<AppSnapshot>('appsnapshot', name, scene.namespace);
  return (copy?.status?.holds ?? []).map((h) => h.id);
}

/** Id of the server's container in the first held pod of the application of this kind. Throws when there is none. */
export async function heldContainer(scene: Scene, name: string, kind: ProofApplication['kind']): Promise<string> {
  const { applications = [], holds = [] } = (await get<AppSnapshot>('appsnapshot', name, scene.namespace))?.status ?? {};
  const members = applications.filter((app) => app.kind === kind).flatMap((app) => app.members ?? []);
  const target = holds.flatMap((h) => h.targets).find((t) => members.some((m) => m.pod === t.pod && m.container === t.container));
  if (target === undefined) throw new Error(`nothing of kind ${kind} is held`);
  return target.containerId;
}

/** Waits until nothing is held any more, which the host sees; what clients see of it can come later. Throws when it does not come within the limit of the hold. */
async function letGoInTime(scene: Scene, name: string): Promise<void> {
  const impact = (await scene.proxy.moments()).find((m) => m.name === 'gate sent' || m.name === 'freeze sent');
  const holds = (await get<AppSnapshot>('appsnapshot', name, scene.namespace))?.status?.holds ?? [];
  const containers = [...(await containersOf(scene.namespace)).values()];
  await until('nothing is held', () => !anyHeld(containers), 20, 200);
  expect(monotonicMs() - (impact?.at ?? -Infinity)).toBeLessThanOrEqual(latestEnd(holds));
}

/** Kills the processes of these holds that play these roles. Throws when there is none. */
function killHolders(ids: readonly string[], roles: readonly HolderProcess['role'][]): void {
  const found = holderProcesses(ids).filter((p) => roles.includes(p.role));
  if (found.length === 0) throw new Error(`no ${roles.join(' or ')} of ${ids.join(', ')}`);
  for (const { pid } of found) process.kill(pid, 'SIGKILL');
}
