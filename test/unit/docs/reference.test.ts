import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { appRestoreSpec, appRestoreStatus, restorePhases } from '../../../src/api/apprestore.js';
import { appSnapshotSpec, appSnapshotStatus, snapshotPhases } from '../../../src/api/appsnapshot.js';
import { grades } from '../../../src/api/common.js';
import { kindDefinitions } from '../../../src/api/crd/kinds.js';
import { backupTargetSpec, backupTargetStatus } from '../../../src/api/backuptarget.js';
import { quiesceProfileSpec } from '../../../src/api/quiesceprofile.js';
import { storageClusterSpec, storageClusterStatus } from '../../../src/api/storagecluster.js';
import { volumePolicySpec, volumePolicyStatus } from '../../../src/api/volumepolicy.js';
import { driftReasons } from '../../../src/api/volumes.js';
import { errorCatalogue } from '../../../src/api/errors.js';
import { createOperatorMetrics } from '../../../src/controllers/metrics.js';
import { drivers } from '../../../src/storage/drivers/known.js';
import { createMetrics } from '../../../src/observability/metrics.js';
import { addProcessMetrics } from '../../../src/observability/process-metrics.js';
import { createRuntimeMetrics } from '../../../src/runtime/runtime-metrics.js';
import { filesBelow, readPages, type Page } from './pages.js';

const pages = readPages();

function pageAt(path: string): Page {
  const page = pages.find((p) => p.path === path);
  if (page === undefined) throw new Error(`${path} is missing`);
  return page;
}

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

/** Paths of all fields of a schema, `a.b` and `list[].c`; a label selector counts as one field. */
function fieldsOf(node: Node, path = ''): string[] {
  const list = node.items === undefined ? '' : '[]';
  const { properties } = node.items ?? node;
  if (properties === undefined || 'matchLabels' in properties) return [path];
  return [...(path === '' ? [] : [path]), ...Object.entries(properties).flatMap(([name, child]) => fieldsOf(child, path === '' ? name : `${path}${list}.${name}`))];
}

const schemaOf = (schema: z.ZodType): Node => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node;

const kinds = [
  { kind: 'AppSnapshot', path: 'docs/appsnapshot.md', spec: fieldsOf(schemaOf(appSnapshotSpec)), status: fieldsOf(schemaOf(appSnapshotStatus)), phases: snapshotPhases },
  { kind: 'AppRestore', path: 'docs/apprestore.md', spec: fieldsOf(schemaOf(appRestoreSpec)), status: fieldsOf(schemaOf(appRestoreStatus)), phases: restorePhases },
];

describe.each(kinds)('$path', ({ kind, path, spec, status, phases }) => {
  const { inline } = pageAt(path);

  test('speaks of every field of the spec', () => {
    const leaves = spec.filter((field) => !spec.some((other) => other.startsWith(`${field}.`) || other.startsWith(`${field}[]`)));
    expect(leaves.length).toBeGreaterThan(8);
    expect(leaves.filter((field) => !inline.includes(field))).toEqual([]);
  });

  test('names no field that does not exist', () => {
    const named = inline.flatMap((text) => /^(spec|status)\.([A-Za-z.[\]]+)$/.exec(text)?.slice(1, 3).join(' ') ?? []);
    const known = new Set([...spec.map((f) => `spec ${f}`), ...status.map((f) => `status ${f}`)]);
    expect(named.filter((field) => !known.has(field))).toEqual([]);
  });

  test('says which fields can be changed later', () => {
    const sentence = pageAt(path).prose.find((line) => line.startsWith('After creation only'));
    const named = [...(sentence ?? '').matchAll(/`(\w+)`/g)].map(([, field]) => field);
    expect(named).toEqual(kindDefinitions.find((d) => d.kind === kind)?.mutable);
  });

  test('has every phase in its table, in order', () => {
    const rows = pageAt(path).prose.flatMap((line) => /^\| `(\w+)` \|/.exec(line)?.[1] ?? []);
    // A condition may have the name of a phase: the first table is that of the phases.
    expect([...new Set(rows.filter((row) => (phases as readonly string[]).includes(row)))]).toEqual([...phases]);
  });
});

test('docs/quiesceprofile.md speaks of every field of the spec, and of no other in its table', () => {
  const page = pageAt('docs/quiesceprofile.md');
  const fields = fieldsOf(schemaOf(quiesceProfileSpec));
  const leaves = fields.filter((field) => !fields.some((other) => other.startsWith(`${field}.`) || other.startsWith(`${field}[]`)));
  expect(leaves.filter((field) => !page.inline.includes(field))).toEqual([]);
  const named = page.prose.flatMap((line) => /^\| (`[a-z].*?`) \|/.exec(line)?.[1]?.match(/[a-zA-Z.[\]]+/g) ?? []);
  expect(named.sort()).toEqual(leaves.sort());
});

