import { createHash } from 'node:crypto';
import { annotations, labels } from '../../../api/common.js';
import type { VolumePolicy } from '../../../api/kinds.js';
import type { ObjectMeta } from '../../../runtime/object.js';

/** Between the source's name and the digest; the admission policies of the chart know it, too. */
const infix = '-drill-';
const digestLength = 10;
/** Longest name of a namespace. */
const longest = 63;

/**
 * The name of the namespace that a policy makes for a drill, and of the AppRestore beside the policy: repeated after a crash it is the
 * same. A policy that was made anew gives others, and so does the same name cut from a longer one.
 */
export function drillName({ namespace, uid }: Pick<VolumePolicy['metadata'], 'namespace' | 'uid'>, tick: number): string {
  const digest = createHash('sha256').update(`${uid} drill ${tick}`).digest('hex').slice(0, digestLength);
  // A name that is cut must not end in a hyphen before the next.
  const stem = namespace.slice(0, longest - infix.length - digestLength).replace(/-+$/, '');
  return `${stem}${infix}${digest}`;
}

/** As the admission policy `stillpoint-drill-namespace` admits them. */
const named = new RegExp(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?${infix}[0-9a-f]{${digestLength}}$`);
const uidForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const keyForm = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** Whether a namespace is one that the operator has made for a drill: by its name, and by the mark, which is the uid of a policy. Pure. */
export function isDrillNamespace({ name, labels: own }: Pick<ObjectMeta, 'name' | 'labels'>): boolean {
  return named.test(name) && uidForm.test(own?.[labels.drill] ?? '');
}

/** The policy whose drill it is, as namespace/name; undefined when the namespace does not say. Pure. */
export function drilledPolicy({ annotations: own }: Pick<ObjectMeta, 'annotations'>): string | undefined {
  const of = own?.[annotations.drillOf];
  return of !== undefined && keyForm.test(of) ? of : undefined;
}

/**
 * The account under which everything in a drill's namespace is made. Its name follows from the namespace's uid, which nobody knew when the
 * copy was taken: no pod of a copy can name this account and run with its rights.
 */
export function drillAccount(namespaceUid: string): string {
  return `stillpoint-drill-${namespaceUid.slice(0, 8)}`;
}
