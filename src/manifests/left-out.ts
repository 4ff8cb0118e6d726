import { apiGroup, labels } from '../api/common.js';
import type { KubeObject } from '../runtime/object.js';
import type { ResourceType } from '../runtime/resource.js';
import { list, record } from './json.js';
import { kindKey } from './pod-templates.js';

/** Groups of which nothing is configuration: our own kinds but for those below, snapshots (data), metrics and events (observations). */
const groupsLeftOut = new Set([apiGroup, 'snapshot.storage.k8s.io', 'groupsnapshot.storage.k8s.io', 'metrics.k8s.io', 'events.k8s.io']);

/** Kinds of ours that say how an application is, not what is done with it: a restore needs them. */
const kindsOfOursCaptured = new Set([`${apiGroup}/QuiesceProfile`]);

/** Kinds that the cluster itself writes. */
const kindsLeftOut = new Set(['/Event', 'coordination.k8s.io/Lease', 'apps/ControllerRevision', 'storage.k8s.io/CSIStorageCapacity']);

/** Kinds of which only those without an owner were written by somebody: the others are made anew by their owner, captured or not. */
const madeByOwner = new Set(['/Pod', 'apps/ReplicaSet', 'batch/Job', 'discovery.k8s.io/EndpointSlice']);

/** True when no object of this type is ever captured. */
export function isTypeLeftOut(type: ResourceType): boolean {
  return (groupsLeftOut.has(type.group) && !kindsOfOursCaptured.has(kindKey(type))) || kindsLeftOut.has(kindKey(type));
}

/** What deciding about one object needs to know of the others. */
export interface CaptureContext {
  /** Uids of everything that was listed. */
  readonly uids: ReadonlySet<string>;
  /** Names of the claims whose data is in the copy. */
  readonly memberClaims: ReadonlySet<string>;
  /** Names of Services with a selector: their Endpoints are made by the cluster. */
  readonly servicesWithSelector: ReadonlySet<string>;
}

/** Why the object is not configuration; undefined when it is. */
export function whyLeftOut(type: ResourceType, object: KubeObject, context: CaptureContext): string | undefined {
  const { metadata } = object;
  if (metadata.deletionTimestamp !== undefined) return 'being deleted';
  if (metadata.labels?.[labels.internal] !== undefined || metadata.labels?.[labels.capture] !== undefined) return 'made by Stillpoint';
  if (kindKey(type) === '/PersistentVolumeClaim') return context.memberClaims.has(metadata.name) ? undefined : 'its data is not in the copy';
  const owner = metadata.ownerReferences?.find((o) => o.controller === true);
  if (owner !== undefined) {
    if (owner.apiVersion.startsWith(`${apiGroup}/`)) return 'made by Stillpoint';
    if (madeByOwner.has(kindKey(type)) || context.uids.has(owner.uid)) return `made by ${owner.kind} ${owner.name}`;
  }
  return byKind[kindKey(type)]?.(object, context);
}

type Rule = (object: KubeObject, context: CaptureContext) => string | undefined;

const byKind: Readonly<Record<string, Rule>> = {
  '/ConfigMap': ({ metadata }) => (['kube-root-ca.crt', 'openshift-service-ca.crt'].includes(metadata.name) ? 'made by the cluster' : undefined),
  '/ServiceAccount': ({ metadata }) => (metadata.name === 'default' ? 'made by the cluster' : undefined),
  '/Secret': (object) => (object['type'] === 'kubernetes.io/service-account-token' ? 'token of a service account' : undefined),
  '/Service': ({ metadata }) => (metadata.name === 'kubernetes' && metadata.namespace === 'default' ? 'made by the cluster' : undefined),
  '/Endpoints': ({ metadata }, { servicesWithSelector }) => (servicesWithSelector.has(metadata.name) ? 'made by the cluster' : undefined),
  'discovery.k8s.io/EndpointSlice': ({ metadata }) =>
    (metadata.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '').endsWith('controller.k8s.io') ? 'made by the cluster' : undefined,
  'batch/Job': (object) =>
    list(record(object['status'])['conditions']).some((c) => ['Complete', 'Failed'].includes(String(record(c)['type'])) && record(c)['status'] === 'True')
      ? 'finished'
      : undefined,
  '/Pod': (object) => (['Succeeded', 'Failed'].includes(String(record(object['status'])['phase'])) ? 'finished' : undefined),
};
