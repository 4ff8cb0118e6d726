/** A right, as a Role has it. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** An account of a namespace with a role of its own. */
export function account(namespace: string, name: string, rules: readonly Rule[]): unknown[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace }, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
}

const snapshots = { apiGroups: ['snapshot.storage.k8s.io'], resources: ['volumesnapshots'], verbs: ['create', 'get', 'list'] };
const claims = { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['get', 'list'] };
const exec = { apiGroups: [''], resources: ['pods/exec'], verbs: ['get', 'create'] };
const reads = { apiGroups: [''], resources: ['pods', 'serviceaccounts'], verbs: ['get', 'list'] };

/** Accounts that lack one right of those that a copy needs, and the sentence that the refusal has. */
export const lacking = [
  { name: 'no-exec', rules: [snapshots, claims, reads], says: 'may not create pods/exec' },
  { name: 'no-snapshots', rules: [claims, exec, reads], says: 'may not create volumesnapshots.snapshot.storage.k8s.io' },
  { name: 'no-claims', rules: [snapshots, exec, reads], says: 'may not get persistentvolumeclaims' },
] as const;

/** Everything that holding needs, but no Secret. */
export const noSecrets = { name: 'no-secrets', rules: [snapshots, claims, exec, reads] } as const;

/** Exec as it was before Kubernetes 1.35 asked for create as well. */
export const getOnly = { name: 'get-only', rules: [reads, { ...exec, verbs: ['get'] }] } as const;

/** Bound to all that a copy needs, but never made. */
export const ghost = { name: 'ghost', rules: [snapshots, claims, exec, reads] } as const;
