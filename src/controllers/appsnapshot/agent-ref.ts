import type { AgentRef } from '../../hooks/hold/end-holds.js';
import { agentOn } from '../caches.js';
import type { OperatorDeps } from '../deps.js';

/** The agent that runs on a node now, as holders, `end` and `mounts` address it. */
export function agentRef(deps: Pick<OperatorDeps, 'caches' | 'agentNamespace'>, node: string): AgentRef | undefined {
  const pod = agentOn(deps.caches, node, deps.agentNamespace);
  const container = pod?.containers[0];
  if (pod?.metadata.uid === undefined || container === undefined) return undefined;
  return { namespace: deps.agentNamespace, pod: pod.metadata.name, podUid: pod.metadata.uid, container: container.name };
}
