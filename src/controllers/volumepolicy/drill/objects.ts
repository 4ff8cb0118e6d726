import { annotations, apiGroup, apiVersion, labels } from '../../../api/common.js';
import type { AppRestore, VolumePolicy } from '../../../api/kinds.js';
import type { DrillStatus } from '../../../api/volumepolicy.js';
import type { KubeObject } from '../../../runtime/object.js';
import type { DrillSettings } from '../../deps.js';

/** The one role that the operator may bind, and the name of what it makes in a drill's namespace. */
export const drillRole = 'stillpoint-drill';

const podSecurity = 'pod-security.kubernetes.io/enforce';
const podSecurityVersion = `${podSecurity}-version`;

type Labels = Readonly<Record<string, string>>;

/**
 * The labels of a drill's namespace. Pod Security is `baseline` at least, whatever the source has: nothing of a drill runs in the network, with the
 * files or with the privileges of its node. Of the others only those go along that an admin has named: network policies elsewhere may select by them.
 */
export function drillLabels(policyUid: string, source: Labels, copied: readonly string[]): Record<string, string> {
  const restricted = source[podSecurity] === 'restricted';
  const version = source[podSecurityVersion];
  return {
    ...Object.fromEntries(copied.flatMap((key) => (source[key] === undefined ? [] : [[key, source[key]]]))),
    [labels.drill]: policyUid,
    [podSecurity]: restricted ? 'restricted' : 'baseline',
    ...(restricted && version !== undefined ? { [podSecurityVersion]: version } : {}),
  };
}

/** The namespace of a drill. */
export function drillNamespace({ metadata }: VolumePolicy, name: string, source: Labels, copied: readonly string[]): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: drillLabels(metadata.uid, source, copied), annotations: { [annotations.drillOf]: `${metadata.namespace}/${metadata.name}` } } };
}

/** Lets the operator work there, as itself and as the account. */
export function drillBinding(namespace: string, account: string, operator: DrillSettings['operator']): KubeObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: drillRole, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: drillRole },
    subjects: [
      { kind: 'ServiceAccount', name: operator.name, namespace: operator.namespace },
      { kind: 'ServiceAccount', name: account, namespace },
    ],
  };
}

/** Nobody has a token of it: it is a name to act under. */
export function drillServiceAccount(namespace: string, account: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace }, automountServiceAccountToken: false };
}

/** Pods of the drill reach each other, and name resolution; nothing else, and nobody else reaches them. It holds where the network enforces NetworkPolicies. */
export function drillNetworkPolicy(namespace: string, dnsNamespace: string): KubeObject {
  const each = { podSelector: {} };
  const ports = [53, 5353].flatMap((port) => ['UDP', 'TCP'].map((protocol) => ({ port, protocol })));
  // Where names are answered by a cache on each node it has this address in every cluster.
  const dns = { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': dnsNamespace } } }, { ipBlock: { cidr: '169.254.20.10/32' } }], ports };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: drillRole, namespace },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [each] }], egress: [{ to: [each] }, dns] },
  };
}

/** The cluster itself refuses what would be reachable from outside. */
export function drillQuota(namespace: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: drillRole, namespace }, spec: { hard: { 'services.loadbalancers': '0', 'services.nodeports': '0' } } };
}

/** A fence of the source, ResourceQuota or LimitRange, as it stands in the drill's namespace; never under the name of one of ours. */
export function copiedFence(object: KubeObject, kind: string, namespace: string): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name: `source-${object.metadata.name}`.slice(0, 253), namespace }, spec: object['spec'] };
}

/** What the restore of a drill reads. A target is read in the namespace of the policy: no Secret of it gets into the drill (docs/design/0012-drills.md). Pure. */
export function drillSource({ copy, target, recoveryPoint }: Pick<DrillStatus, 'copy' | 'target' | 'recoveryPoint'>): AppRestore['spec']['from'] {
  return target === undefined ? { appSnapshotRef: { name: copy } } : { targetRef: { name: target }, recoveryPoint, staged: true };
}

/** The restore of a drill. It goes with its policy. */
export function drillRestore({ metadata, spec }: VolumePolicy, drill: DrillStatus, account: string): KubeObject {
  const { storageClasses } = spec.protection?.verify ?? {};
  return {
    apiVersion: `${apiGroup}/${apiVersion}`,
    kind: 'AppRestore',
    metadata: {
      name: drill.namespace,
      namespace: metadata.namespace,
      labels: { [labels.drill]: metadata.uid },
      ownerReferences: [{ apiVersion: `${apiGroup}/${apiVersion}`, kind: 'VolumePolicy', name: metadata.name, uid: metadata.uid }],
    },
    spec: {
      serviceAccountName: spec.serviceAccountName,
      from: drillSource(drill),
      into: { namespace: drill.namespace, serviceAccountName: account },
      ...(storageClasses === undefined ? {} : { rewrite: { storageClasses } }),
      verify: { enabled: true, timeout: `${Math.max(10, Math.ceil((Date.parse(drill.until) - Date.parse(drill.begun)) / 1000))}s` },
    },
  };
}
