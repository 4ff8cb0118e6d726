import { fail } from '../../api/errors.js';
import type { AdapterContext, Blocker } from '../adapter.js';
import { locate, type DataPath } from '../data-paths.js';
import type { ContainerView, PodView } from '../view.js';
import type { Configuration } from './configuration.js';
import type { Node } from './node.js';
import { pathsProgram } from './programs.js';

/** Where a node keeps what the copy must hold: what → claim. */
export interface FoundData {
  readonly claims: Readonly<Record<string, string>>;
  readonly blockers: readonly Blocker[];
}

/** Resolves the directories of a node inside its container and finds their claims. Throws AppError ApplicationNotReady. */
export async function findData(node: Node, { directories }: Configuration, context: AdapterContext): Promise<FoundData> {
  const { pod, container } = containerIn(context, node);
  const mounts = container.mounts.map((m) => m.mountPath);
  const asked = [...directories.map((d) => d.path), ...mounts];
  const { resolved, links } = parsePaths(await node.lines('The look at the paths of the data', pathsProgram, [String(directories.length), ...asked]));
  if (asked.some((_, i) => resolved[i] === undefined)) throw fail('ApplicationNotReady', `The paths of the data in pod ${node.pod} could not be resolved.`);
  const paths: DataPath[] = [...directories.map((d, i) => ({ what: d.what, path: resolved[i] ?? '' })), ...links.map(({ from, to }) => ({ what: `link ${from}`, path: to }))];
  return locate(paths, pod, container, new Map(mounts.map((path, i) => [path, resolved[directories.length + i] ?? path])), context.claims);
}

/** What the program of the paths printed. Pure. */
export function parsePaths(lines: readonly string[]): { resolved: readonly string[]; links: readonly { from: string; to: string }[] } {
  const resolved: string[] = [];
  const links: { from: string; to: string }[] = [];
  for (const line of lines) {
    const [, kind, name = '', path = ''] = /^(path|link) (\S+) (\/.*)$/.exec(line) ?? [];
    if (kind === 'path') resolved[Number(name)] = path;
    if (kind === 'link') links.push({ from: name, to: path });
  }
  return { resolved, links };
}

function containerIn({ view }: AdapterContext, node: Node): { pod: PodView; container: ContainerView } {
  const pod = view.pods.find((p) => p.metadata.name === node.pod);
  const container = pod?.containers.find((c) => c.name === node.container);
  if (pod !== undefined && container?.running === true) return { pod, container };
  throw fail('ApplicationNotReady', `Pod ${node.pod} has no running container ${node.container}.`);
}
