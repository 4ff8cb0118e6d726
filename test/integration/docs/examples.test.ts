import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { examplesIn, isValues, readPages, samples, type Manifest } from '../../unit/docs/pages.js';
import { applyRendered, crdsOf, render } from '../api/chart.js';
import { kubectl, must, run, until } from '../api/kubectl.js';

/** Every example of the docs goes to the API server, which checks it as it would for a reader, and keeps nothing. */
const namespace = `stillpoint-test-docs-${process.pid}`;
const pages = readPages();
const examples = [...examplesIn(pages), ...samples()];
const values = pages.flatMap((page) => page.fences).filter(isValues);
let work = '';

/** In a namespace of our own, since those of the examples need not exist; objects without one stay without. */
function placed(object: Manifest): Manifest {
  return object.metadata.namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
}

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'stillpoint-docs-'));
  await applyRendered(crdsOf(await render()));
  await must(['create', 'namespace', namespace]);
  await must(['create', 'serviceaccount', 'stillpoint', '-n', namespace]);
  // The schema that the server validates by follows the CRD a moment later.
  const probe = { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'AppSnapshot', metadata: { name: 'probe', namespace }, spec: {} };
  await until('AppSnapshot is validated', () => kubectl(['create', '--dry-run=server', '-f', '-'], probe), (o) => o.stderr.includes('spec.serviceAccountName'));
}, 90_000);

afterAll(async () => {
  await must(['delete', 'namespace', namespace, '--wait=false']);
  await rm(work, { recursive: true, force: true });
});

describe('examples of the docs', () => {
  test.each(examples)('$where is accepted', async ({ object }) => {
    const outcome = await kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], placed(object));
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('(server dry run)') as unknown });
  });

  test('a field that does not exist would be noticed', async () => {
    const snapshot = examples.find((e) => e.object.kind === 'AppSnapshot')!.object;
    const wrong = { ...snapshot, spec: { ...(snapshot['spec'] as object), serviceAcountName: 'stillpoint' } };
    const outcome = await kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], placed(wrong));
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain('serviceAcountName');
  });

  test.each(values)('values in $page:$line are taken by the chart', async ({ body, line }) => {
    const file = join(work, `values-${line}.yaml`);
    await writeFile(file, body);
    const outcome = await run('helm', ['template', 'stillpoint', 'charts/stillpoint', '--kube-version', '1.34.0', '--values', file]);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
  });
});

test('kubectl explain knows what README tells to explain', async () => {
  const told = pages.flatMap((page) => page.fences).flatMap((f) => [...f.body.matchAll(/^kubectl explain (\S+)/gm)].map(([, path = '']) => path));
  expect(told.length).toBeGreaterThan(0);
  for (const path of told) expect(await must(['explain', path])).toContain('DESCRIPTION');
});
