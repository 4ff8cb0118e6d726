import { z } from 'zod';
import { requireListKeys } from './lists.js';

/** A JSON schema node, as zod gives it and as a CRD takes it. */
export type SchemaNode = Record<string, unknown>;

/** Where a node is and what is allowed there. */
interface Place {
  readonly path: string;
  /** Defaults belong to specs; in a status they would be claims that nobody made. */
  readonly defaults: boolean;
}

const kept = new Set([
  'type', 'description', 'format', 'default', 'nullable', 'enum', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum',
  'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minItems', 'maxItems', 'minProperties', 'maxProperties', 'required',
]);
/** Formats whose value is bounded by themselves; the regular expressions that zod adds are not for people. */
const boundedFormats = new Set(['date-time', 'uuid']);
/** Node's regular expressions know constructs that RE2 of the API server refuses. */
const notRe2 = /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</;

function refuse(place: Place, why: string): never {
  throw new Error(`${place.path}: ${why}`);
}

/**
 * The structural openAPIV3Schema of a zod object, as a CustomResourceDefinition takes it. Throws an Error that names the
 * path for everything that the API server would refuse or silently drop, and for every string, list and map without a bound
 * and every field without a description (rules: apiextensions `schema/validation.go`, `validation.go`).
 */
export function structuralSchema(schema: z.ZodType, path: string, options: { defaults: boolean }): SchemaNode {
  const raw = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, path: at }) => {
      const type = zodSchema._zod.def.type;
      if (type === 'bigint' || type === 'tuple') throw new Error(`${[path, ...at].join('.')}: a ${type} cannot be said in a CRD`);
    },
  }) as SchemaNode;
  delete raw['$schema'];
  return rewrite(raw, { path, defaults: options.defaults });
}

function rewrite(node: SchemaNode, place: Place): SchemaNode {
  if (isIntOrString(node)) return { ...describe(node), 'x-kubernetes-int-or-string': true };
  const unknown = Object.keys(node).filter((k) => k === 'description').length === Object.keys(node).length;
  // Without nullable the server would drop null where it is the value.
  if (unknown) return { ...describe(node), 'x-kubernetes-preserve-unknown-fields': true, nullable: true };
  const result = copyKeys(node, place);
  switch (node['type']) {
    case 'object':
      return { ...result, ...objectParts(node, place) };
    case 'array':
      return { ...result, ...arrayParts(node, place) };
    case 'string':
      return stringParts(result, place);
    case 'integer':
      return integerParts(result);
    case 'number':
    case 'boolean':
      return result;
    default:
      return refuse(place, `type ${JSON.stringify(node['type'])} cannot be said in a CRD`);
  }
}

function describe(node: SchemaNode): SchemaNode {
  return node['description'] === undefined ? {} : { description: node['description'] };
}

function isIntOrString(node: SchemaNode): boolean {
  const options = node['anyOf'];
  if (!Array.isArray(options)) return false;
  const types = options.map((o: SchemaNode) => o['type']).sort();
  return types.length === 2 && types[0] === 'integer' && types[1] === 'string';
}

/** Copies what a CRD knows and stops at what it does not, so that nothing is lost unseen. */
function copyKeys(node: SchemaNode, place: Place): SchemaNode {
  const result: SchemaNode = {};
  for (const [key, value] of Object.entries(node)) {
    if (kept.has(key) || key.startsWith('x-kubernetes-')) result[key] = value;
    else if (!['properties', 'additionalProperties', 'items', 'propertyNames'].includes(key)) {
      refuse(place, `${key} cannot be said in a CRD; write one flat object with optional fields and a CEL rule instead`);
    }
  }
  if ('default' in result) {
    if (!place.defaults) refuse(place, 'a default outside of the spec');
    if (result['default'] === null) refuse(place, 'a default of null');
  }
  return result;
}

function objectParts(node: SchemaNode, place: Place): SchemaNode {
  const values = node['additionalProperties'];
  if (typeof values === 'object' && values !== null) {
    if (node['properties'] !== undefined) refuse(place, 'properties and additionalProperties exclude each other');
    if (node['maxProperties'] === undefined) refuse(place, 'a map without maxProperties');
    return { additionalProperties: rewrite(values as SchemaNode, { ...place, path: `${place.path}.*` }) };
  }
  const properties: SchemaNode = {};
  for (const [name, child] of Object.entries((node['properties'] ?? {}) as Record<string, SchemaNode>)) {
    const at = { ...place, path: `${place.path}.${name}` };
    if (typeof child['description'] !== 'string') refuse(at, 'a field without a description');
    properties[name] = rewrite(child, at);
  }
  return { properties };
}

function arrayParts(node: SchemaNode, place: Place): SchemaNode {
  if (node['maxItems'] === undefined) refuse(place, 'a list without maxItems');
  const items = rewrite((node['items'] ?? {}) as SchemaNode, { ...place, path: `${place.path}[]` });
  const listType = node['x-kubernetes-list-type'] ?? 'atomic';
  if (listType === 'map') requireListKeys(items, node['x-kubernetes-list-map-keys'], place.path);
  if (listType === 'set' && (items['type'] === 'object' || items['type'] === 'array')) refuse(place, 'a set of objects');
  return { items, 'x-kubernetes-list-type': listType };
}

function stringParts(result: SchemaNode, place: Place): SchemaNode {
  if (boundedFormats.has(result['format'] as string)) {
    return Object.fromEntries(Object.entries(result).filter(([key]) => key !== 'pattern'));
  }
  if (result['enum'] === undefined && result['maxLength'] === undefined) refuse(place, 'a string without maxLength');
  if (typeof result['pattern'] === 'string' && notRe2.test(result['pattern'])) refuse(place, `pattern ${result['pattern']} is not RE2`);
  return result;
}

/** zod bounds integers by what JavaScript can hold; the format says it as Kubernetes does. */
function integerParts(result: SchemaNode): SchemaNode {
  const rest = { ...result };
  if (rest['minimum'] === Number.MIN_SAFE_INTEGER) delete rest['minimum'];
  if (rest['maximum'] === Number.MAX_SAFE_INTEGER) delete rest['maximum'];
  const maximum = rest['maximum'];
  const small = typeof maximum === 'number' && maximum < 2 ** 31 && typeof rest['minimum'] === 'number' && rest['minimum'] >= -(2 ** 31);
  return { ...rest, format: small ? 'int32' : 'int64' };
}
