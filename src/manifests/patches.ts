import { apiGroup } from '../api/common.js';
import type { ObjectPatch, PatchTarget } from '../api/rewrite.js';
import { matchesSelector } from '../runtime/label-selector.js';
import type { LabelSelector } from '../runtime/object.js';
import { canonicalJson, objectId, type CapturedObject } from './captured.js';
import { applyOperation, PatchError } from './json-patch.js';
import { record, type Json } from './json.js';

/** Objects after the patches of a spec, and why those do not apply that do not. */
export interface Patched {
  readonly objects: readonly CapturedObject[];
  /** Each begins with the field of the spec. Nothing may be made while there are any. */
  readonly refused: readonly string[];
}

/**
 * Applies `spec.rewrite.patches` in their order, each to every object that it is meant for. A patch that is meant for none
 * of what `isRestored` says is refused: it would pass unseen. Pure.
 */
export function patchObjects(objects: readonly CapturedObject[], patches: readonly ObjectPatch[], isRestored: (captured: CapturedObject) => boolean): Patched {
  const refused: string[] = [];
  let current = objects;
  for (const [i, { target, patch }] of patches.entries()) {
    const where = `spec.rewrite.patches[${i}]`;
    const meant = new Set(current.filter((captured) => isRestored(captured) && isTarget(captured, target)));
    if (meant.size === 0) refused.push(`${where}.target: nothing that is restored is ${describe(target)}`);
    current = current.map((captured) => {
      if (!meant.has(captured)) return captured;
      const result = patchOne(captured, patch, where);
      if (typeof result !== 'string') return result;
      refused.push(result);
      return captured;
    });
  }
  return { objects: current, refused };
}

function isTarget({ type, object }: CapturedObject, { group, kind, name, labelSelector }: PatchTarget): boolean {
  if (type.kind !== kind || (group !== undefined && type.group !== group) || (name !== undefined && object.metadata.name !== name)) return false;
  return matchesSelector((labelSelector ?? {}) as LabelSelector, object.metadata.labels);
}

function describe({ group, kind, name, labelSelector }: PatchTarget): string {
  const ofGroup = group === undefined ? '' : ` of ${group === '' ? 'the core group' : `group ${group}`}`;
  return `a ${kind}${ofGroup}${name === undefined ? '' : ` named ${name}`}${labelSelector === undefined ? '' : ' with these labels'}`;
}

/** The patched object, or why it is not. */
function patchOne(captured: CapturedObject, patch: ObjectPatch['patch'], where: string): CapturedObject | string {
  const before = fixedParts(captured.object, captured.filled === true);
  let object: unknown = captured.object;
  for (const [i, operation] of patch.entries()) {
    const place = `${where}.patch[${i}]: ${operation.op} ${operation.path} of ${objectId(captured)}`;
    try {
      object = applyOperation(object, operation);
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      return `${place}: ${error.message}`;
    }
    const after = fixedParts(object, captured.filled === true);
    const touched = Object.keys(before).find((part) => canonicalJson(before[part]) !== canonicalJson(after[part]));
    if (touched !== undefined) return `${place}: the restore goes by ${touched}, which a patch cannot change`;
  }
  return { ...captured, object: object as CapturedObject['object'] };
}

/** What a restore finds its objects by, marks them with, and fills claims from. */
function fixedParts(object: unknown, filled: boolean): Json {
  const { apiVersion, kind, metadata, spec } = record(object);
  const { name, namespace, labels, annotations } = record(metadata);
  const { dataSource, dataSourceRef, volumeName } = record(spec);
  return {
    apiVersion,
    kind,
    'metadata.name': name,
    'metadata.namespace': namespace,
    [`the labels of ${apiGroup}`]: ours(labels),
    [`the annotations of ${apiGroup}`]: ours(annotations),
    ...(filled ? { 'spec.dataSource': dataSource, 'spec.dataSourceRef': dataSourceRef, 'spec.volumeName': volumeName } : {}),
  };
}

function ours(marks: unknown): Json {
  return Object.fromEntries(Object.entries(record(marks)).filter(([key]) => key.startsWith(`${apiGroup}/`)));
}
