import { customResourceDefinition, type KindDefinition } from '../../src/api/crd/definition.js';
import { kindDefinitions } from '../../src/api/crd/kinds.js';

/** A node of the structural schema of a CRD. */
export interface Node {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly format?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node;
  readonly items?: Node;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly CelRule[];
  readonly [keyword: string]: unknown;
}

export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** Keywords that restrict nothing, or that {@link Node} restricts by its other parts. */
const describing = ['description', 'default', 'properties', 'additionalProperties', 'items', 'nullable'];

/** Keywords that the generators of this folder know. A new one must be taught to them first. */
export const known: ReadonlySet<string> = new Set([
  ...describing,
  'type', 'format', 'enum', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems', 'minProperties', 'maxProperties', 'required',
  'x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-validations', 'x-kubernetes-preserve-unknown-fields',
]);

/** Takes any JSON, null as well. */
export function isAny(node: Node): boolean {
  return node.type === undefined && node['x-kubernetes-preserve-unknown-fields'] === true;
}

export type Part = 'spec' | 'status';

/** The schema of the spec or the status of a kind, as the API server has it. */
export function schemaOf(definition: KindDefinition, part: Part): Node {
  const crd = customResourceDefinition(definition) as { spec: { versions: { schema: { openAPIV3Schema: Node } }[] } };
  const node = crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.[part];
  if (node === undefined) throw new Error(`${definition.kind} has no ${part}`);
  return node;
}

/** Steps from the root of a schema: names of fields, `[]` into a list, `{}` into a map. */
export type Path = readonly string[];

/** A node and the way to it. */
export interface Place {
  readonly path: Path;
  readonly node: Node;
}

/** Every node below, itself first. Throws for a keyword that nothing here knows. */
export function placesIn(node: Node, path: Path = []): Place[] {
  for (const keyword of Object.keys(node)) if (!known.has(keyword)) throw new Error(`${path.join('.')}: test/schemas does not know ${keyword}`);
  return [
    { path, node },
    ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => placesIn(child, [...path, name])),
    ...(node.additionalProperties === undefined ? [] : placesIn(node.additionalProperties, [...path, '{}'])),
    ...(node.items === undefined ? [] : placesIn(node.items, [...path, '[]'])),
  ];
}

/** The key that {@link place} uses in maps. */
export const mapKey = 'key';

/** The path as the API server writes it in a refusal of an object that `place` made. */
export function pathText(path: Path): string {
  return path.map((step) => (step === '[]' ? '[0]' : `.${step === '{}' ? mapKey : step}`)).join('');
}

export { kindDefinitions };
