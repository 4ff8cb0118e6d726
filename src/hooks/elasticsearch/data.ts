import { fail } from '../../api/errors.js';
import type { AdapterContext, Blocker } from '../adapter.js';
import { locate, type DataPath, type Located } from '../data-paths.js';
import type { Node } from './node.js';
import { pathsProgram } from './programs.js';

/** Where a node keeps what the copy must hold. */
export interface NodeData {
  readonly pod: string;
  /** As the node names them. */
  readonly paths: readonly string[];
  /** Claims under them. */
  readonly claims: readonly string[];
  readonly blockers: readonly Blocker[];
}

/** Resolves the data paths of a node inside its container and finds their claims. Throws AppError ApplicationNotReady. */
export async function findData(node: Node, paths: readonly string[], context: Pick<AdapterContext, 'view' | 'claims'>): Promise<NodeData> {
  if (paths.length === 0) throw fail('ApplicationNotReady', `The node in pod ${node.pod} does not say where its data is: wait until it has joined its cluster.`);
  const located = await findPaths(node, paths.map((path, i) => ({ what: `data path ${i}`, path })), context);
  return { pod: node.pod, paths, claims: Object.values(located.claims), blockers: located.blockers };
}

/** The same for any paths that the node names. */
export async function findPaths(node: Node, asked: readonly DataPath[], context: Pick<AdapterContext, 'view' | 'claims'>): Promise<Located> {
  const pod = context.view.pods.find((p) => p.metadata.name === node.pod);
  const container = pod?.containers.find((c) => c.name === node.container);
  if (pod === undefined || container?.running !== true) throw fail('ApplicationNotReady', `Pod ${node.pod} has no running container ${node.container}.`);
  const mounts = container.mounts.map((m) => m.mountPath);
  const paths = asked.map(({ path }) => path);
  const resolved = await node.lines(pathsProgram, [...paths, ...mounts]);
  if (resolved.length !== paths.length + mounts.length || resolved.some((path) => !path.startsWith('/'))) {
    throw fail('ApplicationNotReady', `The paths of the data in pod ${node.pod} could not be resolved: ${paths.join(', ')}`);
  }
  const found = asked.map(({ what }, i) => ({ what, path: resolved[i] ?? '' }));
  return locate(found, pod, container, new Map(mounts.map((mount, i) => [mount, resolved[paths.length + i] ?? mount])), context.claims);
}
