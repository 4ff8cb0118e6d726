import type { PodView } from '../../hooks/view.js';
import { owningWorkload } from '../../hooks/workload.js';
import { scalableTypes, type ScaledWorkload } from '../../manifests/order.js';

/** Pods of a workload that are there to stay. Pure. */
export function podsOf(workload: Pick<ScaledWorkload, 'resource' | 'name'>, pods: readonly PodView[]): PodView[] {
  const kind = scalableTypes[workload.resource]?.kind;
  return pods.filter((pod) => {
    const owner = owningWorkload(pod);
    return pod.metadata.deletionTimestamp === undefined && owner.kind === kind && owner.name === workload.name;
  });
}

/** A running pod all of whose containers are ready. Pure. */
export function isReady(pod: PodView): boolean {
  return pod.phase === 'Running' && pod.metadata.deletionTimestamp === undefined && pod.containers.length > 0 && pod.containers.every((c) => c.ready);
}

/** Workloads that do not have their ready pods yet. Pure. */
export function unready(scaled: readonly ScaledWorkload[], pods: readonly PodView[]): ScaledWorkload[] {
  return scaled.filter((workload) => podsOf(workload, pods).filter(isReady).length < workload.replicas);
}
