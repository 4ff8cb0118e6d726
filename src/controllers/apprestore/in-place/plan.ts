import type { PreviousVolume, StoppedWorkload } from '../../../api/apprestore.js';
import type { AppRestore } from '../../../api/kinds.js';
import { gitOpsGuard } from '../../../manifests/gitops.js';
import { objectId } from '../../../manifests/captured.js';
import { inParallel } from '../../../runtime/in-parallel.js';
import { valueAt } from '../../../manifests/json.js';
import type { KubeObject } from '../../../runtime/object.js';
import { persistentVolumeClaims, persistentVolumes } from '../../../runtime/resource.js';
import { getOrUndefined } from '../../../runtime/get-or-undefined.js';
import type { OperatorDeps } from '../../deps.js';
import type { RestoreSource } from '../source.js';
import { targetAccount } from '../steps.js';
import { readRunning } from './running.js';
import { seenClaim, seenVolume } from './sight.js';
import { planStop } from './users.js';

/** What replacing the claims of a copy would do now, and what keeps it from being done. */
export interface InPlacePlan {
  readonly previousVolumes: readonly PreviousVolume[];
  readonly stopped: readonly StoppedWorkload[];
  /** Claims that are replaced, as entries of `status.plan.change`. */
  readonly change: readonly string[];
  /** Entries of `status.plan.refuse`. */
  readonly refuse: readonly string[];
}

/** Looks at what is there, as the account wherever it may; changes nothing. */
export async function planInPlace(object: AppRestore, { copy, set }: RestoreSource, deps: OperatorDeps): Promise<InPlacePlan> {
  const { namespace } = object.metadata;
  const client = deps.client.as(targetAccount(object));
  const names = set.claims.map(({ volume }) => volume.claim);
  const [live, running] = await Promise.all([readClaims(namespace, new Set(names), deps), readRunning(client, namespace, deps)]);
  const judged = await Promise.all(live.map((claim) => judge(claim, namespace, deps)));
  const copied = new Set([...set.configuration, ...set.gate].map(objectId));
  const stop = planStop(running, { namespace, claims: new Set(names), copied, all: object.spec.existing !== 'Skip' });
  const guard = gitOpsGuard(client);
  const touched = [...live.map((claim) => ({ id: idOf(claim), object: claim })), ...stop.workloads.map((workload) => ({ id: objectId(workload), object: workload.object }))];
  const managed = await inParallel(touched, async (one) => ({ id: one.id, why: await guard(one.object) }));
  const operators = copy.applications.flatMap(({ name, facts }) => (facts?.['managedBy'] === undefined ? [] : [`application ${name}: ${facts['managedBy']} manages it, and would fight for its pods and claims; restore by the means of that operator, or into another namespace`]));
  return {
    previousVolumes: judged.flatMap(({ previous }) => previous ?? []),
    stopped: stop.stopped,
    change: judged.flatMap(({ previous, size }) => (previous === undefined ? [] : [`persistentvolumeclaims/${previous.claim}: is replaced; volume ${previous.volume} (${size}, ${previous.reclaimPolicy}) is kept until spec.previousVolumes says otherwise`])),
    refuse: [...operators, ...judged.flatMap(({ why }) => why ?? []), ...stop.refuse, ...managed.flatMap(({ id, why }) => (why === undefined ? [] : [`${id}: ${why}`]))],
  };
}

async function readClaims(namespace: string, names: ReadonlySet<string>, { client }: Pick<OperatorDeps, 'client'>): Promise<KubeObject[]> {
  const { items } = await client.list(persistentVolumeClaims, { namespace });
  return items.filter(({ metadata }) => names.has(metadata.name));
}

interface Judged {
  readonly previous?: PreviousVolume;
  readonly size?: string;
  readonly why?: string;
}

/** A claim that is there can be replaced when it is bound, both ways and by uid, to a volume. */
async function judge(claim: KubeObject, namespace: string, { client }: Pick<OperatorDeps, 'client'>): Promise<Judged> {
  const { name } = claim.metadata;
  const refuse = (why: string): Judged => ({ why: `${idOf(claim)}: ${why}` });
  const { uid, volume: volumeName, phase, deleting } = seenClaim(claim);
  if (deleting) return refuse('is being deleted; wait until it is gone');
  const pod = claim.metadata.ownerReferences?.find((owner) => owner.controller === true && owner.kind === 'Pod');
  if (pod !== undefined) return refuse(`belongs to pod ${pod.name}, which makes it anew each time (an ephemeral volume)`);
  const object = phase === 'Bound' && volumeName !== undefined ? await getOrUndefined(client, persistentVolumes, { name: volumeName }) : undefined;
  if (object === undefined || volumeName === undefined) return refuse(`has no volume that could be kept (${phase}); delete it, then it is only filled`);
  const volume = seenVolume(object);
  if (volume.claim !== `${namespace}/${name}` || volume.claimUid !== uid) return refuse(`volume ${volumeName} is not bound to it by uid`);
  const reclaimPolicy = volume.reclaimPolicy as PreviousVolume['reclaimPolicy'];
  return { previous: { claim: name, claimUid: uid, volume: volumeName, volumeUid: volume.uid, reclaimPolicy, state: 'Bound' }, size: String(valueAt(object, ['spec', 'capacity', 'storage'])) };
}

function idOf({ metadata }: KubeObject): string {
  return `persistentvolumeclaims/${metadata.name}`;
}
