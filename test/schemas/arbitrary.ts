import fc from 'fast-check';
import { celFixtures } from './cel-fixtures.js';
import { durationMillis } from '../../src/api/common.js';
import { isAny, type Node, type Path } from './nodes.js';
import { durationBounds, fits, patternOf } from './samples.js';

/** Values for single places, by their path, instead of what the schema alone would give. */
export type Hints = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** Values that a schema accepts. */
export function accepted(node: Node, hints: Hints = {}, path: Path = []): fc.Arbitrary<unknown> {
  const hint = hints[path.join('.')];
  if (hint !== undefined) return hint;
  if (isAny(node)) return fc.jsonValue({ maxDepth: 2 });
  const bound = (node['x-kubernetes-validations'] ?? []).flatMap(({ rule }) => celFixtures[rule] ?? []);
  if (bound.length > 0) return fc.constantFrom(...bound.map(({ good }) => good));
  switch (node.type) {
    case 'object':
      return node.additionalProperties === undefined ? fields(node, hints, path) : entries(node, hints, path);
    case 'array':
      return list(node, hints, path);
    case 'string':
      return text(node);
    case 'integer':
      return fc.integer({ min: node.minimum ?? -1000, max: node.maximum ?? 1000 });
    case 'number':
      return fc.double({ min: node.minimum ?? -1000, max: node.maximum ?? 1000, noNaN: true });
    case 'boolean':
      return fc.boolean();
    default:
      throw new Error(`no arbitrary for ${path.join('.')}`);
  }
}

/** Values of an object each of whose fields its schema accepts; what rules of CEL say of several of them together they keep by chance only. */
export function unbound(node: Node, hints: Hints = {}): fc.Arbitrary<unknown> {
  return fields(node, hints, []);
}

function fields(node: Node, hints: Hints, path: Path): fc.Arbitrary<unknown> {
  const model = Object.fromEntries(Object.entries(node.properties ?? {}).map(([name, child]) => [name, accepted(child, hints, [...path, name])]));
  return fc.record(model, { requiredKeys: [...(node.required ?? [])], noNullPrototype: true });
}

function entries(node: Node, hints: Hints, path: Path): fc.Arbitrary<unknown> {
  const value = accepted(node.additionalProperties ?? {}, hints, [...path, '{}']);
  return fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value, { minKeys: node.minProperties ?? 0, maxKeys: Math.min(node.maxProperties ?? 3, 3), noNullPrototype: true });
}

function list(node: Node, hints: Hints, path: Path): fc.Arbitrary<unknown> {
  const item = accepted(node.items ?? {}, hints, [...path, '[]']);
  const length = { minLength: node.minItems ?? 0, maxLength: Math.min(node.maxItems ?? 3, 3) };
  const [key] = node['x-kubernetes-list-map-keys'] ?? [];
  if ((node['x-kubernetes-list-type'] ?? 'atomic') === 'atomic') return fc.array(item, length);
  return fc.uniqueArray(item, { ...length, selector: (entry) => (key === undefined ? entry : (entry as Record<string, unknown>)[key]) });
}

function text(node: Node): fc.Arbitrary<unknown> {
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  if (node.format === 'date-time') return fc.date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true }).map((date) => date.toISOString());
  const [bounds] = (node['x-kubernetes-validations'] ?? []).flatMap(({ rule }) => durationBounds(rule) ?? []);
  if (bounds !== undefined) return fc.integer({ min: durationMillis(bounds.least), max: durationMillis(bounds.most) }).map((millis) => `${millis}ms`);
  // Classes of Unicode are not drawn by stringMatching: printable texts keep those of ours.
  if (node.pattern?.includes('\\P{') === false) return fc.stringMatching(patternOf(node), { size: 'small' }).filter((drawn) => fits(drawn, node));
  return fc.string({ minLength: node.minLength ?? 0, maxLength: Math.min(node.maxLength ?? 40, 40) }).filter((drawn) => fits(drawn, node));
}

/** What may stand where something else belongs. */
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 1.5, 1e15, '', ' ', '!', 'a b', '10', '1.5s', '00s', 'A', [], [''], {}, { a: 1 }, [{ name: 'a' }, { name: 'a' }], 'x'.repeat(400)),
  fc.string({ maxLength: 12 }),
);

type Change = 'replace' | 'remove' | 'add';

/** Values of the schema with one thing changed; most are refused, some still pass. */
export function nearlyAccepted(node: Node, hints: Hints = {}): fc.Arbitrary<unknown> {
  return fc.tuple(accepted(node, hints), fc.nat(), fc.constantFrom<Change>('replace', 'replace', 'replace', 'remove', 'add'), junk).map(([value, where, change, other]) => {
    const ways = waysInto(value);
    return changed(value, ways[where % ways.length] ?? [], change, other);
  });
}

type Way = readonly (string | number)[];

/** Every place in a value but its root. */
function waysInto(value: unknown, way: Way = []): Way[] {
  if (typeof value !== 'object' || value === null) return way.length === 0 ? [] : [way];
  const keys: (string | number)[] = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
  return [...(way.length === 0 ? [] : [way]), ...keys.flatMap((key) => waysInto((value as Record<string | number, unknown>)[key], [...way, key]))];
}

function changed(value: unknown, way: Way, change: Change, other: unknown): unknown {
  const copy = structuredClone(value);
  const last = way.at(-1);
  const parent = way.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], copy) as Record<string | number, unknown>;
  if (last === undefined) return other;
  if (change === 'replace') parent[last] = other;
  else if (change === 'add' && !Array.isArray(parent)) parent['strange'] = other;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(parent, last);
  return copy;
}
