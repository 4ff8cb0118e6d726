import { apply, kubectl } from './kubectl.js';

/** A served namespace with a tenant's account `stillpoint`, as the docs tell users to make it. */
export async function makeTenant(namespace: string, options: TenantOptions = {}): Promise<void> {
  await apply(tenant(namespace, options));
}

interface TenantOptions {
  readonly served?: boolean;
  readonly rights?: readonly string[];
}

/** Its objects, for whoever makes many at once. */
export function tenant(namespace: string, options: TenantOptions = {}): unknown[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'stillpoint', namespace } },
    ...(options.rights ?? ['admin', 'stillpoint-tenant']).map((role) => binding(namespace, `tenant-${role}`, role, { kind: 'ServiceAccount', name: 'stillpoint', namespace })),
    ...(options.served === false ? [] : [binding(namespace, 'stillpoint-serve', 'stillpoint-serve', { kind: 'ServiceAccount', name: 'stillpoint', namespace: 'stillpoint-system' })]),
  ];
}

function binding(namespace: string, name: string, role: string, subject: Readonly<Record<string, string>>): unknown {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [subject],
  };
}

/** Removes the namespace and waits until it is gone. */
export async function removeNamespace(namespace: string): Promise<void> {
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=true', '--timeout=120s']);
}

/** An AppSnapshot of the namespace; `spec` overrides. */
export function appSnapshot(namespace: string, name: string, spec: Readonly<Record<string, unknown>> = {}): unknown {
  return { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'AppSnapshot', metadata: { name, namespace }, spec: { serviceAccountName: 'stillpoint', ...spec } };
}

/** A VolumePolicy of the namespace; `protection` overrides. */
export function volumePolicy(namespace: string, name: string, protection: Readonly<Record<string, unknown>>, serviceAccountName = 'stillpoint'): { metadata: { name: string; namespace: string } } & Record<string, unknown> {
  return {
    apiVersion: 'stillpoint.dev/v1alpha1',
    kind: 'VolumePolicy',
    metadata: { name, namespace },
    spec: { serviceAccountName, protection: { schedule: { cron: '*/1 * * * *' }, retention: { last: 2 }, ...protection } },
  };
}

/** An AppRestore in the namespace of its AppSnapshot. */
export function appRestore(namespace: string, name: string, from: string, spec: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    apiVersion: 'stillpoint.dev/v1alpha1',
    kind: 'AppRestore',
    metadata: { name, namespace },
    spec: { serviceAccountName: 'stillpoint', from: { appSnapshotRef: { name: from } }, ...spec },
  };
}
