import { writeFileSync, mkdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiGroup, apiVersion } from '../../../src/api/common.js';
import type { KindDefinition } from '../../../src/api/crd/definition.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import { kindDefinitions, schemaOf, type Part } from '../../schemas/nodes.js';
import { rulePairs, type RulePair } from '../../schemas/rules.js';
import { sample } from '../../schemas/samples.js';
import { openBed, type Bed } from '../runtime/bed.js';
import { applyRendered, crdsOf, operatorUser, removeAdded, render, type Rendered } from './chart.js';
import { must } from './kubectl.js';
import { specCases } from './spec-cases.js';

/**
 * Every bound, enum and rule of every schema, in every place, on the real API server: a value at its edge is taken, one beyond it is
 * refused with the place and the reason, and zod says the same. The pairs are generated from the schemas; a keyword or a rule of CEL
 * that no pair is known for fails the test.
 */
let bed: Bed;
let added: Rendered[] = [];

beforeAll(async () => {
  bed = await openBed();
  const objects = await render();
  await applyRendered(crdsOf(objects));
  // The status is written as the operator.
  added = await applyRendered(objects.filter((o) => o.metadata.name === 'stillpoint' && ['ClusterRole', 'ClusterRoleBinding'].includes(o.kind)));
  for (const { plural } of kindDefinitions) await must(['wait', '--for=condition=Established', '--timeout=30s', `crd/${plural}.${apiGroup}`]);
  for (const definition of kindDefinitions) await send(definition, 'POST', '', { ...object(definition), spec: { suspend: true, ...(sample(schemaOf(definition, 'spec')) as object) } });
}, 90_000);
afterAll(async () => {
  for (const definition of kindDefinitions) if (definition.scope === 'Cluster') await send(definition, 'DELETE', '/rules', {});
  await removeAdded(added);
  await bed.close();
});

const object = (definition: KindDefinition): { apiVersion: string; kind: string; metadata: object } => ({ apiVersion: `${apiGroup}/${apiVersion}`, kind: definition.kind, metadata: { name: 'rules', ...(definition.scope === 'Cluster' ? {} : { namespace: bed.namespace }) } });

async function send(definition: KindDefinition, method: 'POST' | 'PATCH' | 'DELETE', rest: string, body: unknown, headers: Record<string, string> = {}): Promise<void> {
  const namespace = definition.scope === 'Cluster' ? '' : `namespaces/${bed.namespace}/`;
  const path = `/apis/${apiGroup}/${apiVersion}/${namespace}${definition.plural}${rest}`;
  await bed.transport.request({ method, path, headers: { 'Content-Type': method === 'PATCH' ? 'application/json-patch+json' : 'application/json', ...headers }, body: Buffer.from(JSON.stringify(body)) });
}

/** What the server says to a value, without keeping it; undefined when it takes it. */
async function verdict(definition: KindDefinition, part: Part, value: unknown): Promise<string | undefined> {
  try {
    if (part === 'spec') await send(definition, 'POST', '?dryRun=All&fieldValidation=Strict', { ...object(definition), metadata: { generateName: 'rules-' }, spec: value });
    else await send(definition, 'PATCH', '/rules/status?dryRun=All&fieldValidation=Strict', [{ op: 'add', path: '/status', value }], { 'Impersonate-User': operatorUser });
    return undefined;
  } catch (error) {
    // Policies are asked about what the schema has taken.
    if (error instanceof ApiError && error.message.includes('ValidatingAdmissionPolicy')) return undefined;
    if (error instanceof ApiError && (error.code === 422 || error.code === 400)) return error.message;
    throw error;
  }
}

async function problemsWith(definition: KindDefinition, { part, at, rule, good, bad, says }: RulePair): Promise<string[]> {
  const [taken, refused] = await Promise.all([verdict(definition, part, good), verdict(definition, part, bad)]);
  const zod = definition[part];
  if (zod === undefined) throw new Error(`${definition.kind} has no ${part}`);
  const where = `${at}: ${rule}`;
  return [
    ...(taken === undefined ? [] : [`${where}: ${JSON.stringify(good).slice(0, 200)} should be taken: ${taken}`]),
    ...(refused === undefined ? [`${where}: ${JSON.stringify(bad).slice(0, 200)} should be refused`] : []),
    ...(refused === undefined || (refused.includes(at) && refused.includes(says)) ? [] : [`${where}: the refusal should have "${at}" and "${says}": ${refused}`]),
    ...(zod.safeParse(good).success ? [] : [`${where}: zod refuses ${JSON.stringify(good).slice(0, 200)}: ${zod.safeParse(good).error?.message ?? ''}`]),
    ...(zod.safeParse(bad).success ? [`${where}: zod takes ${JSON.stringify(bad).slice(0, 200)}`] : []),
  ];
}

const parts = kindDefinitions.flatMap((definition) => (['spec', 'status'] as const).filter((part) => definition[part] !== undefined).map((part) => ({ kind: definition.kind, definition, part })));
const counted: Record<string, number> = {};

describe('each rule has a value that keeps it and one that breaks it', () => {
  test.each(parts)('$kind: $part', async ({ kind, definition, part }) => {
    const { pairs } = rulePairs(definition, part);
    counted[`${kind}.${part}`] = pairs.length;
    expect(pairs.length).toBeGreaterThan(10);
    const problems: string[] = [];
    for (let i = 0; i < pairs.length; i += 8) problems.push(...(await Promise.all(pairs.slice(i, i + 8).map((pair) => problemsWith(definition, pair)))).flat());
    expect(problems).toEqual([]);
  }, 120_000);

  test.each(parts)('$kind: $part: rules of CEL without a generated pair are tried by hand', ({ kind, definition, part }) => {
    const { uncovered } = rulePairs(definition, part);
    const byHand = (message: string): boolean => specCases.some((c) => c.kind === kind && c.says.test(`spec: ${message}`));
    // Those about a change of a field are in fixedFields; crd.test.ts holds them against the fields.
    expect(uncovered.filter(({ message }) => !/cannot be changed once the object exists/.test(message) && !byHand(message))).toEqual([]);
  });

  afterAll(() => {
    mkdirSync('test/.artifacts', { recursive: true });
    writeFileSync('test/.artifacts/rules.json', `${JSON.stringify({ pairs: counted }, null, 2)}\n`);
  });
});
