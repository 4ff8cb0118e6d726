import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, type Dirent } from 'node:fs';
import { join } from 'node:path';

/** What the host sees of a container, past kubectl and past the operator. The test cluster runs on this machine. */

const bed = process.env['BED'] ?? 'a';
const cgroups = '/sys/fs/cgroup';
const holds = '/run/stillpoint';

/** Directories of a container in every hierarchy; the container id names them. */
function cgroupsOf(containerId: string): string[] {
  const hierarchies = [cgroups, ...readdirSync(cgroups).map((name) => join(cgroups, name))];
  return hierarchies.map((h) => join(h, `stillpoint-${bed}`)).filter((root) => existsSync(root)).flatMap((root) => named(root, containerId, 5));
}

function named(directory: string, name: string, depth: number): string[] {
  const entries = directoriesIn(directory);
  const own = entries.filter((e) => e.name === name).map((e) => join(directory, e.name));
  return own.length > 0 || depth === 0 ? own : entries.flatMap((e) => named(join(directory, e.name), name, depth - 1));
}

/** None in one that goes away meanwhile: pods of others end. */
function directoriesIn(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).filter((e) => e.isDirectory());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Whether there is such a container on this host. */
export function runs(containerId: string): boolean {
  return cgroupsOf(containerId).length > 0;
}

/** The freezers of one container. Made once, so that reading them later costs nothing. */
export class Freezers {
  readonly #files: readonly { path: string; frozen: RegExp }[];

  /** Throws when the container has none. */
  constructor(containerId: string) {
    this.#files = cgroupsOf(containerId).flatMap((directory) => [
      { path: join(directory, 'freezer.state'), frozen: /^(FROZEN|FREEZING)/ },
      { path: join(directory, 'cgroup.events'), frozen: /frozen 1/ },
    ]).filter((file) => existsSync(file.path));
    if (this.#files.length === 0) throw new Error(`no freezer of container ${containerId}`);
  }

  /** True when any freezer of the container says so. */
  frozen(): boolean {
    return this.#files.some(({ path, frozen }) => frozen.test(readFileSync(path, 'utf8')));
  }
}

/** Pid on this host of what is process 1 of the container. Throws when there is none. */
export function processOne(containerId: string): number {
  const one = processIds(containerId).find((pid) => /^NSpid:.*\s1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
  if (one === undefined) throw new Error(`no process 1 in container ${containerId}`);
  return one;
}

/** Pid on this host of the process by which the runtime starts, stops and hears the containers of the pod. Throws when the container has no process. */
export function shimOf(containerId: string): number {
  const stat = readFileSync(`/proc/${processOne(containerId)}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Bytes of a file as the container sees it. */
export function sizeInside(containerId: string, path: string): number {
  return statSync(`/proc/${processOne(containerId)}/root${path}`).size;
}

function processIds(containerId: string): number[] {
  const [directory] = cgroupsOf(containerId);
  if (directory === undefined) throw new Error(`no cgroup of container ${containerId}`);
  const pids = readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n').filter((pid) => pid !== '');
  return pids.map(Number);
}

/** Sends a signal to every process of the container. */
export function signalContainer(containerId: string, signal: NodeJS.Signals): void {
  for (const pid of processIds(containerId)) process.kill(pid, signal);
}

/** A process of a container; its state as in /proc/PID/stat: `S`, `R`, `T` for stopped, `Z` for a zombie, ... */
export interface ContainerProcess {
  readonly pid: number;
  readonly state: string;
}

/** Processes of the container. Throws when it has no cgroup. */
export function processesOf(containerId: string): ContainerProcess[] {
  return processIds(containerId).flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return [{ pid, state: stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) }];
    } catch {
      // It has ended in between.
      return [];
    }
  });
}

/** Tables of nftables by which holds keep clients out, in the network namespace of the container's pod. */
export function gateTables(containerId: string): string[] {
  const tables = execFileSync('nsenter', [`--net=/proc/${processOne(containerId)}/ns/net`, 'nft', 'list', 'tables'], { encoding: 'utf8' });
  return [...tables.matchAll(/stillpoint_gate_\S+/g)].map(([table]) => table);
}

/** Ids of holds on this host, of whichever cluster, whose state does not say that they are over, or whose guard still runs. */
export function openHolds(): string[] {
  const open = existsSync(holds) ? readdirSync(holds).filter((id) => !existsSync(join(holds, id, 'end', 'thawed'))) : [];
  const guards = [cgroups, ...readdirSync(cgroups).map((name) => join(cgroups, name))]
    .map((h) => join(h, 'stillpoint-guard', 'cgroup.procs'))
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n').filter((pid) => pid !== '').flatMap(guardedBy));
  return [...new Set([...open, ...guards])];
}

/** Those of one object. */
export function openHoldsOf(object: { readonly status?: { readonly holds?: readonly { readonly id: string }[] | undefined } | undefined } | undefined): string[] {
  const ids = new Set(object?.status?.holds?.map(({ id }) => id));
  return openHolds().filter((id) => ids.has(id));
}

/** The hold of a guard, which is its argument; none when it has ended meanwhile. */
function guardedBy(pid: string): string[] {
  try {
    const id = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[2];
    return id === undefined || id === '' ? [] : [id];
  } catch {
    return [];
  }
}

/** Resident memory of a process, bytes; 0 for one that is ending. Throws when there is none of this pid. */
export function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

/** Resident memory and processor time of a container: bytes and seconds since its start. */
export function usage(containerId: string): { residentBytes: number; cpuSeconds: number } {
  const directories = cgroupsOf(containerId);
  const read = (file: string): string | undefined => directories.map((d) => join(d, file)).filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'))[0];
  const nanos = read('cpuacct.usage');
  const micros = /usage_usec (\d+)/.exec(read('cpu.stat') ?? '')?.[1];
  const pids = (read('cgroup.procs') ?? '').split('\n').filter((pid) => pid !== '');
  const residentBytes = pids.map((pid) => residentOf(Number(pid))).reduce((a, b) => a + b, 0);
  return { residentBytes, cpuSeconds: nanos === undefined ? Number(micros ?? NaN) / 1e6 : Number(nanos) / 1e9 };
}
