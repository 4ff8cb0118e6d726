import type { KubeObject } from '../../runtime/object.js';

interface RawState {
  waiting?: { reason?: string; message?: string };
  terminated?: { exitCode?: number; reason?: string; message?: string };
}

interface RawContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  state?: RawState & { running?: unknown };
  lastState?: RawState;
}

/** The part of a pod that says how it is doing. */
export interface RawPod extends KubeObject {
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    initContainerStatuses?: RawContainerStatus[];
    containerStatuses?: RawContainerStatus[];
  };
}

/** How a step's pod is doing. */
export type FixupState =
  | { readonly kind: 'running'; readonly why: string }
  | { readonly kind: 'succeeded' }
  /** The program itself ended with another code than 0: it refuses. */
  | { readonly kind: 'refused'; readonly exitCode: number }
  /** Something else ended the pod: the step is repeated. */
  | { readonly kind: 'lost'; readonly why: string };

/** Pure. */
export function fixupState(pod: RawPod): FixupState {
  const terminated = pod.status?.containerStatuses?.[0]?.state?.terminated;
  switch (pod.status?.phase) {
    case 'Succeeded':
      return { kind: 'succeeded' };
    case 'Failed': {
      const exitCode = terminated?.exitCode;
      // A pod that was evicted or ran into its deadline names a reason of its own; codes above 128 are signals.
      if (pod.status.reason === undefined && exitCode !== undefined && exitCode > 0 && exitCode <= 128) return { kind: 'refused', exitCode };
      return { kind: 'lost', why: `${pod.status.reason ?? terminated?.reason ?? 'Failed'}${pod.status.message === undefined ? '' : `: ${pod.status.message}`}` };
    }
    default:
      return { kind: 'running', why: podTrouble(pod) ?? 'starting' };
  }
}

/** What keeps a pod from being ready, in a phrase; undefined when it is ready. Pure. */
export function podTrouble(pod: RawPod): string | undefined {
  const { conditions = [], initContainerStatuses = [], containerStatuses = [], phase } = pod.status ?? {};
  if (pod.metadata.deletionTimestamp !== undefined) return 'is being deleted';
  const troubles = [...initContainerStatuses.filter((c) => c.ready !== true), ...containerStatuses].flatMap((c) => containerTrouble(c) ?? []);
  if (troubles.length > 0) return troubles.join(', ');
  const scheduled = conditions.find((c) => c.type === 'PodScheduled');
  if (scheduled?.status === 'False') return `cannot be scheduled: ${scheduled.message ?? scheduled.reason ?? ''}`;
  const ready = conditions.find((c) => c.type === 'Ready');
  return ready?.status === 'True' ? undefined : (ready?.message ?? phase ?? 'Pending');
}

/** The container that ended and is started again and again; its previous log says why. Pure. */
export function crashedContainer(pod: RawPod): string | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  return [...initContainerStatuses, ...containerStatuses].find((c) => c.ready !== true && c.state?.waiting?.reason === 'CrashLoopBackOff')?.name;
}

function containerTrouble(c: RawContainerStatus): string | undefined {
  if (c.ready === true) return undefined;
  const ended = c.state?.terminated ?? c.lastState?.terminated;
  const last = ended === undefined ? '' : `, last ended with ${ended.exitCode ?? '?'} (${ended.reason ?? 'unknown'})${ended.message === undefined ? '' : `: ${ended.message.trim().slice(-500)}`}`;
  const waiting = c.state?.waiting;
  if (waiting !== undefined) return `${c.name} ${waiting.reason ?? 'waiting'}${waiting.message === undefined ? '' : `: ${waiting.message.slice(0, 500)}`}${last}`;
  if (c.state?.terminated?.exitCode === 0) return undefined;
  return `${c.name} ${c.state?.terminated === undefined ? 'runs but is not ready' : 'ended'}${last}`;
}
