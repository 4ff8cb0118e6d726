import type { z } from 'zod';
import type { KindDefinition } from '../../src/api/crd/definition.js';
import { celFixtures } from './cel-fixtures.js';
import { isAny, pathText, placesIn, schemaOf, type Node, type Part, type Path, type Place } from './nodes.js';
import { distinctItem, durationBounds, place, sample, textAgainst, textOfLength, variants, whole } from './samples.js';

/** One rule of a schema in one place, with a spec or status that keeps it at its edge and one that breaks it there. */
export interface RulePair {
  readonly part: Part;
  /** The place as the API server writes it. */
  readonly at: string;
  readonly rule: string;
  readonly good: unknown;
  readonly bad: unknown;
  /** What the refusal must have besides the place. */
  readonly says: string;
}

/** A rule of CEL for which {@link celFixtures} has no pair. */
export interface UncoveredRule {
  readonly at: string;
  readonly message: string;
}

/** Values for one place. */
interface Values {
  readonly rule: string;
  readonly good: unknown;
  readonly bad: unknown;
  /** Path below the place that the refusal names. */
  readonly below?: string;
  readonly says?: string;
}

/** Every rule of a kind's spec or status, generated from the schema that the API server gets. */
export function rulePairs(definition: KindDefinition, part: Part): { pairs: RulePair[]; uncovered: UncoveredRule[] } {
  const zod = definition[part];
  if (zod === undefined) return { pairs: [], uncovered: [] };
  const root = schemaOf(definition, part);
  const all = placesIn(root);
  const pairs = all.flatMap((where) => valuesOf(where, root).map((values) => pairOf(zod, part, root, where.path, values)));
  const uncovered = all.flatMap(({ path, node }) => {
    const rules = (node['x-kubernetes-validations'] ?? []).filter(({ rule }) => durationBounds(rule) === undefined && celFixtures[rule] === undefined);
    return rules.map(({ message }) => ({ at: `${part}${pathText(path)}`, message }));
  });
  return { pairs, uncovered };
}

/** Around the two values stands what the other rules of the way accept: the first variant that zod takes. */
function pairOf(schema: z.ZodType, part: Part, root: Node, path: Path, { rule, good, bad, below = '', says = '' }: Values): RulePair {
  const fitting = Array.from({ length: variants }, (_, i) => i).find((i) => schema.safeParse(place(root, path, good, i)).success) ?? 0;
  return { part, at: `${part}${pathText(path)}${below}`, rule, good: place(root, path, good, fitting), bad: place(root, path, bad, fitting), says };
}

function valuesOf({ path, node }: Place, root: Node): Values[] {
  if (isAny(node)) return [];
  const type = path.length === 0 || node.type === undefined ? [] : [{ rule: `type ${node.type}`, good: full(node), bad: node.type === 'string' ? 7 : 'text' }];
  const own: Values[] = [...type, ...celValues(node)];
  switch (node.type) {
    case 'object':
      return [...own, ...objectValues(node)];
    case 'array':
      return [...own, ...listValues(node)];
    case 'string':
      return [...own, ...textValues(node)];
    case 'integer':
    case 'number':
      return [...own, ...numberValues(node)];
    case 'boolean':
      return own;
    default:
      throw new Error(`${pathText(path)}: no rules known for type ${String(node.type)} below ${JSON.stringify(Object.keys(root))}`);
  }
}

const full = (node: Node): unknown => (node.type === 'object' || node.type === 'array' ? whole(node) : sample(node));

function objectValues(node: Node): Values[] {
  const good = whole(node) as Record<string, unknown>;
  const required = (node.required ?? []).filter((name) => node.properties?.[name]?.default === undefined);
  const missing = required.map((name): Values => ({ rule: `required ${name}`, good, bad: Object.fromEntries(Object.entries(good).filter(([key]) => key !== name)), below: `.${name}`, says: 'Required value' }));
  const unknown: Values[] = node.properties === undefined ? [] : [{ rule: 'no other fields', good, bad: { ...good, strange: 1 }, below: '.strange', says: 'unknown field' }];
  return [...missing, ...unknown, ...mapValues(node)];
}

