import type { CapturedObject } from '../../../manifests/captured.js';
import { inParallel } from '../../../runtime/in-parallel.js';
import { scalableTypes } from '../../../manifests/order.js';
import type { Client } from '../../../runtime/client.js';
import { jobs, pods, type ResourceType } from '../../../runtime/resource.js';
import type { OperatorDeps } from '../../deps.js';
import { projectPod } from '../../views.js';
import type { Running } from './users.js';

const others: readonly ResourceType[] = [
  { group: 'apps', version: 'v1', plural: 'daemonsets', kind: 'DaemonSet', namespaced: true },
  { group: 'batch', version: 'v1', plural: 'cronjobs', kind: 'CronJob', namespaced: true },
  jobs,
];
const autoscalers: ResourceType = { group: 'autoscaling', version: 'v2', plural: 'horizontalpodautoscalers', kind: 'HorizontalPodAutoscaler', namespaced: true };

/** Everything in a namespace that makes pods, and its pods. `client` acts as the account, which sees what it may see: whatever it may not list is an error. */
export async function readRunning(client: Client, namespace: string, deps: Pick<OperatorDeps, 'client'>): Promise<Running> {
  const types = [...Object.values(scalableTypes), ...others];
  const [workloads, live, scalers] = await Promise.all([
    inParallel(types, async (type) => (await client.list(type, { namespace })).items.map((object): CapturedObject => ({ type, object }))),
    deps.client.list(pods, { namespace }),
    client.list(autoscalers, { namespace }),
  ]);
  return { workloads: workloads.flat(), pods: live.items.map((pod) => projectPod(pod)), autoscalers: scalers.items };
}
