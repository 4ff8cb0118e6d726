import type { MoverJobState, MoverPod } from '../../movers/outcome.js';
import type { ServiceAccountRef } from '../../runtime/service-account.js';
import { podTrouble } from '../apprestore/pod-state.js';
import type { OperatorDeps } from '../deps.js';
import { lastWarning } from '../warnings.js';

/** What a mover that has not started waits for, in a sentence: a Job whose pods are refused, a volume that cannot be mounted, a node that is not found. */
export async function waitingFor(account: ServiceAccountRef, job: MoverJobState, pod: MoverPod | undefined, deps: Pick<OperatorDeps, 'client'>): Promise<string> {
  const warning = await lastWarning(account, pod === undefined ? job.metadata.uid : pod.metadata.uid, deps);
  const trouble = pod === undefined ? 'its pod is not there yet' : (podTrouble(pod as Parameters<typeof podTrouble>[0]) ?? 'starting');
  return `Job ${job.metadata.name}: ${trouble}${warning === undefined ? '' : ` (${warning})`}.`;
}
