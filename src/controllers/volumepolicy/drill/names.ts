import { createHash } from 'node:crypto';
import type { VolumePolicy } from '../../../api/kinds.js';

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

/**
 * The account under which everything in a drill's namespace is made. Its name follows from the namespace's uid, which nobody knew when the
 * copy was taken: no pod of a copy can name this account and run with its rights.
 */
export function drillAccount(namespaceUid: string): string {
  return `stillpoint-drill-${namespaceUid.slice(0, 8)}`;
}
