import { apiGroup } from '../api/common.js';
import { objectId, type CapturedObject } from './captured.js';
import { dropAt, editAt, list, record, valueAt, type Json } from './json.js';
import { kindKey, podSpecPath } from './pod-templates.js';

/** What of a capture is made in a drill, and what is left out, as `plural.group/name: why`. */
export interface DrillSelection {
  readonly kept: readonly CapturedObject[];
  readonly left: readonly string[];
  /** Of those: workloads whose pods have data in the copy, which is thereby not proven. */
  readonly unproven: readonly string[];
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
  const looked = objects.map((captured) => ({ captured, why: whyLeftOut(captured, holdsData) }));
  const kept = looked.flatMap(({ captured, why }) => (why === undefined ? [captured] : []));
  const left = looked.flatMap(({ captured, why }) => (why === undefined ? [] : [{ captured, said: `${objectId(captured)}: not in a drill: ${why}` }]));
  return {
    kept: kept.map(tame),
    left: [...left.map(({ said }) => said), ...kept.flatMap(droppedNetworks)],
    unproven: left.filter(({ captured }) => podSpecPath(captured.type) !== undefined && holdsData(captured)).map(({ said }) => said),
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
  if (path === undefined) return { ...captured, object };
  object = editAt(object, path, (spec) => quiet(record(spec)));
  object = editAt(object, [...path.slice(0, -1), 'metadata', 'annotations'], (all) => Object.fromEntries(Object.entries(record(all)).filter(([name]) => !attachesNetwork(name))));
  // What waits for a controller of the original would hold the namespace back when it is to go.
  for (const made of [path.slice(0, -1), ['spec', 'volumeClaimTemplates', '*'], [...path, 'volumes', '*', 'ephemeral', 'volumeClaimTemplate']]) object = dropAt(object, [...made, 'metadata', 'finalizers']);
  return { ...captured, object };
}

/** Whether an annotation of a pod asks for another network, in which no NetworkPolicy of the drill holds: of any plugin, or of Multus instead of the cluster's. */
function attachesNetwork(annotation: string): boolean {
  return /^(([^/]+\.)?cni\.cncf\.io|v1\.multus-cni\.io)\//.test(annotation);
}

function droppedNetworks(captured: CapturedObject): string[] {
  const path = podSpecPath(captured.type);
  const names = path === undefined ? [] : Object.keys(record(valueAt(captured.object, [...path.slice(0, -1), 'metadata', 'annotations']))).filter(attachesNetwork);
  return names.length === 0 ? [] : [`${objectId(captured)}: made without annotation ${names.join(', ')} of its pods: a drill has no other network`];
}

/** Addresses and ports that lead in from outside. */
const outside = ['externalIPs', 'externalTrafficPolicy', 'loadBalancerIP', 'loadBalancerClass', 'loadBalancerSourceRanges', 'allocateLoadBalancerNodePorts', 'healthCheckNodePort'];

function inside(spec: Json): Json {
  const own = Object.fromEntries(Object.entries(spec).filter(([field]) => !outside.includes(field)));
  return 'type' in own ? { ...own, type: 'ClusterIP' } : own;
}

/** What a pod may take to end. A longer time would keep the namespace, and with it the place of the drill, when all is over. */
const longestGraceSeconds = 60;

/** Parts of a projected volume by which a pod shows who it is, or trusts others. */
const identities = ['serviceAccountToken', 'clusterTrustBundle', 'podCertificate'];

/** Without a token, without a port of its node, displacing nobody, and gone within a minute. */
function quiet(spec: Json): Json {
  let pod = Object.fromEntries(Object.entries(spec).filter(([field]) => field !== 'priorityClassName' && field !== 'priority' && field !== 'preemptionPolicy'));
  for (const containers of ['containers', 'initContainers']) {
    pod = dropAt(pod, [containers, '*', 'ports', '*', 'hostPort']);
    for (const probe of ['livenessProbe', 'startupProbe']) pod = editAt(pod, [containers, '*', probe, 'terminationGracePeriodSeconds'], atMostGrace);
  }
  pod = editAt(pod, ['terminationGracePeriodSeconds'], atMostGrace);
  pod = editAt(pod, ['volumes', '*'], (volume) => anonymous(record(volume)));
  return { ...pod, automountServiceAccountToken: false };
}

function atMostGrace(seconds: unknown): unknown {
  return typeof seconds === 'number' && seconds <= longestGraceSeconds ? seconds : longestGraceSeconds;
}

/** A projected volume of which nothing else is left is there, and empty. */
function anonymous(volume: Json): Json {
  const sources = list(valueAt(volume, ['projected', 'sources']));
  const others = sources.filter((source) => !Object.keys(record(source)).some((field) => identities.includes(field)));
  if (others.length === sources.length) return volume;
  if (others.length > 0) return editAt(volume, ['projected', 'sources'], () => others);
  return { name: volume['name'], emptyDir: {} };
}
