import { fail } from '../../api/errors.js';
import type { AdapterContext, Blocker } from '../adapter.js';
import type { ContainerView, PodView } from '../view.js';
import { succeeded, whyNot } from '../programs.js';
import type { Server } from './connection.js';
import type { Inspection } from './inspection.js';
import { locate, volumeUnder, type DataPath } from '../data-paths.js';
import { pathsProgram } from './programs.js';

/** Where a server keeps what the copy must hold. */
export interface FoundData {
  readonly dataDirectory: string;
  readonly walDirectory: string;
  /** What → claim. */
  readonly claims: Readonly<Record<string, string>>;
  /** Configuration files that the pod brings, not the copy. */
  readonly configurationOutside: readonly string[];
  /** Where its unix sockets are, each with the volume of the pod that holds it, if one does; undefined when the role may not know. */
  readonly socketDirectories: readonly SocketDirectory[] | undefined;
  readonly blockers: readonly Blocker[];
}

/** A directory as the server names it. `@…` is an abstract name, which is in no directory. */
export interface SocketDirectory {
  readonly path: string;
  readonly volume: string | undefined;
}

interface Asked {
  readonly what: string;
  readonly path: string;
}

/** Resolves data directory, WAL, tablespaces and links inside the container and finds their claims. Throws AppError ApplicationNotReady. */
export async function findData(server: Server, inspection: Inspection, context: AdapterContext): Promise<FoundData> {
  const { pod, container } = containerIn(context, server);
  const data = inspection.settings['data_directory']?.setting;
  if (data === undefined) {
    throw fail('ApplicationNotReady', `The role ${inspection.role} may not read data_directory in pod ${server.pod}: grant it pg_monitor, or name a Secret of a role that may.`);
  }
  const asked: Asked[] = [
    { what: 'data directory', path: data },
    { what: 'WAL directory', path: `${data}/pg_wal` },
    // A tablespace in place (allow_in_place_tablespaces) has a path below the data directory.
    ...inspection.tablespaces.map((t) => ({ what: `tablespace ${t.name}`, path: t.location.startsWith('/') ? t.location : `${data}/${t.location}` })),
  ];
  const files = ['config_file', 'hba_file', 'ident_file'].flatMap((name) => inspection.settings[name]?.setting ?? []).filter((path) => path !== '');
  const mounts = container.mounts.map((m) => m.mountPath);
  const given = inspection.settings['unix_socket_directories']?.setting;
  const sockets = directoriesIn(given ?? '');
  const { resolved, links } = await resolve(server, data, [...asked.map((a) => a.path), ...files, ...mounts, ...sockets.filter(isPath)]);
  const at = (index: number): string => resolved[index] ?? '';
  const paths: DataPath[] = [...asked.map((a, i) => ({ what: a.what, path: at(i) })), ...foreignLinks(links, at(0))];
  const mountPaths = new Map(mounts.map((path, i) => [path, at(asked.length + files.length + i)]));
  const located = locate(paths, pod, container, mountPaths, context.claims);
  const configurationOutside = files.filter((_, i) => locate([{ what: '', path: at(asked.length + i) }], pod, container, mountPaths, context.claims).blockers.length > 0);
  const socketsFrom = asked.length + files.length + mounts.length;
  const volumes = new Map(sockets.filter(isPath).map((path, i) => [path, volumeUnder(at(socketsFrom + i), container, mountPaths)]));
  const socketDirectories = given === undefined ? undefined : sockets.map((path) => ({ path, volume: volumes.get(path) }));
  return { dataDirectory: data, walDirectory: at(1), claims: located.claims, configurationOutside, socketDirectories, blockers: located.blockers };
}

/** The entries of a list as the server prints it: quoted where they have to be. */
function directoriesIn(list: string): string[] {
  return list.split(',').map((entry) => entry.trim().replace(/^"(.*)"$/, '$1')).filter((entry) => entry !== '');
}

function isPath(entry: string): boolean {
  return entry.startsWith('/');
}

/** Links out of the data directory that are not its WAL: somebody moved a part of it. Configuration is looked at on its own. */
function foreignLinks(links: ReadonlyMap<string, string>, data: string): DataPath[] {
  return [...links].filter(([name, target]) => name !== 'pg_wal' && !name.endsWith('.conf') && !target.startsWith(`${data}/`)).map(([name, path]) => ({ what: `link ${name}`, path }));
}

function containerIn(context: AdapterContext, server: Server): { pod: PodView; container: ContainerView } {
  const pod = context.view.pods.find((p) => p.metadata.name === server.pod);
  const container = pod?.containers.find((c) => c.name === server.container);
  if (pod !== undefined && container?.running === true) return { pod, container };
  throw fail('ApplicationNotReady', `Pod ${server.pod} has no running container ${server.container}.`);
}

async function resolve(server: Server, data: string, paths: readonly string[]): Promise<{ resolved: string[]; links: Map<string, string> }> {
  const result = await server.run(pathsProgram, [data, ...paths]);
  const lines = result.stdout.split('\n').filter((line) => line !== '');
  const resolved: string[] = [];
  const links = new Map<string, string>();
  for (const line of lines) {
    const [, kind, name, path] = /^(path|link) (\S+) (\/.*)$/.exec(line) ?? [];
    if (kind === 'path' && path !== undefined) resolved[Number(name)] = path;
    if (kind === 'link' && name !== undefined && path !== undefined) links.set(name, path);
  }
  const whole = lines.at(-1) === 'end' && !result.truncated && paths.every((_, i) => resolved[i] !== undefined);
  if (succeeded(result) && whole) return { resolved, links };
  throw fail('ApplicationNotReady', `The paths of the data in pod ${server.pod} could not be resolved: ${whyNot(result)}`);
}
