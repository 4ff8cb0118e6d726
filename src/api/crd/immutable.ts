import type { SchemaNode } from './structural.js';

/** A CEL rule of a CRD schema (`x-kubernetes-validations`). */
export interface ValidationRule {
  readonly rule: string;
  /** A sentence for people that says the way out. */
  readonly message: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate';
  readonly fieldPath?: string;
}

/**
 * Transition rules that fix every field of a spec except the `mutable` ones, one rule a field so that the refusal names it.
 * A field that is added to the schema is fixed unless it is listed here. Throws when `mutable` names a field that does not exist.
 */
export function immutableExcept(spec: SchemaNode, mutable: readonly string[], kind: string): ValidationRule[] {
  const fields = Object.keys(spec['properties'] as SchemaNode).sort();
  const required = (spec['required'] ?? []) as string[];
  for (const name of mutable) if (!fields.includes(name)) throw new Error(`${kind}: spec.${name} is listed as mutable but does not exist`);
  return fields.filter((name) => !mutable.includes(name)).map((name) => fixed(name, required.includes(name), kind, mutable));
}

function fixed(name: string, required: boolean, kind: string, mutable: readonly string[]): ValidationRule {
  const same = `self.${name} == oldSelf.${name}`;
  return {
    rule: required ? same : `has(self.${name}) == has(oldSelf.${name}) && (!has(self.${name}) || ${same})`,
    message: `spec.${name} cannot be changed once the object exists (only ${mutable.join(', ')} can). Create a new ${kind} under another name, or delete this one first.`,
    reason: 'FieldValueForbidden',
    fieldPath: `.${name}`,
  };
}
