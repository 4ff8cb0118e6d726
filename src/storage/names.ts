import { createHash } from 'node:crypto';
import { annotations, labels } from '../api/common.js';
import { canonicalJson } from '../manifests/captured.js';
import type { ObjectMeta } from '../runtime/object.js';
import type { ClassOwner } from './render.js';

/** Longest name of a class. */
const longest = 253;
const digestLength = 10;

/** The name of a policy's StorageClass. Pure. */
export function storageClassName({ namespace, name }: Pick<ClassOwner, 'namespace' | 'name'>, said: string | undefined): string {
  return said ?? `${namespace}-${name}`;
}

/** What is wrong with the name of a class for a namespace; undefined: nothing. Pure. */
export function wrongName(name: string, namespace: string): string | undefined {
  if (!name.startsWith(`${namespace}-`)) return `spec.storageClassName is ${name}; it must begin with ${namespace}-, so that no other namespace's class is taken.`;
  return name.length > longest ? `The name ${namespace}-<name of this policy> is too long for a StorageClass: set spec.storageClassName.` : undefined;
}

/** Namespaces to which a name would belong as well, if they exist: those whose name goes further. Pure. */
export function otherNamespaces(name: string, namespace: string): string[] {
  const words = name.split('-');
  const prefixes = words.map((_, i) => words.slice(0, i).join('-')).filter((prefix) => prefix.length > namespace.length && prefix.length <= 63 && !prefix.includes('.'));
  return prefixes.filter((prefix) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(prefix));
}

/**
 * The name of a VolumeAttributesClass: it follows from what is in it, which cannot be changed, and from the policy, so that what nobody uses any more
 * is known to be of no use to others. Pure.
 */
export function attributesClassName({ namespace, name, uid }: ClassOwner, driver: string, parameters: Readonly<Record<string, string>>): string {
  const digest = createHash('sha256').update(canonicalJson({ uid, driver, parameters })).digest('hex').slice(0, digestLength);
  // A name that is cut may end in what no name may have before a hyphen.
  const stem = `${namespace}-${name}`.slice(0, longest - digestLength - 1).replace(/[^a-z0-9]+$/, '');
  return `${stem}-${digest}`;
}

/** The policy that a class was made for, as namespace/name; undefined: it does not say. Pure. */
export function policyOfClass({ annotations: own }: Pick<ObjectMeta, 'annotations'>): string | undefined {
  return own?.[annotations.policyOf];
}

/** Whether a class was made for this very policy. Pure. */
export function isClassOf({ labels: own, annotations: said }: Pick<ObjectMeta, 'labels' | 'annotations'>, owner: ClassOwner): boolean {
  return own?.[labels.policy] === owner.uid && said?.[annotations.policyOf] === `${owner.namespace}/${owner.name}`;
}
