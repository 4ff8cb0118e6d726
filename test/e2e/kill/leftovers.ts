import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labels } from '../../../src/api/common.js';
import type { HoldStatus } from '../../../src/api/appsnapshot.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { snapshotObjects } from '../lib/copies.js';
import { Freezers, gateTables, processesOf, processOne, runs } from '../lib/host.js';
import { kubectl } from '../lib/kubectl.js';

interface Labelled {
  metadata: { name: string; labels?: Record<string, string> };
}

/** What was there before the window, and so is not its own. */
export interface Before {
  /** Names of snapshot objects. */
  readonly snapshots: readonly string[];
  /** Pids of zombies: some servers never wait for children that their start has left them. */
  readonly zombies: readonly number[];
}

const nothing: Before = { snapshots: [], zombies: [] };

/** What a window has left behind although it is over; empty when all is well. Holds are looked for by id: test clusters share the host. `containers`: ids of those that may have been held. */
export async function leftovers(copy: AppSnapshot, containers: readonly string[], before = nothing): Promise<string[]> {
  const { namespace } = copy.metadata;
  const holds = copy.status?.holds ?? [];
  const claims = JSON.parse(await kubectl(['-n', namespace, 'get', 'pvc', '-o', 'json'])) as { items: Labelled[] };
  return [
    ...claims.items.flatMap((c) => Object.keys(c.metadata.labels ?? {}).filter((key) => key.startsWith('stillpoint.dev/')).map((key) => `label ${key} on claim ${c.metadata.name}`)),
    ...holds.filter((h) => h.state === 'Intended').map((h) => `hold ${h.id} is Intended in status`),
    ...holds.filter((h) => isOpen(h, containers)).map((h) => `the record of hold ${h.id} does not say that it is over`),
    ...holderProcesses(holds.map((h) => h.id)).map((p) => `${p.role} ${p.pid}`),
    ...containers.flatMap((id) => inContainer(id, before.zombies).map((what) => `container ${id}: ${what}`)),
    ...(await snapshotsTooMany(copy, before.snapshots)),
  ];
}

/** What a hold has left in a container, or why that cannot be said. */
function inContainer(id: string, zombies: readonly number[]): string[] {
  try {
    return [
      ...(new Freezers(id).frozen() ? ['is frozen'] : []),
      ...processesOf(id).filter(({ pid, state }) => state === 'T' || (state === 'Z' && !zombies.includes(pid))).map(({ pid, state }) => `process ${pid} is in state ${state}`),
      ...gateTables(id).map((table) => `its network has the rules ${table}`),
    ];
  } catch (error) {
    return [String(error)];
  }
}

/** Whether any of these containers is frozen, or kept from its clients. Throws for one that has no cgroup. */
export function anyHeld(containers: readonly string[]): boolean {
  return containers.some((id) => new Freezers(id).frozen() || gateTables(id).length > 0);
}

/** Pids of the zombies in containers; none of one that does not run. */
export function zombiesIn(containers: readonly string[]): number[] {
  return containers.filter(runs).flatMap((id) => processesOf(id).filter(({ state }) => state === 'Z').map(({ pid }) => pid));
}

/** Where holders keep the record of a hold: on the node, or on a tmpfs of the container as its process 1 sees it. */
function isOpen({ id, vantage }: HoldStatus, containers: readonly string[]): boolean {
  if (vantage === 'Node') return openHold(id);
  const roots = containers.map((container) => `/proc/${processOne(container)}/root`);
  return roots.some((root) => ['/dev/shm', '/run', '/tmp'].some((base) => openHold(id, `${root}${base}`)));
}

/** True when the record of a hold below `base` does not say that it is over. */
export function openHold(id: string, base = '/run'): boolean {
  const record = join(base, 'stillpoint', id);
  return existsSync(record) && !existsSync(join(record, 'end', 'thawed'));
}

/** A ready copy has its own set and nothing else; a failed one nothing at all. */
async function snapshotsTooMany(copy: AppSnapshot, others: readonly string[]): Promise<string[]> {
  const { namespace } = copy.metadata;
  const all = (await snapshotObjects(namespace)).filter((name) => !others.includes(name));
  if (copy.status?.phase !== 'Ready') return all;
  const own = (await kubectl(['-n', namespace, 'get', 'volumesnapshots,volumegroupsnapshots', '-l', `${labels.set}=${copy.status.setId ?? ''}`, '-o', 'name'])).split('\n');
  const members = copy.status.members?.length ?? 0;
  // One group and one content for it, and for each member a snapshot and its content.
  const expected = 2 + 2 * members;
  const foreign = all.filter((name) => name.startsWith('volume') && !own.includes(name));
  return [...foreign, ...(all.length === expected ? [] : [`${all.length} snapshot objects instead of ${expected}: ${all.join(', ')}`])];
}

/** A process of a hold as the host sees it. */
export interface HolderProcess {
  readonly pid: number;
  readonly role: 'holder' | 'guard';
}

/** Holders and guards of these holds that still run. At vantage Pod both are the same program, and the guard is the holder's child. */
export function holderProcesses(ids: readonly string[]): HolderProcess[] {
  const found = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    const process = readProcess(Number(pid));
    return process !== undefined && /stillpoint-(holder|guard)|stillpoint\/holder/.test(process.command) && ids.some((id) => process.command.includes(id)) ? [process] : [];
  });
  const pids = new Set(found.map((p) => p.pid));
  return found.map(({ pid, command, parent }) => ({ pid, role: command.startsWith('stillpoint-guard') || pids.has(parent) ? 'guard' : 'holder' }));
}

function readProcess(pid: number): { pid: number; command: string; parent: number } | undefined {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return { pid, command, parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) };
  } catch {
    return undefined; // it has ended in between
  }
}
