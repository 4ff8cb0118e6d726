import type { AppSnapshot } from '../../api/kinds.js';
import { isLive, mountedClaims } from '../../hooks/workload.js';
import { findCondition } from '../../runtime/conditions.js';
import { keyText } from '../../runtime/object.js';
import type { Caches } from '../caches.js';
import { onChange, type StepResult } from '../step.js';
import type { WindowLimits, WindowRequest } from '../window-admission.js';
import { selection } from './gather.js';
import type { SnapshotWriter } from './steps.js';

/** What the window of an AppSnapshot will need a share of, as far as the caches show it: the plan comes when its turn has come. */
export function windowRequest(object: AppSnapshot, caches: Caches): WindowRequest {
  const { view, selected } = selection(object, caches);
  const names = new Set(selected.map((claim) => claim.metadata.name));
  const pods = view.pods.filter((pod) => isLive(pod) && [...mountedClaims(pod)].some((claim) => names.has(claim)));
  return {
    key: keyText(object.metadata),
    since: Date.parse(object.metadata.creationTimestamp),
    namespace: object.metadata.namespace,
    drivers: distinct(selected.map((claim) => claim.driver)),
    nodes: distinct(pods.map((pod) => pod.nodeName)),
  };
}

function distinct(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** Says once that it waits; the line wakes it. */
export async function waitForTurn(writer: SnapshotWriter, { global, perDriver, perNode }: WindowLimits): Promise<StepResult> {
  const reason = 'WaitingForTurn';
  if (findCondition(writer.object.status?.conditions, 'Ready')?.reason === reason) return onChange;
  const message = `Waiting for its turn: at most ${global} windows are open at a time, ${perDriver} for one driver, ${perNode} on one node, and 1 in a namespace. Nothing is held meanwhile.`;
  await writer.write({}, { kind: 'working', reason, message });
  return onChange;
}