describe('docs/volumepolicy.md', () => {
  const { inline } = pageAt('docs/volumepolicy.md');
  const spec = fieldsOf(schemaOf(volumePolicySpec));
  const status = fieldsOf(schemaOf(volumePolicyStatus));
  /** Fields of AppSnapshot by the same names: its page speaks of them. */
  const ofCopies = /^protection\.(applications|consistency|quiesce|capture)(\[\])?\./;

  test('speaks of every field of the spec', () => {
    const leaves = spec.filter((field) => !ofCopies.test(field) && !spec.some((other) => !ofCopies.test(other) && (other.startsWith(`${field}.`) || other.startsWith(`${field}[]`))));
    expect(leaves.length).toBeGreaterThan(15);
    expect(leaves.filter((field) => !inline.includes(field))).toEqual([]);
  });

  test('names no field that does not exist', () => {
    const named = inline.flatMap((text) => /^(spec|status)\.([A-Za-z.[\]]+)$/.exec(text)?.slice(1, 3).join(' ') ?? []);
    const known = new Set([...spec.map((f) => `spec ${f}`), ...status.map((f) => `status ${f}`)]);
    expect(named.filter((field) => !known.has(field))).toEqual([]);
  });
});

describe.each([
  { path: 'docs/backuptarget.md', spec: fieldsOf(schemaOf(backupTargetSpec)), status: fieldsOf(schemaOf(backupTargetStatus)), least: 12 },
  { path: 'docs/storagecluster.md', spec: fieldsOf(schemaOf(storageClusterSpec)), status: fieldsOf(schemaOf(storageClusterStatus)), least: 7 },
])('$path', ({ path, spec, status, least }) => {
  const { inline } = pageAt(path);

  test('speaks of every field of the spec', () => {
    const leaves = spec.filter((field) => !spec.some((other) => other.startsWith(`${field}.`) || other.startsWith(`${field}[]`)));
    expect(leaves.length).toBeGreaterThan(least);
    expect(leaves.filter((field) => !inline.includes(field))).toEqual([]);
  });

  test('names no field that does not exist', () => {
    const named = inline.flatMap((text) => /^(spec|status)\.([A-Za-z.[\]]+)$/.exec(text)?.slice(1, 3).join(' ') ?? []);
    const known = new Set([...spec.map((f) => `spec ${f}`), ...status.map((f) => `status ${f}`)]);
    expect(named.filter((field) => !known.has(field))).toEqual([]);
  });
});

test('docs/volumepolicy.md has every reason of a drift in its table, and docs/storagecluster.md every driver', () => {
  const first = (path: string): string[] => pageAt(path).prose.flatMap((line) => /^\| `([\w.-]+)`(?:,.*?)? \|/.exec(line)?.[1] ?? []);
  expect(first('docs/volumepolicy.md')).toEqual(expect.arrayContaining([...driftReasons]));
  expect(first('docs/storagecluster.md')).toEqual(expect.arrayContaining(Object.keys(drivers)));
});

test('the table of grades is that of the code', () => {
  const rows = pageAt('docs/concepts.md').prose.flatMap((line) => /^\| `(\w+)` \|/.exec(line)?.[1] ?? []);
  expect(rows.filter((row) => (grades as readonly string[]).includes(row))).toEqual([...grades]);
});

test('codes in tables of conditions and the like are those of the catalogue, or reasons that the code uses', () => {
  const source = filesBelow('src/controllers', '.ts').map((path) => readFileSync(path, 'utf8')).join('\n');
  const rows = pageAt('docs/operations.md').prose.flatMap((line) => (/^\| (`[A-Z].*?`) \|/.exec(line)?.[1] ?? '').match(/[A-Za-z]+/g) ?? []);
  expect(rows.length).toBeGreaterThan(8);
  expect(rows.filter((code) => !(code in errorCatalogue) && !source.includes(`'${code}'`))).toEqual([]);
});

test('docs/operations.md has every metric with its type, and no other', () => {
  const metrics = createMetrics();
  addProcessMetrics(metrics, process);
  createRuntimeMetrics(metrics);
  createOperatorMetrics(metrics);
  const made = [...metrics.render().matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const documented = pageAt('docs/operations.md').prose.flatMap((line) => /^\| `([a-z_]+)` \| (counter|gauge|histogram) \|/.exec(line)?.slice(1, 3).join(' ') ?? []);
  expect(documented.sort()).toEqual(made.sort());
});

describe('docs/dependencies.md', () => {
  const { prose } = pageAt('docs/dependencies.md');
  const firstCells = prose.flatMap((line) => (/^\| (`.*?) \|/.exec(line)?.[1] ?? '').match(/`([^`]+)`/g) ?? []).map((text) => text.slice(1, -1));

  test('has every package of package.json', () => {
    const { dependencies, devDependencies, overrides } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;
    const packages = [...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})];
    expect(packages.filter((name) => !firstCells.includes(name))).toEqual([]);
    for (const name of Object.keys(overrides ?? {})) expect(prose.join('\n')).toContain(`Override: \`${name}\``);
  });

  test('has every Go module, and no other', () => {
    const modules = ['src', 'test'].flatMap((folder) => filesBelow(folder, '/go.mod')).map((path) => path.replace(/\/go\.mod$/, ''));
    expect(firstCells.filter((text) => /^(src|test)\//.test(text)).sort()).toEqual(modules.sort());
  });

  test('has the Debian packages that the scripts ask for', () => {
    const prerequisites = readFileSync('test/cluster/lib/prerequisites.sh', 'utf8');
    const needed = [...(/NEEDED_COMMANDS=\(([^)]*)\)/.exec(prerequisites)?.[1] ?? '').matchAll(/:(\S+)/g)].map(([, name]) => name);
    expect(needed.length).toBeGreaterThan(5);
    expect(needed.filter((name) => !firstCells.includes(name ?? ''))).toEqual([]);
  });
});
