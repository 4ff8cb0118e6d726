import type { OwnerReference } from '../runtime/object.js';
import type { PodView } from './view.js';

/** The workload that a pod belongs to: its controller, a Deployment by its pod template hash; the pod itself when it has none. */
export function owningWorkload(pod: PodView): { readonly kind: string; readonly name: string } {
  const owner: OwnerReference | undefined = pod.owners.find((o) => o.controller === true) ?? pod.owners[0];
  if (owner === undefined) return { kind: 'Pod', name: pod.metadata.name };
  const hash = pod.metadata.labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) };
  }
  return { kind: owner.kind, name: owner.name };
}

/** A name of the API or of a label, made fit for `spec.applications[].name` (RFC 1123 label). */
export function nameFor(text: string): string {
  const fit = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return fit === '' ? 'application' : fit;
}

/** Claims that a pod mounts, by name. */
export function mountedClaims(pod: PodView): ReadonlySet<string> {
  return new Set(Object.values(pod.claims));
}

/** True while the pod may still write: it has not ended. */
export function isLive(pod: PodView): boolean {
  return pod.phase !== 'Succeeded' && pod.phase !== 'Failed';
}
