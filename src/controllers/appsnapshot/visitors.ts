import type { NamespaceView, PodView } from '../../hooks/view.js';
import { mountedClaims } from '../../hooks/workload.js';
import type { Cache } from '../../runtime/cache.js';

/** Pods that come while a window is open, also those that are gone before it closes: a comparison of before and after does not show them. */
export interface Visitors {
  /** By name of the claim, a pod that mounts it and that the plan did not know. */
  since(plan: NamespaceView): ReadonlyMap<string, string>;
  stop(): void;
}

/** Begins to note every pod of the namespace that comes or changes. Called before the plan is made, so that nobody comes in between. */
export function watchVisitors(pods: Pick<Cache<PodView>, 'subscribe'>, namespace: string): Visitors {
  const seen = new Map<string, PodView>();
  const stop = pods.subscribe((event) => {
    if (event.type === 'deleted' || event.object.metadata.namespace !== namespace) return;
    const { object } = event;
    if (object.metadata.uid !== undefined) seen.set(object.metadata.uid, object);
  }, { replay: false });
  return {
    since: (plan) => {
      const known = new Set(plan.pods.map((pod) => pod.metadata.uid));
      const others = [...seen.values()].filter((pod) => !known.has(pod.metadata.uid));
      return new Map(others.flatMap((pod) => [...mountedClaims(pod)].map((claim) => [claim, pod.metadata.name])));
    },
    stop,
  };
}
