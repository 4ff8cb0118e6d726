import type { AppSnapshot } from '../../api/kinds.js';
import { isLive, mountedClaims } from '../../hooks/workload.js';
import { findCondition } from '../../runtime/conditions.js';
import { keyText } from '../../runtime/object.js';
import type { Caches } from '../caches.js';
import { later, onChange, type StepResult } from '../step.js';
import type { WindowRequest } from '../window-admission.js';
import type { WindowLine } from '../window-line.js';
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

/** Says once that it waits; the line wakes it. A new leader's first second is not worth saying. */
export async function waitForTurn(writer: SnapshotWriter, line: Pick<WindowLine, 'limits' | 'listens'>): Promise<StepResult> {
  if (line.listens()) return later(1);
  const { global, perDriver, perNode } = line.limits;
  const reason = 'WaitingForTurn';
  if (findCondition(writer.object.status?.conditions, 'Ready')?.reason === reason) return onChange;
  const message = `Waiting for its turn: at most ${global} windows are open at a time, ${perDriver} for one driver, ${perNode} on one node, and 1 in a namespace. Nothing is held meanwhile.`;
  await writer.write({}, { kind: 'working', reason, message });
  return onChange;
}
