import type { StoppedWorkload } from '../../../api/apprestore.js';
import type { PodView } from '../../../hooks/view.js';
import { isLive, mountedClaims, owningWorkload } from '../../../hooks/workload.js';
import { objectId, resourceName, type CapturedObject } from '../../../manifests/captured.js';
import { list, valueAt } from '../../../manifests/json.js';
import { scalableTypes } from '../../../manifests/order.js';
import { kindKey, podSpecPath } from '../../../manifests/pod-templates.js';
import type { KubeObject, OwnerReference } from '../../../runtime/object.js';

/** What runs in the namespace now, as far as it matters to who uses claims. */
export interface Running {
  /** Workloads of every kind that makes pods. */
  readonly workloads: readonly CapturedObject[];
  readonly pods: readonly PodView[];
  readonly autoscalers: readonly KubeObject[];
}

/** The claims that are replaced, and what the copy has. */
export interface Affected {
  readonly namespace: string;
  readonly claims: ReadonlySet<string>;
  /** Ids of the objects of the copy. */
  readonly copied: ReadonlySet<string>;
  /** Workloads of the copy are put to rest in any case: their configuration is applied. */
  readonly all: boolean;
}

/** What is stopped, and what keeps that from being done, as entries of `status.plan.refuse`. */
export interface StopPlan {
  /** Workloads that are scaled to zero, as they are now. */
  readonly workloads: readonly CapturedObject[];
  readonly stopped: readonly StoppedWorkload[];
  readonly refuse: readonly string[];
}

/** Who has to let go of the claims before they are replaced. Pure. */
export function planStop({ workloads, pods, autoscalers }: Running, affected: Affected): StopPlan {
  const using = workloads.filter((workload) => [...affected.claims].some((claim) => usesClaim(workload, claim)));
  const refused = using.flatMap((workload) => {
    const why = whyNotStopped(workload, affected);
    return why === undefined ? [] : [{ workload, text: `${objectId(workload)}: ${why}` }];
  });
  const ours = workloads.filter((workload) => isScalable(workload) && affected.copied.has(objectId(workload)) && (affected.all || using.includes(workload)));
  const stops = ours.filter((workload) => replicasOf(workload) > 0 && !refused.some((r) => r.workload === workload));
  const named = new Set([...ours, ...refused.map(({ workload }) => workload)].map(({ type, object }) => `${type.kind}/${object.metadata.name}`));
  const suspended = affected.all ? workloads.filter((workload) => isRunningCronJob(workload) && affected.copied.has(objectId(workload))) : [];
  return {
    workloads: stops,
    stopped: [...stops.map((workload) => ({ ...nameOf(workload), replicas: replicasOf(workload) })), ...suspended.map(nameOf)],
    refuse: [...refused.map(({ text }) => text), ...pods.flatMap((pod) => podRefused(pod, affected, named)), ...autoscalers.flatMap((scaler) => scalerRefused(scaler, stops))],
  };
}

/** Whether the pods of a workload mount a claim, by its template. Pure. */
export function usesClaim({ type, object }: CapturedObject, claim: string): boolean {
  const spec = podSpecPath(type);
  if (spec === undefined) return false;
  const named = list(valueAt(object, [...spec, 'volumes'])).some((volume) => valueAt(volume, ['persistentVolumeClaim', 'claimName']) === claim);
  const templates = kindKey(type) === 'apps/StatefulSet' ? list(valueAt(object, ['spec', 'volumeClaimTemplates'])) : [];
  return named || templates.some((template) => isOrdinal(claim, `${String(valueAt(template, ['metadata', 'name']))}-${object.metadata.name}-`));
}

function isOrdinal(claim: string, prefix: string): boolean {
  return claim.startsWith(prefix) && /^\d+$/.test(claim.slice(prefix.length));
}

