import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { chartTemplate, crdYaml } from '../../../src/api/crd/files.js';
import { immutableExcept } from '../../../src/api/crd/immutable.js';
import { kindDefinitions } from '../../../src/api/crd/kinds.js';
import type { SchemaNode } from '../../../src/api/crd/structural.js';

type Crd = { spec: { versions: { schema: { openAPIV3Schema: SchemaNode }; additionalPrinterColumns: { jsonPath: string }[] }[] } };

/** The field that a simple JSON path of a column ends at; undefined when the schema has no such field. */
function resolve(schema: SchemaNode, path: string): SchemaNode | undefined {
  const [first, filtered] = path.split('[?');
  const names = (first ?? '').split('.').filter((n) => n !== '');
  const found = names.reduce<SchemaNode | undefined>((node, name) => (node?.['properties'] as Record<string, SchemaNode> | undefined)?.[name], schema);
  return filtered === undefined ? found : (found?.['items'] as SchemaNode | undefined);
}

describe.each(kindDefinitions)('$kind', (definition) => {
  const text = crdYaml(definition);
  const version = (load(text) as Crd).spec.versions[0]!;

  test('keys are sorted, so that the bytes depend on the content only', () => {
    const unsorted: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const keys = Object.keys(value);
      if (!Array.isArray(value) && keys.join() !== [...keys].sort().join()) unsorted.push(path);
      for (const [k, v] of Object.entries(value)) walk(v, `${path}.${k}`);
    };
    walk(load(text), '');
    expect(unsorted).toEqual([]);
  });

  test('the copy in the chart differs by what the values switch only', () => {
    const copy = chartTemplate(definition);
    const kept = copy.replace(/^ *\{\{.*\}\}\n/gm, '').replace('  annotations:\n    helm.sh/resource-policy: keep\n', '');
    expect(kept).toBe(text);
    expect(copy).toContain('{{- if .Values.crds.enabled }}');
  });

  test('every column shows a field that exists', () => {
    const root = version.schema.openAPIV3Schema;
    const missing = version.additionalPrinterColumns.map((c) => c.jsonPath).filter((p) => !p.startsWith('.metadata.') && resolve(root, p) === undefined);
    expect(missing).toEqual([]);
  });
});

describe('fields that are fixed after creation', () => {
  const spec = { properties: { a: {}, b: {}, c: {} }, required: ['a'] };

  test('all but the named ones, each by a rule that says so', () => {
    expect(immutableExcept(spec, ['c'], 'AppSnapshot')).toEqual([
      expect.objectContaining({ rule: 'self.a == oldSelf.a', fieldPath: '.a' }),
      expect.objectContaining({ rule: 'has(self.b) == has(oldSelf.b) && (!has(self.b) || self.b == oldSelf.b)', fieldPath: '.b' }),
    ]);
  });
  test('a name that is no field is a mistake', () => {
    expect(() => immutableExcept(spec, ['d'], 'AppSnapshot')).toThrow('AppSnapshot: spec.d is listed as mutable but does not exist');
  });
});