function mapValues({ additionalProperties: values, maxProperties, minProperties }: Node): Values[] {
  if (values === undefined) return [];
  const map = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, i) => [`key-${i}`, sample(values)]));
  return [
    ...(maxProperties === undefined ? [] : [{ rule: `maxProperties ${maxProperties}`, good: map(maxProperties), bad: map(maxProperties + 1), says: 'Too many' }]),
    ...(minProperties === undefined ? [] : [{ rule: `minProperties ${minProperties}`, good: map(minProperties), bad: map(minProperties - 1) }]),
  ];
}

function listValues(node: Node): Values[] {
  const { minItems, maxItems } = node;
  const list = (count: number): unknown[] => Array.from({ length: count }, (_, i) => distinctItem(node, i));
  const distinct = ['set', 'map'].includes(node['x-kubernetes-list-type'] ?? 'atomic');
  return [
    ...(maxItems === undefined ? [] : [{ rule: `maxItems ${maxItems}`, good: list(maxItems), bad: list(maxItems + 1), says: 'Too many' }]),
    ...(minItems === undefined || minItems === 0 ? [] : [{ rule: `minItems ${minItems}`, good: list(minItems), bad: list(minItems - 1) }]),
    ...(distinct ? [{ rule: 'entries differ', good: list(2), bad: [distinctItem(node, 0), distinctItem(node, 0)], below: '[1]', says: 'Duplicate value' }] : []),
  ];
}

function textValues(node: Node): Values[] {
  if (node.enum !== undefined) return node.enum.map((value) => ({ rule: `enum ${value}`, good: value, bad: `${value}x`, says: 'Unsupported value' }));
  const { minLength = 0, maxLength, pattern, format } = node;
  const good = sample(node);
  return [
    ...(maxLength === undefined ? [] : [{ rule: `maxLength ${maxLength}`, good: textOfLength(node, maxLength), bad: textOfLength(node, maxLength + 1) }]),
    ...(minLength === 0 ? [] : [{ rule: `minLength ${minLength}`, good, bad: 'a'.repeat(minLength - 1), says: 'at least' }]),
    ...(pattern === undefined ? [] : [{ rule: `pattern ${pattern}`, good, bad: textAgainst(node), says: 'should match' }]),
    ...(format === undefined ? [] : [{ rule: `format ${format}`, good, bad: 'yesterday' }]),
  ];
}

function numberValues({ minimum, maximum }: Node): Values[] {
  return [
    ...(minimum === undefined ? [] : [{ rule: `minimum ${minimum}`, good: minimum, bad: minimum - 1, says: 'greater than or equal' }]),
    ...(maximum === undefined ? [] : [{ rule: `maximum ${maximum}`, good: maximum, bad: maximum + 1, says: 'less than or equal' }]),
  ];
}

/** Rules of CEL about the value itself; those about its change (oldSelf) are tried by hand, see spec-cases.ts. */
function celValues(node: Node): Values[] {
  return (node['x-kubernetes-validations'] ?? []).flatMap(({ rule, message }): Values[] => {
    const bounds = durationBounds(rule);
    const fixtures = bounds === undefined ? celFixtures[rule] : [
      { good: bounds.least, bad: justBelow(bounds.least) },
      { good: bounds.most, bad: `${bounds.most}1ms` },
    ];
    return (fixtures ?? []).map(({ good, bad }) => ({ rule, good, bad, says: message }));
  });
}

/** The longest duration of whole milliseconds below one of ours, all of which have one unit. */
function justBelow(text: string): string {
  const [, number = '', unit = ''] = /^(\d+)([a-z]+)$/.exec(text) ?? [];
  if (unit === 'ms') return `${Number(number) - 1}ms`;
  if (unit === 's') return `${Number(number) - 1}s999ms`;
  if (unit === 'm') return `${Number(number) - 1}m59s999ms`;
  if (unit === 'h') return `${Number(number) - 1}h59m59s999ms`;
  throw new Error(`nothing known below ${text}`);
}
