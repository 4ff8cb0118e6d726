import { apiGroup } from '../api/common.js';
import { objectId, type CapturedObject } from './captured.js';
import { dropAt, editAt, list, record, valueAt, type Json } from './json.js';
import { kindKey, podSpecPath } from './pod-templates.js';

/** What of a capture is made in a drill, and what is left out, as `plural.group/name: why`. */
export interface DrillSelection {
  readonly kept: readonly CapturedObject[];
  readonly left: readonly string[];
}

/**
 * Kinds that a database needs to start and to be checked. Whatever is not here stays out: an object of a kind that nobody has thought of could act on what is
 * outside, by a controller that knows of no drill.
 */
const kept: ReadonlySet<string> = new Set([
  '/ConfigMap',
  '/Secret',
  '/ServiceAccount',
  '/Service',
  '/PersistentVolumeClaim',
  '/ReplicationController',
  '/Pod',
  'apps/StatefulSet',
  'apps/Deployment',
  'apps/ReplicaSet',
  `${apiGroup}/QuiesceProfile`,
]);

/** Why the others stay out, where there is more to be said than that they are not needed. */
const reasons: Readonly<Record<string, string>> = {
  '/ResourceQuota': 'the namespace of a drill has the quotas that its source has now',
  '/LimitRange': 'the namespace of a drill has the limits that its source has now',
  'networking.k8s.io/NetworkPolicy': 'a drill has its own, and every other would open it',
  'rbac.authorization.k8s.io/Role': 'nothing in a drill has rights',
  'rbac.authorization.k8s.io/RoleBinding': 'nobody gets rights in a drill',
  'networking.k8s.io/Ingress': 'nothing outside reaches a drill',
  '/Endpoints': 'a drill reaches nothing outside',
  'discovery.k8s.io/EndpointSlice': 'a drill reaches nothing outside',
  'batch/Job': 'it would act by itself',
  'batch/CronJob': 'it would act by itself',
  'apps/DaemonSet': 'it would run on every node',
  'autoscaling/HorizontalPodAutoscaler': 'it would act by itself',
  'policy/PodDisruptionBudget': 'a drill holds up no drain of a node',
};

/** Volumes that belong to the pod, or to a claim of the drill. Every other is shared with the original, which could be changed by it. */
const ownVolumes: ReadonlySet<string> = new Set(['persistentVolumeClaim', 'configMap', 'secret', 'emptyDir', 'projected', 'downwardAPI', 'ephemeral', 'image']);

/** Still read by the storage; every other annotation outside of pod templates speaks to a controller. */
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/**
 * The part of a configuration that is made in a drill, changed so that it stays within. `holdsData`: whether a workload makes pods whose volumes are in
 * the copy; others, such as clients, prove nothing of it, and would only look for what they cannot reach. Pure.
 */
export function forDrill(objects: readonly CapturedObject[], holdsData: (workload: CapturedObject) => boolean): DrillSelection {
  const why = objects.map((captured) => whyLeftOut(captured, holdsData));
  return {
    kept: objects.filter((_, i) => why[i] === undefined).map(tame),
    left: objects.flatMap((captured, i) => (why[i] === undefined ? [] : [`${objectId(captured)}: not in a drill: ${why[i]}`])),
  };
}

function whyLeftOut(captured: CapturedObject, holdsData: (workload: CapturedObject) => boolean): string | undefined {
  const { type, object } = captured;
  const key = kindKey(type);
  if (!kept.has(key)) return reasons[key] ?? 'a controller that knows of no drill could act on it';
  if (key === '/Service' && valueAt(object, ['spec', 'type']) === 'ExternalName') return 'a drill reaches nothing outside';
  const path = podSpecPath(type);
  if (path === undefined) return undefined;
  return holdsData(captured) ? whyNotRun(record(valueAt(object, path))) : 'it has no data in the copy';
}

function whyNotRun(pod: Json): string | undefined {
  const host = ['hostNetwork', 'hostPID', 'hostIPC'].find((field) => pod[field] === true);
  if (host !== undefined) return `its pods are not apart from their node (${host})`;
  const shared = list(pod['volumes']).map(record).find((volume) => Object.keys(volume).some((field) => field !== 'name' && !ownVolumes.has(field)));
  return shared === undefined ? undefined : `its pods mount ${String(shared['name'])}, which its original mounts as well`;
}

/** As it is made in a drill. */
function tame(captured: CapturedObject): CapturedObject {
  const { type } = captured;
  let object = editAt(captured.object, ['metadata', 'annotations'], (all) => Object.fromEntries(Object.entries(record(all)).filter(([name]) => name === classAnnotation)));
  if (kindKey(type) === '/Service') object = editAt(object, ['spec'], (spec) => inside(record(spec)));
  const path = podSpecPath(type);
  if (path !== undefined) object = editAt(object, path, (spec) => quiet(record(spec)));
  return { ...captured, object };
}

/** Addresses and ports that lead in from outside. */
const outside = ['externalIPs', 'externalTrafficPolicy', 'loadBalancerIP', 'loadBalancerClass', 'loadBalancerSourceRanges', 'allocateLoadBalancerNodePorts', 'healthCheckNodePort'];

function inside(spec: Json): Json {
  const own = Object.fromEntries(Object.entries(spec).filter(([field]) => !outside.includes(field)));
  return 'type' in own ? { ...own, type: 'ClusterIP' } : own;
}

/** Without a token, without a port of its node, and displacing nobody. */
function quiet(spec: Json): Json {
  let pod = Object.fromEntries(Object.entries(spec).filter(([field]) => field !== 'priorityClassName' && field !== 'priority' && field !== 'preemptionPolicy'));
  for (const containers of ['containers', 'initContainers']) pod = dropAt(pod, [containers, '*', 'ports', '*', 'hostPort']);
  return { ...pod, automountServiceAccountToken: false };
}
