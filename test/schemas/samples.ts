import fc from 'fast-check';
import { celFixtures } from './cel-fixtures.js';
import { isAny, mapKey, type Node, type Path } from './nodes.js';

/**
 * The least value that a schema accepts: required fields only, defaults where there are any. Where a rule of CEL binds the fields of
 * an object to each other it is one of the rule's fixtures, chosen by `variant`.
 */
export function sample(node: Node, variant = 0): unknown {
  if (node.default !== undefined) return node.default;
  if (isAny(node)) return { any: ['value', null] };
  switch (node.type) {
    case 'object':
      return bound(node, variant) ?? Object.fromEntries((node.required ?? []).map((name) => [name, sample(node.properties?.[name] ?? {}, variant)]));
    case 'array':
      return Array.from({ length: node.minItems ?? 0 }, (_, i) => distinctItem(node, i, variant));
    case 'string':
      return sampleText(node);
    case 'integer':
    case 'number':
      return node.minimum ?? 0;
    case 'boolean':
      return true;
    default:
      throw new Error(`no sample for ${JSON.stringify(node)}`);
  }
}

/** How many variants are worth trying: as many as the richest object has fixtures. */
export const variants = 6;

function bound(node: Node, variant: number): unknown {
  const fixtures = node.properties === undefined ? [] : (node['x-kubernetes-validations'] ?? []).flatMap(({ rule }) => celFixtures[rule] ?? []);
  return fixtures[variant % Math.max(1, fixtures.length)]?.good;
}

/** The sample of the root with a value in one place; lists on the way get one entry, maps one key. */
export function place(root: Node, path: Path, value: unknown, variant = 0): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (step === '[]') return [place(root.items ?? {}, rest, value, variant)];
  if (step === '{}') return { [mapKey]: place(root.additionalProperties ?? {}, rest, value, variant) };
  return { ...(whole(root, variant) as object), [step]: place(root.properties?.[step] ?? {}, rest, value, variant) };
}

/** The sample without the node's own default, which may have fields beyond the required ones. */
export function whole(node: Node, variant = 0): unknown {
  return sample({ ...node, default: undefined }, variant);
}

/** The nth of entries that a list of type set or map lets stand beside each other. */
export function distinctItem(list: Node, n: number, variant = 0): unknown {
  const items = list.items ?? {};
  const [key] = list['x-kubernetes-list-map-keys'] ?? [];
  if (list['x-kubernetes-list-type'] === 'set') return `a${n}`;
  if (key !== undefined) return { ...(sample(items, variant) as object), [key]: distinctText(items.properties?.[key], n) };
  const once = onceField(list);
  return once === undefined ? sample(items, variant) : withField(sample(items, variant) as object, once, `a${n}`);
}

function distinctText(node: Node | undefined, n: number): string {
  return node?.enum === undefined ? `a${n}` : (node.enum[n % node.enum.length] ?? '');
}

/** The field by which a rule of CEL lets each entry of a list be there once only. */
function onceField(list: Node): string[] | undefined {
  const fields = (list['x-kubernetes-validations'] ?? []).map(({ rule }) => /exists_one\(b, b\.([\w.]+) == a\.\1\)/.exec(rule)?.[1]);
  return fields.find((field) => field !== undefined)?.split('.');
}

function withField(object: object, [step = '', ...rest]: readonly string[], value: string): object {
  return { ...object, [step]: rest.length === 0 ? value : withField((object as Record<string, object>)[step] ?? {}, rest, value) };
}

const durationRule = /^duration\(self\) >= duration\('(\w+)'\) && duration\(self\) <= duration\('(\w+)'\)$/;

/** The bounds of a rule that `durationWithin` has made. */
export function durationBounds(rule: string): { least: string; most: string } | undefined {
  const [, least, most] = durationRule.exec(rule) ?? [];
  return least === undefined || most === undefined ? undefined : { least, most };
}

/** Least duration of a node, if it is one. */
export function leastDuration(node: Node): string | undefined {
  return node['x-kubernetes-validations']?.map(({ rule }) => durationBounds(rule)?.least).find((least) => least !== undefined);
}

/** Short texts, one of which fits every pattern of ours; patterns that none fits are sampled. */
const words = ['a', 'a0', '0', '10s', 'a.b', 'App', 'a/b', '/a'];

function sampleText(node: Node): string {
  if (node.enum !== undefined) return node.enum[0] ?? '';
  const [known] = ruledTexts(node);
  if (known !== undefined) return known;
  if (node.format === 'date-time') return '2026-01-02T03:04:05Z';
  const duration = leastDuration(node);
  if (duration !== undefined) return duration;
  const word = words.find((text) => fits(text, node));
  if (word !== undefined) return word;
  const [drawn] = fc.sample(fc.stringMatching(patternOf(node)).filter((text) => fits(text, node)), { numRuns: 1, seed: 1 });
  return drawn ?? '';
}

/** Texts that keep a rule of CEL about the text itself; none where there is no such rule. */
function ruledTexts(node: Node): string[] {
  return (node['x-kubernetes-validations'] ?? []).flatMap(({ rule }) => celFixtures[rule] ?? []).flatMap(({ good }) => (typeof good === 'string' ? [good] : []));
}

/** The pattern of a node; every text fits where there is none. */
export function patternOf({ pattern = '' }: Node): RegExp {
  return new RegExp(pattern, 'u');
}

/** Whether a text keeps pattern and length of its node. */
export function fits(text: string, node: Node): boolean {
  return text.length >= (node.minLength ?? 0) && text.length <= (node.maxLength ?? Infinity) && patternOf(node).test(text);
}

/** A text of this length that keeps the pattern of its node. Throws when there is none among what it knows. */
export function textOfLength(node: Node, length: number): string {
  const duration = leastDuration(node);
  const ruled = length <= (node.maxLength ?? Infinity) ? ruledTexts(node) : [];
  const candidates = ruled.length > 0 ? ruled : [
    ...(duration === undefined ? [] : [duration.padStart(length, '0')]),
    'a'.repeat(length),
    `${'a'.repeat(Math.max(0, length - 64))}/${'a'.repeat(63)}`,
    '0'.repeat(length),
    'A'.repeat(length),
    `/${'a'.repeat(Math.max(0, length - 1))}`,
    `https://${'a'.repeat(Math.max(0, length - 8))}`,
    ...['Ki', 'Mi'].map((unit) => `1${'0'.repeat(Math.max(0, length - 3))}${unit}`),
  ];
  const found = candidates.find((text) => text.length === length && patternOf(node).test(text));
  if (found === undefined) throw new Error(`no text of ${length} characters is known for ${node.pattern ?? ''}: add one to test/schemas/samples.ts`);
  return found;
}

/** A text that breaks the pattern of its node and nothing else. Throws when there is none among what it knows. */
export function textAgainst(node: Node): string {
  const pattern = patternOf(node);
  const found = ['!', '!!', '-a-', 'a b', ' ', 'a\nb', '!'.repeat(8)].find((text) => text.length >= (node.minLength ?? 0) && text.length <= (node.maxLength ?? Infinity) && !pattern.test(text));
  if (found === undefined) throw new Error(`nothing known breaks ${node.pattern ?? ''}: add a text to test/schemas/samples.ts`);
  return found;
}
