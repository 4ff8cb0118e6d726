import { gunzipSync, gzipSync } from 'node:zlib';
import { canonicalJson, objectId, type CapturedObject } from './captured.js';
import { hideSecrets, type Change } from './diff.js';
import { list, record, type Json } from './json.js';
import type { ObjectPlan } from './plan-apply.js';

/** Says how to read the document; a later format gets another word. */
const format = 'stillpoint.dev/plan-v1';
/** Key in the binaryData of its ConfigMap. */
export const planKey = 'plan.json.gz';

/** What becomes of one object. */
export interface PlannedObject {
  readonly verdict: ObjectPlan['verdict'];
  /** `plural.group/name`, or the field of the spec that is in the way. */
  readonly object: string;
  /** Why it is left out or refused. */
  readonly why?: string;
  /** The object that is made, values of Secrets hidden. */
  readonly manifest?: Json;
  readonly changes?: readonly Change[];
}

/** The whole plan of a dry run. */
export interface PlanDocument {
  readonly namespace: string;
  readonly objects: readonly PlannedObject[];
  /** Of how many the manifest or the changes did not fit. */
  readonly cut: number;
}

/** What nobody should overlook comes first, and is cut last. */
export const verdicts = ['refuse', 'change', 'create', 'skip'] as const;

/** Plans as entries of a document. `salt`: that of the digests in the plans. */
export function plannedObjects(plans: readonly ObjectPlan[], salt: string): PlannedObject[] {
  return plans.map((plan) => ({ verdict: plan.verdict, object: objectId(plan.captured), ...detailsOf(plan, salt) }));
}

function detailsOf(plan: ObjectPlan, salt: string): Pick<PlannedObject, 'why' | 'manifest' | 'changes'> {
  switch (plan.verdict) {
    case 'create':
      return { manifest: shown(plan.captured, salt) };
    case 'change':
      return { changes: plan.changes };
    case 'skip':
    case 'refuse':
      return { why: plan.why };
  }
}

function shown({ type, object }: CapturedObject, salt: string): Json {
  return hideSecrets(type, object, salt);
}

/** An entry of `status.plan` (`plural.group/name: why`) of which no more is known. */
export function plannedEntry(verdict: PlannedObject['verdict'], entry: string): PlannedObject {
  const [object = '', ...why] = entry.split(': ');
  return { verdict, object, why: why.join(': ') };
}

/** Bytes of JSON that are packed at most: packing more would take seconds, in which nothing else is done. */
const maxText = 8 * 1024 * 1024;

/** The document, packed into so many bytes at most. What is too much loses its manifest and changes, and is counted; names and reasons stay. */
export function packPlan(namespace: string, objects: readonly PlannedObject[], maxBytes: number): { readonly packed: Buffer; readonly cut: number } {
  const sorted = verdicts.flatMap((verdict) => objects.filter((o) => o.verdict === verdict));
  const detailed = sorted.filter(hasDetails);
  let kept = fitting(detailed, maxText);
  for (;;) {
    const left = new Set(detailed.slice(kept));
    const packed = gzipSync(canonicalJson({ format, namespace, cut: left.size, objects: sorted.map((o) => (left.has(o) ? { verdict: o.verdict, object: o.object } : o)) }));
    if (packed.length <= maxBytes || kept === 0) return { packed, cut: left.size };
    kept = Math.floor(kept / 2);
  }
}

function hasDetails({ manifest, changes }: PlannedObject): boolean {
  return manifest !== undefined || changes !== undefined;
}

/** How many of them have so many bytes of JSON together. */
function fitting(objects: readonly PlannedObject[], most: number): number {
  let bytes = 0;
  for (const [i, object] of objects.entries()) {
    bytes += canonicalJson(object).length;
    if (bytes > most) return i;
  }
  return objects.length;
}

/** The inverse of {@link packPlan}. Throws an Error when it is nothing of the kind. */
export function unpackPlan(packed: Buffer): PlanDocument {
  const document = record(JSON.parse(gunzipSync(packed, { maxOutputLength: 8 * maxText }).toString('utf8')));
  if (document['format'] !== format) throw new Error('the plan is not in a form that this version can read');
  return { namespace: String(document['namespace']), cut: Number(document['cut']), objects: list(document['objects']) as readonly PlannedObject[] };
}
