import type { AdapterContext } from '../adapter.js';
import { succeeded } from '../programs.js';
import type { PodView } from '../view.js';
import type { Server } from './connection.js';
import type { SocketDirectory } from './data.js';
import type { Instance } from './facts.js';
import { processesProgram } from './programs.js';

/** Names of the server's own processes. */
const serverNames: ReadonlySet<string> = new Set(['postgres', 'postmaster']);
/** First processes of a container that do nothing but start one other and reap. */
const inits: ReadonlySet<string> = new Set(['tini', 'tini-static', 'dumb-init', 'docker-init', 'catatonit']);
/** Others that a sentence names. */
const mostNamed = 4;

/**
 * Why clients of a server could be acknowledged although its port is closed, within a sentence each; empty when no way
 * was found. A gate stops TCP, loopback included, and no unix socket: so none may be used now, none may be within reach
 * of another container, and nothing but the server may have been started in its own. Whoever is let in from outside
 * (`kubectl exec`, a probe) is seen while its session lasts.
 */
export async function ungatedClients(server: Server, { inspection, data }: Pick<Instance, 'inspection' | 'data'>, context: AdapterContext): Promise<string[]> {
  const pod = context.view.pods.find((p) => p.metadata.name === server.pod);
  if (pod === undefined) return [`pod ${server.pod} is gone`];
  const { localClients, role } = inspection;
  const sessions = localClients === 0 ? [] : [`${localClients} of its sessions ${localClients === 1 ? 'is' : 'are'} on a unix socket, or hidden from the role ${role}`];
  // Without a socket nobody can be on it.
  if (data.socketDirectories?.length === 0) return sessions;
  return [...sessions, ...socketReach(pod, server.container, data.socketDirectories), ...(await residents(server))];
}

/** Ways to the sockets from outside of the server's container. Pure. */
export function socketReach(pod: PodView, container: string, directories: readonly SocketDirectory[] | undefined): string[] {
  if (directories === undefined) return ['the role used may not read unix_socket_directories (grant it pg_monitor)'];
  const shared = pod.shareProcessNamespace ? [`the containers of pod ${pod.metadata.name} see each other's processes (shareProcessNamespace)`] : [];
  return [...shared, ...directories.flatMap((directory) => directoryReach(pod, container, directory))];
}

function directoryReach(pod: PodView, container: string, { path, volume }: SocketDirectory): string[] {
  const name = pod.metadata.name;
  if (!path.startsWith('/')) return [`its socket ${path} is not in a directory of its container`];
  if (volume === undefined) return [];
  if (!pod.emptyDirs.includes(volume)) return [`its socket directory ${path} is on the volume ${volume} of pod ${name}, which others may mount too`];
  const others = pod.containers.filter((other) => other.name !== container && !other.ended && other.mounts.some((m) => m.volume === volume));
  return others.map((other) => `container ${other.name} of pod ${name} mounts the volume ${volume} of its socket directory ${path}`);
}

async function residents(server: Server): Promise<string[]> {
  const result = await server.run(processesProgram, []);
  const lines = result.stdout.split('\n').filter((line) => line !== '');
  const whole = succeeded(result) && !result.truncated && lines.at(-1) === 'end';
  const others = whole ? otherProcesses(lines) : undefined;
  if (others === undefined) return [`the processes beside it in pod ${server.pod} cannot be seen`];
  return others.length === 0 ? [] : [`${others.slice(0, mostNamed).join(', ')} ${others.length === 1 ? 'runs' : 'run'} beside it in its container, and may use its unix socket`];
}

interface Process {
  readonly parent: string;
  readonly name: string;
}

/**
 * What the container itself has started beside the server, by name, each once; undefined when its first process is not
 * among the lines. Children of the server (an archive command) belong to it. What was let in from outside has no parent
 * here and is not counted. Pure.
 */
export function otherProcesses(lines: readonly string[]): string[] | undefined {
  const processes = new Map(
    lines.flatMap((line): [string, Process][] => {
      const [, pid, parent, name] = /^process (\d+) (\d+) (.+)$/.exec(line) ?? [];
      return pid === undefined || parent === undefined || name === undefined ? [] : [[pid, { parent, name }]];
    }),
  );
  if (!processes.has('1')) return undefined;
  const others = [...processes.keys()].filter((pid) => isOther(pid, processes));
  return [...new Set(others.map((pid) => processes.get(pid)?.name ?? ''))].sort();
}

function isOther(pid: string, processes: ReadonlyMap<string, Process>): boolean {
  if (pid === '1' && inits.has(processes.get(pid)?.name ?? '')) return false;
  let at = pid;
  // No chain is longer; one that was read while pids were used again could run in a circle.
  for (let steps = 0; steps <= processes.size; steps++) {
    const process = processes.get(at);
    // Without a parent it came from outside; when the parent has ended since, it is not known whose it is.
    if (process === undefined) return at !== '0';
    if (serverNames.has(process.name)) return false;
    if (at === '1') return true;
    at = process.parent;
  }
  return true;
}
