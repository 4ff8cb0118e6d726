import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appRestoreSpec } from '../../../src/api/apprestore.js';
import { appSnapshotSpec } from '../../../src/api/appsnapshot.js';
import { quiesceProfileSpec } from '../../../src/api/quiesceprofile.js';
import { backupTargetSpec } from '../../../src/api/backuptarget.js';
import { storageClusterSpec } from '../../../src/api/storagecluster.js';
import { volumePolicySpec } from '../../../src/api/volumepolicy.js';
import { kindDefinitions } from '../../../src/api/crd/kinds.js';
import { applyRendered, crdsOf, render } from './chart.js';
import { kubectl, must, until, type Outcome } from './kubectl.js';
import { fixedFields, freeFields, specCases } from './spec-cases.js';

const namespace = `stillpoint-test-crd-${process.pid}`;
const schemas = { AppSnapshot: appSnapshotSpec, AppRestore: appRestoreSpec, QuiesceProfile: quiesceProfileSpec, VolumePolicy: volumePolicySpec, StorageCluster: storageClusterSpec, BackupTarget: backupTargetSpec };

interface Crd {
  status: { conditions: { type: string; status: string; message: string }[] };
}

function create(kind: string, name: string, spec: unknown, ...flags: string[]): Promise<Outcome> {
  return kubectl(['create', ...flags, '-f', '-'], { apiVersion: 'stillpoint.dev/v1alpha1', kind, metadata: { name, ...(kind === 'StorageCluster' ? {} : { namespace }) }, spec });
}

beforeAll(async () => {
  await applyRendered(crdsOf(await render()));
  await must(['create', 'namespace', namespace]);
  for (const { plural } of kindDefinitions) await must(['wait', '--for=condition=Established', '--timeout=30s', `crd/${plural}.stillpoint.dev`]);
  // The schema that the server validates by follows the CRD a moment later.
  await until('AppSnapshot is validated', () => create('AppSnapshot', 'probe', {}, '--dry-run=server'), (o) => o.stderr.includes('spec.serviceAccountName'));
}, 90_000);

afterAll(async () => {
  await must(['delete', 'storagecluster', namespace, '--ignore-not-found']);
  await must(['delete', 'namespace', namespace, '--wait=false']);
});

