import type { StoppedWorkload } from '../../../api/apprestore.js';
import type { AppRestore } from '../../../api/kinds.js';
import { scaleWorkload } from '../../../manifests/apply.js';
import type { ScaledWorkload } from '../../../manifests/order.js';
import { isNotFound } from '../../../runtime/api-error.js';
import type { Client } from '../../../runtime/client.js';
import type { ResourceType } from '../../../runtime/resource.js';
import type { OperatorDeps } from '../../deps.js';
import { targetAccount } from '../steps.js';

const cronJobs: ResourceType = { group: 'batch', version: 'v1', plural: 'cronjobs', kind: 'CronJob', namespaced: true };

/** Scales to zero, as the account, what was running before and what the restore has started. Does not wait. */
export async function putToRest(object: AppRestore, deps: Pick<OperatorDeps, 'client'>): Promise<void> {
  const client = deps.client.as(targetAccount(object));
  for (const workload of workloadsToRest(object)) await unlessGone(() => scaleWorkload(client, object.metadata.namespace, { ...workload, replicas: 0 }));
}

/** Pure. */
export function workloadsToRest({ status }: AppRestore): ScaledWorkload[] {
  const all = [...(status?.stopped ?? []).filter(hasReplicas), ...(status?.scaled ?? [])];
  return [...new Map(all.map((workload) => [`${workload.resource}/${workload.name}`, workload])).values()];
}

/** What ran before runs again, as the account, with the replicas that it had. Resolves with what is gone and cannot. */
export async function startAgain(object: AppRestore, deps: Pick<OperatorDeps, 'client'>): Promise<string[]> {
  const client = deps.client.as(targetAccount(object));
  const gone: string[] = [];
  for (const workload of object.status?.stopped ?? []) if (!(await unlessGone(() => start(client, object.metadata.namespace, workload)))) gone.push(`${workload.resource}/${workload.name}`);
  return gone;
}

async function start(client: Client, namespace: string, workload: StoppedWorkload): Promise<void> {
  if (hasReplicas(workload)) await scaleWorkload(client, namespace, workload);
  else await client.mergePatch(cronJobs, { namespace, name: workload.name }, { spec: { suspend: false } });
}

function hasReplicas(workload: StoppedWorkload): workload is StoppedWorkload & ScaledWorkload {
  return workload.replicas !== undefined;
}

/** False: the object is not there. */
async function unlessGone(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return false;
  }
}
