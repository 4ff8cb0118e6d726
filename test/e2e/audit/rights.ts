import { loadAll } from 'js-yaml';
import { helm, operatorNamespace } from '../install/operator.js';

/** One right of a role of the release: a verb on a resource, subresources as `pods/exec`. */
export interface GrantedRight {
  readonly role: string;
  /** Where it counts: one namespace, or undefined for everywhere it is bound. */
  readonly namespace: string | undefined;
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
}

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly rules?: readonly { readonly apiGroups: readonly string[]; readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
}

/** Every right that the installed release grants to its own account, each rule taken apart. Throws when helm does. */
export async function operatorRights(): Promise<GrantedRight[]> {
  const { code, stdout, stderr } = await helm('get', 'manifest', 'stillpoint', '-n', operatorNamespace);
  if (code !== 0) throw new Error(stderr);
  const roles = (loadAll(stdout) as (Role | null)[]).filter((o): o is Role => o !== null && ['Role', 'ClusterRole'].includes(o.kind) && o.metadata.labels?.['app.kubernetes.io/component'] === 'operator');
  return roles.flatMap(({ kind, metadata, rules = [] }) =>
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb): GrantedRight => ({ role: `${kind} ${metadata.name}`, namespace: kind === 'Role' ? metadata.namespace ?? operatorNamespace : undefined, group, resource, verb })))),
    ),
  );
}
