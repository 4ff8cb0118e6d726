import type { HoldStatus } from '../../api/appsnapshot.js';
import { endHold, type EndDeps, type HoldEnd } from './end-hold.js';
import type { EndReason, HolderPlace } from './holder-input.js';

/** Where an agent runs. */
export interface AgentRef {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid: string;
  readonly container: string;
}

export interface EndHoldsDeps extends EndDeps {
  /** Namespace of the object whose status names the holds. */
  readonly namespace: string;
  /** The agent that runs on the node now, if any: it may be another one than when the hold began. */
  readonly agentOn: (node: string) => AgentRef | undefined;
  /** Default: takeover, for a new leader. */
  readonly why?: EndReason;
}

/**
 * Ends every hold that a status names and that is not known to be over, all in parallel. What is executed is the
 * holder's own command; from status come only the id and the place, and at vantage Node not even the place: the state
 * of a hold is on its node, so that whatever agent runs there now can end it.
 *
 * One answer a hold, in order; never rejects.
 */
export function endHolds(holds: readonly HoldStatus[], deps: EndHoldsDeps): Promise<HoldEnd[]> {
  return Promise.all(holds.map((hold) => endOne(hold, deps)));
}

async function endOne(hold: HoldStatus, deps: EndHoldsDeps): Promise<HoldEnd> {
  if (hold.state !== 'Intended') return { id: hold.id, state: 'ended', why: hold.endedBy ?? 'unknown', heldMillis: hold.heldMillis };
  const place = placeOf(hold, deps);
  if (place === undefined) return { id: hold.id, state: 'unknown', reason: `no agent runs on node ${hold.node ?? ''}` };
  return endHold(place, deps.why ?? 'takeover', deps);
}

function placeOf(hold: HoldStatus, deps: EndHoldsDeps): HolderPlace | undefined {
  const { id, vantage } = hold;
  if (vantage === 'Pod') return { id, vantage, exec: { namespace: deps.namespace, pod: hold.pod, container: hold.container } };
  const agent = hold.node === undefined ? undefined : deps.agentOn(hold.node);
  return agent === undefined ? undefined : { id, vantage, exec: agent };
}
