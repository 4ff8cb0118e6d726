import type { ExecTarget } from '../../runtime/exec.js';
import { fenceWords } from './fence.js';
import type { HolderPlan, WindowLimits } from './window-types.js';

/** Path of the holder in the agent's image. */
const nodeHolder = '/stillpoint/holder';
/** `$0` of the holder in a member's container, for people who look at its processes. */
const podHolder = 'stillpoint-holder';

/** Who may end a hold from outside, and why. */
export type EndReason = 'takeover' | 'sweep' | 'abort';

/** Where a holder of this id is, or was, run. */
export interface HolderPlace {
  readonly id: string;
  readonly vantage: 'Node' | 'Pod';
  readonly exec: { readonly namespace: string; readonly pod: string; readonly container: string };
}

/**
 * The exec that starts a hold. At vantage Pod the program itself is an argument (nothing of ours is in that image) and
 * the limits, the server's process name and the mount paths follow it; at vantage Node they come as {@link holdSpec}.
 */
export function holdCommand(plan: HolderPlan, limits: WindowLimits, podProgram: string): ExecTarget {
  const { namespace, pod, container } = plan.exec;
  return { namespace, pod, container, command: plan.vantage === 'Node' ? [nodeHolder, plan.id, 'hold'] : podHold(plan, limits, podProgram) };
}

function podHold(plan: HolderPlan, limits: WindowLimits, podProgram: string): string[] {
  if (plan.processName === undefined) throw new Error(`hold ${plan.id} at vantage Pod has no process name`);
  const paths = plan.volumes.map((volume) => volume.path);
  if (plan.fence !== undefined) return ['sh', '-c', podProgram, podHolder, plan.id, 'fence', String(limits.ttlMillis), String(limits.maxMillis), plan.processName, ...fenceWords(plan.fence), 'volumes', ...paths];
  return ['sh', '-c', podProgram, podHolder, plan.id, 'hold', String(limits.ttlMillis), String(limits.maxMillis), plan.processName, ...paths];
}

/** The exec that ends a hold from outside. It may be repeated. */
export function endCommand(place: HolderPlace, why: EndReason, podProgram: string): ExecTarget {
  const { namespace, pod, container } = place.exec;
  const program = place.vantage === 'Node' ? [nodeHolder] : ['sh', '-c', podProgram, podHolder];
  return { namespace, pod, container, command: [...program, place.id, 'end', why] };
}

/** First line on stdin at vantage Node, where targets and volumes do not fit into argv; undefined at vantage Pod. */
export function holdSpec(plan: HolderPlan, limits: WindowLimits): string | undefined {
  if (plan.vantage === 'Pod') return undefined;
  return JSON.stringify({
    version: 1,
    ttlMillis: limits.ttlMillis,
    maxMillis: limits.maxMillis,
    targets: plan.targets.map((t) => ({ ref: `${t.pod}/${t.container}`, podUid: t.podUid, containerId: t.containerId, freeze: t.freeze })),
    volumes: plan.volumes.map((v) => ({
      ref: v.claimUid,
      podUid: v.podUid,
      containerId: v.containerId,
      ...(v.block ? { devicePath: v.path, block: true } : { mountPath: v.path }),
    })),
    ...(plan.gates === undefined ? {} : { gates: plan.gates.map((g) => ({ ref: `${g.pod}/${g.container}`, podUid: g.podUid, containerId: g.containerId, ports: g.ports })) }),
  });
}

/** How a holder is named in messages for people. */
export function holderName(plan: HolderPlan): string {
  return plan.vantage === 'Node' ? `Holder on node ${plan.node}` : `Holder in pod ${plan.exec.pod}, container ${plan.exec.container}`;
}
