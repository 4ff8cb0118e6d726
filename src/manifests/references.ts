import type { ResourceType } from '../runtime/resource.js';
import type { Path } from './json.js';
import { kindKey, podSpecPath } from './pod-templates.js';

/** Where objects of a kind name a namespace. `*` is every element. Every object has `metadata.namespace` beside these. */
const namespaceFields: Readonly<Record<string, readonly Path[]>> = {
  'rbac.authorization.k8s.io/RoleBinding': [['subjects', '*', 'namespace']],
  'networking.k8s.io/NetworkPolicy': [
    ['spec', 'ingress', '*', 'from', '*', 'namespaceSelector', 'matchLabels', 'kubernetes.io/metadata.name'],
    ['spec', 'egress', '*', 'to', '*', 'namespaceSelector', 'matchLabels', 'kubernetes.io/metadata.name'],
  ],
  'monitoring.coreos.com/ServiceMonitor': [['spec', 'namespaceSelector', 'matchNames', '*']],
  'monitoring.coreos.com/PodMonitor': [['spec', 'namespaceSelector', 'matchNames', '*']],
  ...Object.fromEntries(
    ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'UDPRoute'].map((kind) => [
      `gateway.networking.k8s.io/${kind}`,
      [
        ['spec', 'parentRefs', '*', 'namespace'],
        ['spec', 'rules', '*', 'backendRefs', '*', 'namespace'],
      ],
    ]),
  ),
};

/** Names of users and groups that contain a namespace: `system:serviceaccount:<ns>:<name>`, `system:serviceaccounts:<ns>`. */
const accountFields: Readonly<Record<string, readonly Path[]>> = {
  'rbac.authorization.k8s.io/RoleBinding': [['subjects', '*', 'name']],
};

const classFields: Readonly<Record<string, readonly Path[]>> = {
  '/PersistentVolumeClaim': [
    ['spec', 'storageClassName'],
    ['metadata', 'annotations', 'volume.beta.kubernetes.io/storage-class'],
  ],
  'apps/StatefulSet': [['spec', 'volumeClaimTemplates', '*', 'spec', 'storageClassName']],
};

type Kind = Pick<ResourceType, 'group' | 'kind'>;

/** Paths whose value is the name of a namespace. */
export function namespacePaths(kind: Kind): readonly Path[] {
  return [['metadata', 'namespace'], ...(namespaceFields[kindKey(kind)] ?? [])];
}

/** Paths whose value may be the name of a service account user or group. */
export function accountPaths(kind: Kind): readonly Path[] {
  return accountFields[kindKey(kind)] ?? [];
}

/** Paths whose value is the name of a storage class; pod templates have them in ephemeral volumes. */
export function storageClassPaths(kind: Kind): readonly Path[] {
  const spec = podSpecPath(kind);
  const ephemeral: readonly Path[] = spec === undefined ? [] : [[...spec, 'volumes', '*', 'ephemeral', 'volumeClaimTemplate', 'spec', 'storageClassName']];
  return [...(classFields[kindKey(kind)] ?? []), ...ephemeral];
}
