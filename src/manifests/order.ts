import { apiGroup } from '../api/common.js';
import type { ResourceType } from '../runtime/resource.js';
import { resourceName, type CapturedObject } from './captured.js';
import { editAt, record } from './json.js';
import { kindKey } from './pod-templates.js';
import { isTypeLeftOut } from './left-out.js';

/** A workload that was put to rest and what it takes to start it as it was. */
export interface ScaledWorkload {
  /** `plural.group`. */
  readonly resource: string;
  readonly name: string;
  readonly replicas: number;
}

/** The objects of a capture in the order and state in which a restore makes them. */
export interface RestoreOrder {
  /** First: configuration, claims, and workloads at rest (zero replicas, suspended), in order of `rank`. */
  readonly first: readonly CapturedObject[];
  /** Started by the restore once fix-ups are done. Only those that had replicas. */
  readonly scaled: readonly ScaledWorkload[];
  /**
   * After the checks (the readiness gate), in order: what would act on its own before. Pods without an owner and
   * DaemonSets, which cannot be at rest; autoscalers, which would start others; Jobs and CronJobs that were
   * not suspended, in their original state, to be applied over the suspended ones.
   */
  readonly gate: readonly CapturedObject[];
  /** Never made, with the reason, as `plural.group/name: why`. */
  readonly never: readonly string[];
}

/** What others need comes first. Kinds that are not named come between workloads and routes, custom resources after all built-in kinds. */
const ranks: readonly string[] = [
  '/ResourceQuota',
  '/LimitRange',
  '/ServiceAccount',
  'rbac.authorization.k8s.io/Role',
  'rbac.authorization.k8s.io/RoleBinding',
  '/Secret',
  '/ConfigMap',
  'networking.k8s.io/NetworkPolicy',
  'policy/PodDisruptionBudget',
  '/PersistentVolumeClaim',
  '/Service',
  '/PodTemplate',
  'apps/StatefulSet',
  'apps/Deployment',
  'apps/ReplicaSet',
  '/ReplicationController',
  'apps/DaemonSet',
  'batch/CronJob',
  'batch/Job',
  '/Pod',
];
const otherBuiltIn = ranks.length;
const routes = ranks.length + 1;
const custom = ranks.length + 2;

const routeKinds = new Set(['networking.k8s.io/Ingress', '/Endpoints', 'discovery.k8s.io/EndpointSlice']);
/** These make others run or scale them: only after the gate. */
const autoscalers = new Set(['autoscaling/HorizontalPodAutoscaler', 'autoscaling.k8s.io/VerticalPodAutoscaler', 'keda.sh/ScaledObject', 'keda.sh/ScaledJob']);

/** Workloads with `spec.replicas`, by `plural.group`. */
export const scalableTypes: Readonly<Record<string, ResourceType>> = Object.fromEntries(
  [
    { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true },
    { group: 'apps', version: 'v1', plural: 'statefulsets', kind: 'StatefulSet', namespaced: true },
    { group: 'apps', version: 'v1', plural: 'replicasets', kind: 'ReplicaSet', namespaced: true },
    { group: '', version: 'v1', plural: 'replicationcontrollers', kind: 'ReplicationController', namespaced: true },
  ].map((type) => [resourceName(type), type]),
);
const suspendable = new Set(['batch/Job', 'batch/CronJob']);
const atGateOnly = new Set(['/Pod', 'apps/DaemonSet']);

/** Place of an object in the order of a restore. */
export function rank({ type }: CapturedObject): number {
  const key = kindKey(type);
  const place = ranks.indexOf(key);
  if (place >= 0) return place;
  if (routeKinds.has(key)) return routes;
  // Groups of Kubernetes itself have no dot, or end in k8s.io; the API convention reserves the latter for approved ones.
  return !type.group.includes('.') || type.group.endsWith('.k8s.io') ? otherBuiltIn : custom;
}

/** Decides order and state of everything. Pure. */
export function orderForRestore(objects: readonly CapturedObject[]): RestoreOrder {
  const first: CapturedObject[] = [];
  const gate: CapturedObject[] = [];
  const scaled: ScaledWorkload[] = [];
  const never: string[] = [];
  for (const captured of [...objects].sort((a, b) => rank(a) - rank(b))) {
    const key = kindKey(captured.type);
    const spec = record(captured.object['spec']);
    if (captured.type.group === apiGroup && isTypeLeftOut(captured.type)) {
      never.push(`${resourceName(captured.type)}/${captured.object.metadata.name}: objects of Stillpoint are never restored`);
    } else if (Object.hasOwn(scalableTypes, resourceName(captured.type))) {
      const replicas = typeof spec['replicas'] === 'number' ? spec['replicas'] : 1;
      first.push(withSpec(captured, { replicas: 0 }));
      if (replicas > 0) scaled.push({ resource: resourceName(captured.type), name: captured.object.metadata.name, replicas });
    } else if (suspendable.has(key)) {
      first.push(withSpec(captured, { suspend: true }));
      if (spec['suspend'] !== true) gate.push(withSpec(captured, { suspend: false }));
    } else if (autoscalers.has(key) || atGateOnly.has(key)) {
      gate.push(captured);
    } else {
      first.push(captured);
    }
  }
  return { first, scaled, gate, never };
}

/** The claims of a restore, and everything else. */
export function splitClaims(objects: readonly CapturedObject[]): { claims: CapturedObject[]; others: CapturedObject[] } {
  const isClaim = ({ type }: CapturedObject): boolean => kindKey(type) === '/PersistentVolumeClaim';
  return { claims: objects.filter(isClaim), others: objects.filter((o) => !isClaim(o)) };
}

function withSpec(captured: CapturedObject, fields: Readonly<Record<string, unknown>>): CapturedObject {
  const object = editAt(captured.object, ['spec'], (spec) => ({ ...record(spec), ...fields }));
  return { ...captured, object };
}
