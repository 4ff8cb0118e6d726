import { claimMounts, mounterOf, type ClaimMount } from './claim-mounts.js';
import { claimHolds } from './claim-holds.js';
import { gatesOf, settleOf } from './gates.js';
import { holdLimits } from './hold-limits.js';
import { placementOf, type Place, type PlacedMount, type Placement } from './placement.js';
import type { HoldersInput, HoldersPlan, PlanBlocker } from './plan-types.js';
import type { HolderPlan, HoldTarget, HoldVolume } from './window-types.js';

export type { HoldersPlan } from './plan-types.js';

/**
 * Plans who is held: every container, sidecars included, of every pod that mounts a claim of the copy read-write
 * (3-stillness.md, 3.2). One holder a node at vantage Node, one a container at vantage Pod. Pure; same input, same plan.
 */
export function planHolders(input: HoldersInput): HoldersPlan {
  const plan = planWithGates(input);
  if (plan.blockers.length === 0 || !input.applications.some((a) => a.preflight.settleOptional === true)) return plan;
  const without = planWithGates({ ...input, applications: input.applications.map(withoutOptionalGate) });
  return without.blockers.length === 0 ? without : plan;
}

/** Held all the same; what its server would have needed then caps the grade. */
function withoutOptionalGate(app: HoldersInput['applications'][number]): HoldersInput['applications'][number] {
  return app.preflight.settleOptional === true ? { ...app, preflight: { ...app.preflight, gatePorts: [] } } : app;
}

function planWithGates(input: HoldersInput): HoldersPlan {
  const all = claimMounts(input.view, input.claims);
  // What has ended for good writes no more; that it stays so is compared after the release.
  const mounts = all.filter((m) => !m.container.ended);
  const placed = mounts.map((mount): PlacedMount => ({ mount, placement: readerOrWriter(mount, mounts, input) }));
  const frozen = distinctContainers(placed.filter((p) => p.placement.kind === 'freeze').map((p) => p.mount));
  const fenced = placed.filter((p) => p.placement.kind === 'fence').map((p) => p.mount.pod.metadata.name);
  const holders = holdersOf(placed, input);
  const { limits, softLimits, blockers } = holdLimits(input, { frozen, fenced, settleMillis: settleOf(holders) });
  return { holders, claims: claimHolds(input, all, placed, holders), limits, softLimits, blockers: [...blockers, ...refusedFreezes(placed, input)] };
}

/** A container that mounts claims of the copy only to read is left alone; where an agent runs its view is synced. */
function readerOrWriter(mount: ClaimMount, all: readonly ClaimMount[], input: HoldersInput): Placement {
  const own = all.filter((m) => m.container === mount.container);
  // One decision a container: what keeps one of its claims from being held keeps all of them.
  const placements = own.map((m) => placementOf(m, input));
  const placement = placements.find((p) => p.kind === 'none') ?? placementOf(mount, input);
  if (own.some((m) => !m.readOnly) || placement.kind === 'none') return placement;
  const why = `Pod ${mount.pod.metadata.name}, container ${mount.container.name} only reads.`;
  return placement.place.vantage === 'Node' ? { kind: 'sync', place: placement.place, why } : { kind: 'none', why };
}

function distinctContainers(mounts: readonly ClaimMount[]): ClaimMount[] {
  return [...new Map(mounts.map((mount) => [mounterOf(mount), mount])).values()];
}

function holdersOf(placed: readonly PlacedMount[], input: HoldersInput): HolderPlan[] {
  const groups = new Map<string, { place: Place; members: PlacedMount[] }>();
  for (const member of placed) {
    if (member.placement.kind === 'none') continue;
    const { place } = member.placement;
    const group = groups.get(place.id) ?? { place, members: [] };
    group.members.push(member);
    groups.set(place.id, group);
  }
  return [...groups.values()]
    .map(({ place, members }): HolderPlan => {
      const gates = gatesOf(members, input);
      return { ...place, targets: targetsOf(members, input), volumes: volumesOf(members), ...(gates.length === 0 ? {} : { gates }) };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Containers that mount to write, each once. */
function targetsOf(members: readonly PlacedMount[], input: HoldersInput): HoldTarget[] {
  const writers = new Map(members.filter((m) => !m.mount.readOnly).map((m) => [mounterOf(m.mount), m]));
  return [...writers.values()].map(({ mount: { pod, container }, placement }) => ({
    pod: pod.metadata.name,
    podUid: pod.metadata.uid ?? '',
    container: container.name,
    containerId: container.containerId ?? '',
    applications: input.applications.filter((a) => a.detected.pods.includes(pod.metadata.name)).map((a) => a.detected.name),
    freeze: placement.kind !== 'sync',
  }));
}

/** Each claim once a holder: its containers share the page cache of their node. */
function volumesOf(members: readonly PlacedMount[]): HoldVolume[] {
  const volumes = new Map<string, HoldVolume>();
  for (const { mount } of [...members].sort((a, b) => Number(a.mount.readOnly) - Number(b.mount.readOnly))) {
    const claimUid = mount.claim.metadata.uid ?? '';
    if (volumes.has(claimUid)) continue;
    volumes.set(claimUid, { claimUid, podUid: mount.pod.metadata.uid ?? '', containerId: mount.container.containerId ?? '', path: mount.path, block: mount.block });
  }
  return [...volumes.values()];
}

/** Mode Freeze asks in words for what the plan cannot give. */
function refusedFreezes(placed: readonly PlacedMount[], input: HoldersInput): PlanBlocker[] {
  const refused = placed.flatMap(({ mount, placement }) => {
    const app = input.applications.find((a) => a.detected.pods.includes(mount.pod.metadata.name));
    return placement.kind === 'none' && !mount.readOnly && app?.detected.mode === 'Freeze' ? [`${placement.why} ${app.detected.name} has mode Freeze in spec.applications.`] : [];
  });
  return [...new Set(refused)].map((message) => ({ code: 'HoldNotPossible', message }));
}
