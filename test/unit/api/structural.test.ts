import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { structuralSchema, type SchemaNode } from '../../../src/api/crd/structural.js';

const text = z.string().max(63);
/** The schema of one field `f` of an object. */
function field(type: z.ZodType, defaults = true): SchemaNode {
  const schema = structuralSchema(z.strictObject({ f: type }), 'spec', { defaults });
  return (schema['properties'] as Record<string, SchemaNode>)['f']!;
}
const refusal = (type: z.ZodType, defaults = true) => (): SchemaNode => field(type, defaults);

describe('what zod says and a CRD must not', () => {
  test('1: additionalProperties: false beside properties goes', () => {
    expect(structuralSchema(z.strictObject({ f: text.describe('x') }), 'spec', { defaults: true })).toEqual({
      type: 'object',
      properties: { f: { type: 'string', maxLength: 63, description: 'x' } },
      required: ['f'],
    });
  });
  test('2: references are refused', () => {
    const named = z.strictObject({ a: text.describe('x') }).meta({ id: 'Named' });
    expect(refusal(z.strictObject({ a: named.describe('x'), b: named.describe('x') }).describe('x'))).toThrow(/spec/);
  });
  test('3: unions are refused, with the way out', () => {
    expect(refusal(z.union([z.strictObject({ a: text.describe('x') }), z.strictObject({ b: text.describe('x') })]).describe('x'))).toThrow(/spec\.f: .*one flat object with optional fields and a CEL rule/);
  });
  test('4: int or string', () => {
    expect(field(z.union([z.int(), text]).describe('x'))).toEqual({ 'x-kubernetes-int-or-string': true, description: 'x' });
  });
  test('5: integers lose the bounds of JavaScript and get a format', () => {
    expect(field(z.int().describe('x'))).toEqual({ type: 'integer', format: 'int64', description: 'x' });
    expect(field(z.int().min(1).max(5).describe('x'))).toEqual({ type: 'integer', format: 'int32', minimum: 1, maximum: 5, description: 'x' });
  });
  test('6: times keep the format and lose the pattern', () => {
    expect(field(z.iso.datetime({ offset: true }).describe('x'))).toEqual({ type: 'string', format: 'date-time', description: 'x' });
  });
  test('7: unknown values are kept as they are, null as well', () => {
    expect(field(z.unknown().describe('x'))).toEqual({ 'x-kubernetes-preserve-unknown-fields': true, nullable: true, description: 'x' });
  });
  test.each([['tuple', z.tuple([text, text])], ['bigint', z.bigint()]])('8: a %s is refused', (name, type) => {
    expect(refusal(type.describe('x'))).toThrow(new RegExp(`a ${name} cannot be said in a CRD`));
  });
  test('9: maps need maxProperties', () => {
    expect(refusal(z.record(text, text).describe('x'))).toThrow('spec.f: a map without maxProperties');
    expect(field(z.record(text, text).meta({ maxProperties: 4 }).describe('x'))).toMatchObject({ additionalProperties: { type: 'string', maxLength: 63 }, maxProperties: 4 });
  });
  test.each(['a(?=b)', '(?!a)b', '(?<=a)b', '(a)\\1'])('11: pattern %s is refused: RE2 does not know it', (pattern) => {
    expect(refusal(text.regex(new RegExp(pattern)).describe('x'))).toThrow(/is not RE2/);
  });
  test('12: defaults are for specs, and never null', () => {
    expect(field(text.default('a').describe('x'))).toMatchObject({ default: 'a' });
    expect(refusal(text.default('a').describe('x'), false)).toThrow('spec.f: a default outside of the spec');
    expect(refusal(text.nullable().default(null).describe('x'))).toThrow('spec.f: a default of null');
  });
  test('13: strings and lists need a bound', () => {
    expect(refusal(z.string().describe('x'))).toThrow('spec.f: a string without maxLength');
    expect(refusal(z.array(text).describe('x'))).toThrow('spec.f: a list without maxItems');
    expect(field(z.enum(['A', 'B']).describe('x'))).toMatchObject({ enum: ['A', 'B'] });
  });
  test('16: unknown words are refused, not dropped', () => {
    expect(refusal(z.array(text).max(3).meta({ uniqueItems: true }).describe('x'))).toThrow(/spec\.f: uniqueItems cannot be said in a CRD/);
  });
  test('fields need a description, at every depth', () => {
    expect(refusal(text)).toThrow('spec.f: a field without a description');
    expect(refusal(z.array(z.strictObject({ g: text })).max(3).describe('x'))).toThrow('spec.f[].g: a field without a description');
  });
});

describe('14: lists', () => {
  const list = (item: z.ZodType, meta: Record<string, unknown>): z.ZodType => z.array(item).max(3).meta(meta).describe('x');
  const map = (keys: unknown): Record<string, unknown> => ({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys });

  test('are atomic unless they say otherwise', () => {
    expect(field(z.array(text).max(3).describe('x'))).toMatchObject({ 'x-kubernetes-list-type': 'atomic' });
    expect(field(list(text, { 'x-kubernetes-list-type': 'set' }))).toMatchObject({ 'x-kubernetes-list-type': 'set' });
  });
  test('a set of objects is refused', () => {
    expect(refusal(list(z.strictObject({ a: text.describe('x') }), { 'x-kubernetes-list-type': 'set' }))).toThrow('spec.f: a set of objects');
  });
  test('keys must be fields that are required or defaulted, and not null', () => {
    const item = z.strictObject({ a: text.describe('x'), b: text.optional().describe('x'), c: text.default('x').describe('x'), d: text.nullable().describe('x') });
    expect(field(list(item, map(['a', 'c'])))).toMatchObject({ 'x-kubernetes-list-map-keys': ['a', 'c'] });
    expect(refusal(list(item, map(['b'])))).toThrow('list key b is neither required nor defaulted');
    expect(refusal(list(item, map(['d'])))).toThrow('list key d may be null');
    expect(refusal(list(item, map(['e'])))).toThrow('list key e is no field');
    expect(refusal(list(item, map(undefined)))).toThrow('without x-kubernetes-list-map-keys');
  });
});
