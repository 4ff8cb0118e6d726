import type { Detected } from '../adapter.js';
import type { PlacedMount } from './placement.js';
import type { HoldersInput } from './plan-types.js';
import type { HolderPlan, HoldGate, HoldResult } from './window-types.js';

/**
 * Gates of the members of one holder: servers that are frozen and need time without clients before (3-stillness.md, 3.3).
 * None where none can be closed: at vantage Pod, and in pods that use the network of their node. Their containers share
 * the network, so a pod has one.
 */
export function gatesOf(members: readonly PlacedMount[], input: HoldersInput): HoldGate[] {
  const gates = new Map<string, HoldGate>();
  for (const { mount, placement } of members) {
    const { pod, container } = mount;
    if (placement.kind !== 'freeze' || placement.place.vantage !== 'Node' || pod.hostNetwork) continue;
    const app = input.applications.find((a) => a.detected.pods.includes(pod.metadata.name) && a.detected.container[pod.metadata.name] === container.name);
    if (app === undefined || app.preflight.settleMillis <= 0 || app.preflight.gatePorts.length === 0) continue;
    const podUid = pod.metadata.uid ?? '';
    const other = gates.get(podUid);
    gates.set(podUid, {
      pod: pod.metadata.name,
      podUid,
      container: other?.container ?? container.name,
      containerId: other?.containerId ?? container.containerId ?? '',
      ports: [...new Set([...(other?.ports ?? []), ...app.preflight.gatePorts])],
      settleMillis: Math.max(other?.settleMillis ?? 0, app.preflight.settleMillis),
    });
  }
  return [...gates.values()];
}

/** How long the servers of a window run on behind their gates: the longest that one of them needs, in ms; 0 without gates. */
export function settleOf(holders: readonly Pick<HolderPlan, 'gates'>[]): number {
  return Math.max(0, ...holders.flatMap((holder) => holder.gates ?? []).map((gate) => gate.settleMillis));
}

/**
 * How long every server of an application ran on without clients before it was frozen: the least over its holds, in ms,
 * as their holders measured it. A server without a gate, and a hold that is not known to be unbroken, make it 0.
 */
export function settledMillis(app: Pick<Detected, 'pods' | 'container'>, holders: readonly HolderPlan[], holds: readonly HoldResult[]): number {
  const results = new Map(holds.map((hold) => [hold.id, hold]));
  const settled = holders.flatMap((holder) => {
    const servers = holder.targets.filter((t) => t.freeze && app.pods.includes(t.pod) && app.container[t.pod] === t.container);
    const result = results.get(holder.id);
    const given = result?.unbroken === true ? (result.settledMillis ?? 0) : 0;
    return servers.map((server) => (holder.gates?.some((gate) => gate.podUid === server.podUid) === true ? given : 0));
  });
  return settled.length === 0 ? 0 : Math.min(...settled);
}