/** Why a workload that uses a claim cannot be stopped and started by the restore; undefined when it can, or makes no pods now. */
function whyNotStopped(workload: CapturedObject, { copied, namespace }: Affected): string | undefined {
  const { type, object } = workload;
  const { name } = object.metadata;
  switch (kindKey(type)) {
    case 'apps/DaemonSet':
      return 'uses a claim of the copy and cannot be scaled to zero; delete it first';
    case 'batch/CronJob':
      return isRunningCronJob(workload) ? `uses a claim of the copy and would begin in the middle; suspend it first: kubectl -n ${namespace} patch cronjob ${name} -p '{"spec":{"suspend":true}}'` : undefined;
    case 'batch/Job':
      return isOver(object) || valueAt(object, ['spec', 'suspend']) === true ? undefined : 'uses a claim of the copy and cannot be scaled to zero; wait until it has ended, or delete it';
    default:
  }
  const owner = controllerOf(object.metadata.ownerReferences);
  // Its owner is looked at itself.
  if (!isScalable(workload) || owner?.kind === 'Deployment' || replicasOf(workload) === 0) return undefined;
  if (owner !== undefined) return `uses a claim of the copy and belongs to ${owner.kind} ${owner.name}, whose controller would scale it up again; restore by the means of that controller, or into another namespace`;
  return copied.has(objectId(workload)) ? undefined : `uses a claim of the copy, which does not have this workload; scale it to zero first: kubectl -n ${namespace} scale ${type.kind.toLowerCase()}/${name} --replicas=0`;
}

/** A pod that would keep a claim from going, and that none of the workloads named so far takes away. */
function podRefused(pod: PodView, { claims, copied }: Affected, named: ReadonlySet<string>): string[] {
  const claim = [...mountedClaims(pod)].find((name) => claims.has(name));
  const { kind, name } = owningWorkload(pod);
  if (claim === undefined || named.has(`${kind}/${name}`)) return [];
  const id = `pods/${pod.metadata.name}`;
  if (pod.metadata.deletionTimestamp !== undefined) return [`${id}: uses claim ${claim} and is being deleted; wait until it is gone`];
  const again = copied.has(id) ? ', the restore makes it again' : '';
  const makers = kind === 'Pod' ? 'no workload that can be scaled to zero' : `${kind} ${name}, which cannot be scaled to zero`;
  const what = isLive(pod) ? `uses claim ${claim} and belongs to ${makers}` : `has ended and still has claim ${claim}`;
  return [`${id}: ${what}; delete it first${again}`];
}

/** The autoscaler of Kubernetes leaves alone what has zero replicas, unless zero is within its range; KEDA does not. */
function scalerRefused(scaler: KubeObject, stops: readonly CapturedObject[]): string[] {
  const target = stops.find(({ type, object }) => valueAt(scaler, ['spec', 'scaleTargetRef', 'kind']) === type.kind && valueAt(scaler, ['spec', 'scaleTargetRef', 'name']) === object.metadata.name);
  if (target === undefined) return [];
  const { name, ownerReferences, namespace = '' } = scaler.metadata;
  const id = `horizontalpodautoscalers.autoscaling/${name}`;
  const owner = controllerOf(ownerReferences);
  if (owner?.kind === 'ScaledObject') return [`${id}: KEDA would scale ${objectId(target)} up again; pause it first: kubectl -n ${namespace} annotate scaledobject ${owner.name} autoscaling.keda.sh/paused=true`];
  return valueAt(scaler, ['spec', 'minReplicas']) === 0 ? [`${id}: would scale ${objectId(target)} up again, because its minReplicas is 0; delete it first, the restore makes it again if the copy has it`] : [];
}

function isScalable({ type }: CapturedObject): boolean {
  return Object.hasOwn(scalableTypes, resourceName(type));
}

/** Replicas that a workload asks for. Pure. */
function replicasOf({ object }: CapturedObject): number {
  const replicas = valueAt(object, ['spec', 'replicas']);
  return typeof replicas === 'number' ? replicas : 1;
}

function isRunningCronJob({ type, object }: CapturedObject): boolean {
  return kindKey(type) === 'batch/CronJob' && valueAt(object, ['spec', 'suspend']) !== true;
}

function isOver(job: KubeObject): boolean {
  return list(valueAt(job, ['status', 'conditions'])).some((c) => ['Complete', 'Failed'].includes(String(valueAt(c, ['type']))) && valueAt(c, ['status']) === 'True');
}

function controllerOf(owners: readonly OwnerReference[] | undefined): OwnerReference | undefined {
  return owners?.find((owner) => owner.controller === true);
}

function nameOf({ type, object }: CapturedObject): { readonly resource: string; readonly name: string } {
  return { resource: resourceName(type), name: object.metadata.name };
}
