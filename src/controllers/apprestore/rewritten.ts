import type { AppRestore } from '../../api/kinds.js';
import { objectId, type CapturedObject } from '../../manifests/captured.js';
import { patchObjects, type Patched } from '../../manifests/patches.js';
import { kindKey } from '../../manifests/pod-templates.js';
import { fillClaim, rewriteForRestore, type ClaimFill } from '../../manifests/rewrite.js';
import { persistentVolumeClaims } from '../../runtime/resource.js';
import type { CopiedVolume, Copy } from './copy.js';
import { isMoved, targetNamespace } from './steps.js';

/**
 * The objects of a copy as they are to be in the target, before they are put to rest: a patch may set how many replicas are
 * started. Claims of which no configuration was saved are among them. `fills` by the claim's name. Pure.
 */
export function rewrittenObjects(object: AppRestore, copy: Copy, objects: readonly CapturedObject[], fills: ReadonlyMap<string, ClaimFill>): Patched {
  const { what, rewrite } = object.spec;
  const maps = { namespaces: { [copy.namespace]: targetNamespace(object) }, storageClasses: rewrite?.storageClasses ?? {}, images: rewrite?.images, hosts: rewrite?.hosts };
  const saved = rewriteForRestore(objects, maps, { moved: isMoved(object, copy), claims: fills });
  const unsaved = copy.volumes.filter(({ claim }) => !saved.some((o) => isClaim(o) && o.object.metadata.name === claim));
  const all = [...saved, ...unsaved.map((volume) => plainClaim(targetNamespace(object), volume, fills.get(volume.claim)))];
  const isRestored = (o: CapturedObject): boolean => what === 'All' || (what === 'Volumes') === (isClaim(o) && fills.has(o.object.metadata.name));
  const patched = patchObjects(all, rewrite?.patches ?? [], isRestored);
  return { ...patched, refused: [...patched.refused, ...becomeOne(patched.objects)] };
}

function isClaim({ type }: CapturedObject): boolean {
  return kindKey(type) === kindKey(persistentVolumeClaims);
}

/** A claim of which no configuration was saved: default class, one writer, size of the copy. */
function plainClaim(namespace: string, volume: CopiedVolume, from: ClaimFill | undefined): CapturedObject {
  const object = { apiVersion: 'v1', kind: persistentVolumeClaims.kind, metadata: { name: volume.claim, namespace }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: {} } } };
  const captured = { type: persistentVolumeClaims, object };
  return from === undefined ? captured : fillClaim(captured, from);
}

/** Where the name of an object is a host it may get that of another. */
function becomeOne(objects: readonly CapturedObject[]): string[] {
  const ids = objects.map(objectId).sort();
  const doubles = new Set(ids.filter((id, i) => id === ids[i - 1]));
  return [...doubles].map((id) => `spec.rewrite.hosts: two objects of the copy would become ${id}`);
}
