import type { HoldersInput } from './plan-types.js';
import type { ClaimMount } from './claim-mounts.js';
import type { HolderPlan } from './window-types.js';
import type { FenceProgram } from './fence.js';
import { holdId } from './hold-id.js';

/** Where the holder of a container runs. */
export type Place = Pick<HolderPlan, 'id' | 'vantage' | 'node' | 'exec' | 'processName' | 'fence'>;

/** How a container that mounts claims of the copy is treated. */
export type Placement =
  | { readonly kind: 'freeze'; readonly place: Place }
  /** Its server runs on and keeps its clients from writing; its volumes are synced. */
  | { readonly kind: 'fence'; readonly place: Place }
  /** Its volumes are synced, it runs on. */
  | { readonly kind: 'sync'; readonly place: Place; readonly why: string }
  /** It runs on, and nothing can be said of its volumes. */
  | { readonly kind: 'none'; readonly why: string };

/** A mount and what is done about its container. */
export interface PlacedMount {
  readonly mount: ClaimMount;
  readonly placement: Placement;
}

type Application = HoldersInput['applications'][number];

/** Decides for one container. `why` ends with the way out. */
export function placementOf(mount: ClaimMount, input: HoldersInput): Placement {
  const { pod, container } = mount;
  const who = `Pod ${pod.metadata.name}, container ${container.name}`;
  const { nodeName } = pod;
  if (pod.metadata.deletionTimestamp !== undefined) return none(`${who} is terminating: wait until it is gone.`);
  if (nodeName === undefined || pod.phase !== 'Running') return none(`${who} is ${pod.phase} and could begin to write: wait until it runs.`);
  if (!container.running || container.containerId === undefined) return none(`${who} does not run and could start again at any time: repair it, or delete the pod.`);
  if (container.starting) return none(`${who} has not passed its startup probe, and a hold could make it fail: wait until it has.`);
  const app = input.applications.find((a) => a.detected.pods.includes(pod.metadata.name));
  const place = placeOf(mount, nodeName, app, input);
  const mode = app?.detected.mode;
  const unfrozen = mode === 'None' || mode === 'BackupAPI' || mode === 'Repository' ? `${who} is not frozen, since spec.applications sets mode ${mode} for ${app?.detected.name ?? ''}.` : undefined;
  if (typeof place === 'string') return none(unfrozen ?? `${who} cannot be held: ${place}.`);
  if (unfrozen === undefined) return { kind: place.fence === undefined ? 'freeze' : 'fence', place };
  return place.vantage === 'Node' ? { kind: 'sync', place, why: unfrozen } : none(unfrozen);
}

function none(why: string): Placement {
  return { kind: 'none', why };
}

/** The place, or why there is none. */
function placeOf(mount: ClaimMount, node: string, app: Application | undefined, input: HoldersInput): Place | string {
  const { vantage } = input.quiesce;
  const fence = serverOf(mount, app) && app?.detected.mode !== 'None' ? app?.preflight.fence : undefined;
  if (fence !== undefined) return fencePlace(mount, node, fence, app, input);
  const agent = vantage === 'Pod' ? undefined : input.agentOn(node);
  if (agent !== undefined) return { id: holdId(input.setId, { node }), vantage: 'Node', node, exec: agent };
  if (vantage === 'Node') return `spec.quiesce.vantage is Node and no agent is ready on node ${node}; install the agent there`;
  return podPlace(mount, node, app, input);
}

/** The commands of a fence use the container's own authentication, so that its holder always runs inside. */
function fencePlace(mount: ClaimMount, node: string, fence: FenceProgram, app: Application | undefined, input: HoldersInput): Place | string {
  if (input.quiesce.vantage === 'Node') return 'spec.quiesce.vantage is Node, and a fence is put on from inside the container; let it be Auto, or name a QuiesceProfile with hold Freeze';
  if (mount.block) return 'a raw block volume cannot be flushed from inside; name a QuiesceProfile with hold Freeze';
  return { ...inside(mount, node, input), processName: app?.preflight.processName ?? '', fence };
}

/** Is it the container of the application's server? */
function serverOf({ pod, container }: ClaimMount, app: Application | undefined): boolean {
  return app?.detected.container[pod.metadata.name] === container.name;
}

/** Inside the container only a server whose process name is known can be stopped, and only file systems can be synced. */
function podPlace(mount: ClaimMount, node: string, app: Application | undefined, input: HoldersInput): Place | string {
  const agentless = input.quiesce.vantage === 'Pod' ? 'spec.quiesce.vantage is Pod' : `no agent is ready on node ${node}`;
  const remedy = 'install the agent on that node and let spec.quiesce.vantage be Auto';
  const processName = serverOf(mount, app) ? (app?.preflight.processName ?? '') : '';
  if (processName === '') return `${agentless}, and from inside only the server of a known database can be stopped; ${remedy}`;
  if (mount.block) return `${agentless}, and a raw block volume cannot be flushed from inside; ${remedy}`;
  return { ...inside(mount, node, input), processName };
}

function inside({ pod, container }: ClaimMount, node: string, input: HoldersInput): Place {
  const podUid = pod.metadata.uid ?? '';
  return {
    id: holdId(input.setId, { pod: pod.metadata.name, podUid, container: container.name }),
    vantage: 'Pod',
    node,
    exec: { namespace: input.view.namespace, pod: pod.metadata.name, podUid, container: container.name },
  };
}
