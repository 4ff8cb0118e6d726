import type { AppRestore } from '../../api/kinds.js';
import { objectId, type Capture, type CapturedObject } from '../../manifests/captured.js';
import { forDrill, type DrillSelection } from '../../manifests/drill.js';
import { orderForRestore, splitClaims, type ScaledWorkload } from '../../manifests/order.js';
import type { ClaimFill } from '../../manifests/rewrite.js';
import { importedName } from '../../snapshots/import.js';
import { snapshotGroup } from '../../snapshots/names.js';
import type { CopiedVolume, Copy } from './copy.js';
import { placementOf, podSource, type Placement } from './pod-source.js';
import { rewrittenObjects } from './rewritten.js';
import { isElsewhere } from './steps.js';

/** One claim that is filled from the copy. */
export interface RestoredClaim {
  readonly volume: CopiedVolume;
  /** As it is applied in the target. */
  readonly captured: CapturedObject;
  /** Where the pod runs that uses it. */
  readonly placement: Placement;
}

/** Everything that a restore makes, as it is applied in the target namespace. */
export interface RestoreSet {
  readonly claims: readonly RestoredClaim[];
  /** Before the start, workloads at rest. */
  readonly configuration: readonly CapturedObject[];
  /** Workloads to start. */
  readonly scaled: readonly ScaledWorkload[];
  /** After the checks: what runs by itself. */
  readonly gate: readonly CapturedObject[];
  /** Left out, with the reason. */
  readonly never: readonly string[];
  /** In a drill: what holds data of the copy and is not run, with the reason. */
  readonly unproven: readonly string[];
  /** What of `spec.rewrite` cannot be done with this copy, with the reason. */
  readonly refused: readonly string[];
}

/** Rewrites the configuration of the copy for the target and splits it by when it is made. `drill`: the target is the namespace of a drill. Pure. */
export function restoreSet(object: AppRestore, copy: Copy, capture: Capture | undefined, drill = false): RestoreSet {
  const { what } = object.spec;
  const fills = new Map(copy.volumes.map((volume) => [volume.claim, fill(object, volume)]));
  const objects = capture?.objects ?? [];
  const { kept, left, unproven } = drill ? drilled(copy, objects) : { kept: objects, left: [], unproven: [] };
  const { objects: rewritten, refused } = rewrittenObjects(object, copy, kept, fills);
  const ordered = orderForRestore(rewritten);
  const order = { ...ordered, never: [...ordered.never, ...left] };
  const all = splitClaims(order.first);
  const own = (o: CapturedObject): boolean => fills.has(o.object.metadata.name);
  const claims = copy.volumes.flatMap((volume) =>
    all.claims.filter((c) => c.object.metadata.name === volume.claim).map((captured) => ({ volume, captured, placement: placementOf(volume.pods, rewritten) })),
  );
  if (what === 'Volumes') return { claims, configuration: [], scaled: [], gate: [], never: [], unproven, refused };
  const others = [...all.claims.filter((c) => !own(c)), ...all.others];
  if (what === 'All') return { claims, configuration: others, scaled: order.scaled, gate: order.gate, never: order.never, unproven, refused };
  return { ...configurationOnly(rewritten, { ...order, kept: new Set([...others, ...order.gate].map(objectId)) }), unproven, refused };
}

/** The part of a configuration that a drill makes. Volumes whose pods nothing of the copy makes stand beside workloads that are left out: nobody mounts either. */
function drilled(copy: Copy, objects: readonly CapturedObject[]): DrillSelection {
  const selection = forDrill(objects, makesMembers(copy, objects));
  const unmade = copy.volumes.filter(({ pods }) => pods.length > 0 && pods.every((pod) => podSource(pod, objects) === undefined));
  return { ...selection, unproven: [...selection.unproven, ...unmade.map(({ claim, pods }) => `claim ${claim}: nothing in a drill makes its pods (${pods.join(', ')})`)] };
}

/** Whether a workload of the copy makes a pod whose volumes are in it, or that is part of one of its applications. */
function makesMembers({ applications, volumes }: Copy, objects: readonly CapturedObject[]): (workload: CapturedObject) => boolean {
  const pods = [...applications.flatMap((a) => (a.members ?? []).map((m) => m.pod)), ...volumes.flatMap((v) => v.pods)];
  const makers = new Set(pods.flatMap((pod) => podSource(pod, objects)?.workload ?? []));
  return (workload) => makers.has(workload);
}

/** Without data there is nothing to prepare: every object in the state of the copy, so that what runs is not stopped. */
function configurationOnly(rewritten: readonly CapturedObject[], order: { scaled: readonly ScaledWorkload[]; never: readonly string[]; kept: ReadonlySet<string> }): Omit<RestoreSet, 'unproven' | 'refused'> {
  return { claims: [], configuration: rewritten.filter((o) => order.kept.has(objectId(o))), scaled: order.scaled, gate: [], never: order.never };
}

function fill(object: AppRestore, { uid, content, restoreSize }: CopiedVolume): ClaimFill {
  // A mover fills it when it is there.
  if (content.kind === 'repository') return { dataSource: undefined, restoreSize };
  const name = content.kind === 'retained' || isElsewhere(object) ? importedName(object.metadata.uid, uid) : content.snapshot;
  return { dataSource: { apiGroup: snapshotGroup, kind: 'VolumeSnapshot', name }, restoreSize };
}
