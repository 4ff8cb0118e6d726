import { loadAll } from 'js-yaml';
import { helm, operatorNamespace } from '../install/operator.js';

/** One right of a role of the release: a verb on a resource, subresources as `pods/exec`. */
export interface GrantedRight {
  readonly role: string;
  /** Where it counts: one namespace, or undefined for everywhere it is bound. */
  readonly namespace: string | undefined;
  /** Of a role that is bound to the operator and to an account, in namespaces of this name: requests of both count there. */
  readonly within?: RegExp;
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
export function operatorRights(): Promise<GrantedRight[]> {
  return rightsOf(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'operator');
}

/** Namespaces of drills (src/controllers/volumepolicy/drill/names.ts). */
const drillNamespaces = /-drill-[0-9a-f]{10}$/;

/** Every right that it grants for drills: to make their namespaces, and to work in those. None while drills are switched off. */
export async function drillRights(): Promise<GrantedRight[]> {
  const inside = await rightsOf(({ metadata }) => metadata.name === 'stillpoint-drill');
  return [...(await rightsOf(({ metadata }) => metadata.name === 'stillpoint-drills')), ...inside.map((right) => ({ ...right, within: drillNamespaces }))];
}

async function rightsOf(select: (role: Role) => boolean): Promise<GrantedRight[]> {
  const { code, stdout, stderr } = await helm('get', 'manifest', 'stillpoint', '-n', operatorNamespace);
  if (code !== 0) throw new Error(stderr);
  const roles = (loadAll(stdout) as (Role | null)[]).filter((o): o is Role => o !== null && ['Role', 'ClusterRole'].includes(o.kind) && select(o));
  return roles.flatMap(({ kind, metadata, rules = [] }) =>
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb): GrantedRight => ({ role: `${kind} ${metadata.name}`, namespace: kind === 'Role' ? metadata.namespace ?? operatorNamespace : undefined, group, resource, verb })))),
    ),
  );
}
