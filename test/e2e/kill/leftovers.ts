import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labels } from '../../../src/api/common.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { snapshotObjects } from '../lib/copies.js';
import type { Freezers } from '../lib/host.js';
import { processStates } from '../lib/host.js';
import { kubectl } from '../lib/kubectl.js';

const holds = '/run/stillpoint';

interface Labelled {
  metadata: { name: string; labels?: Record<string, string> };
}

/** What a window has left behind although it is over; empty when all is well. Holds are looked for by id: two clusters share the host. */
export async function leftovers(copy: AppSnapshot, freezers: Freezers, containerId: string): Promise<string[]> {
  const { namespace } = copy.metadata;
  const ids = (copy.status?.holds ?? []).map((h) => h.id);
  const claims = JSON.parse(await kubectl(['-n', namespace, 'get', 'pvc', '-o', 'json'])) as { items: Labelled[] };
  return [
    ...claims.items.flatMap((c) => Object.keys(c.metadata.labels ?? {}).filter((key) => key.startsWith('stillpoint.dev/')).map((key) => `label ${key} on claim ${c.metadata.name}`)),
    ...(copy.status?.holds ?? []).filter((h) => h.state === 'Intended').map((h) => `hold ${h.id} is Intended in status`),
    ...ids.filter(openHold).map((id) => `hold ${id} is not settled on the host`),
    ...holderProcesses(ids).map((p) => `process ${p.pid}: ${p.command}`),
    ...(freezers.frozen() ? ['the container is frozen'] : []),
    ...processStates(containerId).filter((s) => s === 'Z' || s === 'T').map((s) => `a process in state ${s} in the pod`),
    ...(await snapshotsTooMany(copy)),
  ];
}

/** True when the record of a hold on the host does not say that it is over. */
export function openHold(id: string): boolean {
  return existsSync(join(holds, id)) && !existsSync(join(holds, id, 'end', 'thawed'));
}

/** A ready copy has its own set and nothing else; a failed one nothing at all. */
async function snapshotsTooMany(copy: AppSnapshot): Promise<string[]> {
  const { namespace } = copy.metadata;
  const all = await snapshotObjects(namespace);
  if (copy.status?.phase !== 'Ready') return all;
  const own = (await kubectl(['-n', namespace, 'get', 'volumesnapshots,volumegroupsnapshots', '-l', `${labels.set}=${copy.status.setId ?? ''}`, '-o', 'name'])).split('\n');
  const members = copy.status.members?.length ?? 0;
  // One group and one content for it, and for each member a snapshot and its content.
  const expected = 2 + 2 * members;
  const foreign = all.filter((name) => name.startsWith('volume') && !own.includes(name));
  return [...foreign, ...(all.length === expected ? [] : [`${all.length} snapshot objects instead of ${expected}: ${all.join(', ')}`])];
}

/** Holders and guards of these holds that still run, as the host sees them. */
export function holderProcesses(ids: readonly string[]): { pid: number; command: string; parent: number }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (!/holder|guard/.test(command) || !ids.some((id) => command.includes(id))) return [];
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return [{ pid: Number(pid), command: command.slice(0, 200), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }];
    } catch {
      return []; // it has ended in between
    }
  });
}