describe('CustomResourceDefinitions', () => {
  test.each(kindDefinitions.map((d) => d.plural))('%s: the schema is structural, the names are accepted', async (plural) => {
    const crd = JSON.parse(await must(['get', 'crd', `${plural}.stillpoint.dev`, '-o', 'json'])) as Crd;
    const conditions = Object.fromEntries(crd.status.conditions.map((c) => [c.type, c.status]));
    expect(conditions).toMatchObject({ Established: 'True', NamesAccepted: 'True' });
    expect(conditions['NonStructuralSchema'] ?? 'False').toBe('False');
  });

  test('kubectl explain speaks about every level', async () => {
    expect(await must(['explain', 'asnap.spec.quiesce.maxHold'])).toContain('Longest hold');
    expect(await must(['explain', 'arst.spec.into'])).toContain('Namespace to restore into');
  });

  test('short names, category and columns', async () => {
    const spec = { AppSnapshot: { suspend: true, serviceAccountName: 'stillpoint' }, AppRestore: { suspend: true, serviceAccountName: 'stillpoint', from: { appSnapshotRef: { name: 'copy' } } }, VolumePolicy: { serviceAccountName: 'stillpoint', protection: { schedule: { cron: '0 0 1 1 *', suspend: true }, retention: { last: 1 } } }, BackupTarget: { suspend: true, serviceAccountName: 'stillpoint', persistentVolumeClaim: { claimName: 'nas' } } };
    for (const [kind, value] of Object.entries(spec)) await must(['apply', '-f', '-'], { apiVersion: 'stillpoint.dev/v1alpha1', kind, metadata: { name: 'columns', namespace }, spec: value });
    const header = async (args: string[]): Promise<string> => (await must(['get', '-n', namespace, ...args])).split('\n')[0]!.trim();
    expect((await header(['asnap'])).split(/\s+/)).toEqual(['NAME', 'GRADE', 'HELD(MS)', 'MEMBERS', 'SIZE', 'VERIFIED', 'READY', 'AGE']);
    expect((await header(['arst'])).split(/\s+/)).toEqual(['NAME', 'PHASE', 'SOURCE', 'TARGET', 'INTO', 'VERIFIED', 'OLD-VOLUMES', 'RTO(S)', 'READY', 'AGE']);
    expect((await header(['vpol'])).split(/\s+/)).toEqual(['NAME', 'SCHEDULE', 'LAST-COPY', 'NEXT-COPY', 'VERIFIED', 'RPO', 'VOLUMES', 'COMPLIANT', 'READY', 'AGE']);
    await must(['apply', '-f', '-'], { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'StorageCluster', metadata: { name: namespace }, spec: { engine: { external: { driver: 'none.stillpoint.dev' } } } });
    expect((await header(['stc'])).split(/\s+/)).toEqual(['NAME', 'DRIVER', 'NODES', 'EXPANSION', 'MODIFY', 'SNAPSHOTS', 'GROUPS', 'POLICIES', 'READY', 'AGE']);
    expect((await header(['btgt'])).split(/\s+/)).toEqual(['NAME', 'PHASE', 'COPIES', 'NEWEST', 'REACHABLE', 'READY', 'AGE']);
    expect(await header(['asnap', '-o', 'wide'])).toContain('PHASE');
    const all = (await must(['get', '-n', namespace, 'stillpoint', '-o', 'name'])).trim().split('\n');
    // Those of the whole cluster are of others as well.
    expect(all).toContain(`storagecluster.stillpoint.dev/${namespace}`);
    expect(all.filter((name) => !name.startsWith('storagecluster.')).sort()).toEqual(['apprestore.stillpoint.dev/columns', 'appsnapshot.stillpoint.dev/columns', 'backuptarget.stillpoint.dev/columns', 'volumepolicy.stillpoint.dev/columns']);
  });

  test('defaults are filled in by the server as zod fills them in', async () => {
    const spec = { serviceAccountName: 'stillpoint' };
    const made = await must(['create', '--dry-run=server', '-o', 'json', '-f', '-'], { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'AppSnapshot', metadata: { name: 'defaults', namespace }, spec });
    expect((JSON.parse(made) as { spec: unknown }).spec).toEqual(appSnapshotSpec.parse(spec));
  });
});

describe.each(specCases)('$kind: $rule', ({ kind, good, bad, says }) => {
  test('what keeps it is accepted, what breaks it is refused with the reason', async () => {
    const [accepted, refused] = await Promise.all([create(kind, 'good', good, '--dry-run=server'), create(kind, 'bad', bad, '--dry-run=server')]);
    expect(accepted).toMatchObject({ code: 0 });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(says);
  });

  test('zod agrees', () => {
    expect(schemas[kind].safeParse(good).success).toBe(true);
    expect(schemas[kind].safeParse(bad).success).toBe(false);
  });
});

async function change(kind: string, name: string, from: unknown, field: string, to: unknown): Promise<Outcome> {
  // Suspended: an operator on this cluster leaves it alone.
  const made = await create(kind, name, { suspend: true, ...(from as object) });
  if (made.code !== 0) throw new Error(made.stderr);
  return kubectl(['patch', '-n', namespace, kind.toLowerCase(), name, '--type=merge', '-p', JSON.stringify({ spec: { [field]: to } })]);
}

describe('a spec after creation', () => {
  test.each(fixedFields)('$kind: spec.$field is fixed', async ({ kind, field, from, to }) => {
    const outcome = await change(kind, `fixed-${field.toLowerCase()}`, from, field, to);
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain(`spec.${field} cannot be changed once the object exists`);
    expect(outcome.stderr).toContain(`Create a new ${kind}`);
  });

  test.each(freeFields)('$kind: spec.$field may change', async ({ kind, field, from, to }) => {
    expect(await change(kind, `free-${field.toLowerCase()}`, from, field, to)).toMatchObject({ code: 0 });
  });

  test('every field of every spec is in one of the two tables', () => {
    for (const kind of ['AppSnapshot', 'AppRestore'] as const) {
      const tried = [...fixedFields, ...freeFields].filter((f) => f.kind === kind).map((f) => f.field);
      expect(tried.sort()).toEqual(Object.keys(schemas[kind].shape).sort());
    }
  });
});
