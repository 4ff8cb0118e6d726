import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppRestore, AppSnapshot } from '../../src/api/kinds.js';
import { isGood } from '../apps/postgresql/check.js';
import { compare, counts, windowOf } from './lib/compare.js';
import { deleteAndWait, describe as describeObject, readyOf, restoreCopy, takeCopy, untilNoSnapshots, untilReason } from './lib/copies.js';
import { clearFaults, setFaults } from './lib/csi-faults.js';
import { readRows, startDatabase, type Database } from './lib/database.js';
import { recordFigures } from './lib/figures.js';
import { apply, get, kubectl } from './lib/kubectl.js';
import { startLoad, stopAllLoads, type LoadHistory } from './lib/load.js';
import { clearNamespaces, dropNamespace, untilDropped } from './lib/namespaces.js';
import { plugin } from './lib/plugin.js';
import { appRestore, makeTenant } from './lib/tenant.js';
import { watchUntil } from './lib/watch.js';

const source = 'e2e-restore';
const targets = ['plan', 'side', 'tenant', 'damaged', 'inuse'].map((name) => `${source}-${name}`);
const into = (name: string): Record<string, unknown> => ({ into: { namespace: `${source}-${name}`, serviceAccountName: 'stillpoint' } });
const otherClass = 'e2e-restore-other';

/** A copy of a PostgreSQL under load, brought back in every way that a user may ask for, and refused in every way that must be. */
describe('AppRestore', () => {
  let database: Database;
  let copy: AppSnapshot;
  let history: LoadHistory;

  /** Rows of a restored database against what the writer was promised. */
  const expectGoodRows = async (namespace: string): Promise<void> => {
    const result = compare(history, windowOf(copy), await readRows({ ...database, namespace }));
    expect({ ...counts(result), good: isGood(result) }).toMatchObject({ lost: 0, extra: 0, duplicates: 0, gaps: 0, unknown: 0, good: true });
  };

  beforeAll(async () => {
    clearFaults();
    await clearNamespaces(source);
    await makeTenant(source);
    database = await startDatabase(source, '15');
    const load = await startLoad(database);
    await load.untilMore(500);
    copy = await takeCopy(source, 'copy', { consistency: { required: 'Frozen' } });
    await load.untilMore(50);
    history = await load.stop();
    if (copy.status?.phase !== 'Ready') throw new Error(await describeObject('appsnapshot', source, 'copy'));
  }, 240_000);
  afterAll(async () => {
    clearFaults();
    await stopAllLoads();
    for (const namespace of [source, ...targets]) await dropNamespace(namespace);
    await untilDropped();
    await kubectl(['delete', 'storageclass', otherClass, '--ignore-not-found']);
  }, 240_000);

  test('dryRun says what would be made and makes nothing', async () => {
    const target = `${source}-plan`;
    await makeTenant(target);
    const before = await objectsOf(target);
    await apply([appRestore(source, 'plan', 'copy', { ...into('plan'), dryRun: true })]);
    const planned = await watchUntil<AppRestore>('apprestores', 'plan', source, 'has a plan', (o) => o.status?.plan !== undefined && readyOf(o.status)?.status !== undefined, 60);
    expect(planned.status?.plan?.create).toEqual(expect.arrayContaining(['persistentvolumeclaims/data-pg-0', 'persistentvolumeclaims/wal-pg-0', 'secrets/pg', 'services/pg', 'statefulsets.apps/pg']));
    expect(planned.status?.plan?.refuse ?? []).toEqual([]);
    expect(planned.status?.plan?.diffRef).toEqual({ name: 'plan-plan' });
    const { code, stdout } = await plugin(['-n', source, 'diff', 'plan']);
    expect(code).toBe(0);
    for (const text of ['+ statefulsets.apps/pg\n', '+ persistentvolumeclaims/data-pg-0\n', 'dataSource:']) expect(stdout).toContain(text);
    expect(stdout).not.toContain(database.password);
    expect(await objectsOf(target)).toEqual(before);
    await deleteAndWait('apprestore', source, 'plan');
  }, 90_000);

  test('into another namespace beside the running original: rows, checks, other storage class; its imports go with it', async () => {
    const target = `${source}-side`;
    await makeTenant(target);
    const bed = JSON.parse(await kubectl(['get', 'storageclass', 'bed', '-o', 'json'])) as { provisioner: string; parameters?: object; volumeBindingMode: string };
    await apply([{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: otherClass }, provisioner: bed.provisioner, parameters: bed.parameters, volumeBindingMode: bed.volumeBindingMode }]);
    const restore = await restoreCopy(source, 'side', 'copy', { ...into('side'), rewrite: { storageClasses: { bed: otherClass } } });
    if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', source, 'side'));
    expect(restore.status).toMatchObject({ verified: true, checksFailed: 0 });
    expectChecks(restore);
    await expectGoodRows(target);
    const classes = await kubectl(['-n', target, 'get', 'pvc', '-o', 'jsonpath={.items[*].spec.storageClassName}']);
    expect(classes).toBe(`${otherClass} ${otherClass}`);
    expect(await readRows(database)).not.toHaveLength(0);
    const verified = await watchUntil<AppSnapshot>('appsnapshots', 'copy', source, 'is verified', (o) => o.status?.verified !== undefined, 15);
    expect(verified.status?.verified).toMatchObject({ checks: restore.status.checksPassed, by: expect.stringContaining('side') });
    await expectRestoreTable('side');

    const imported = (restore.status.volumes ?? []).map((v) => v.content ?? '');
    expect(imported).toHaveLength(2);
    for (const name of imported) expect(await get('volumesnapshotcontent', name)).toMatchObject({ spec: { deletionPolicy: 'Retain' } });
    await deleteAndWait('apprestore', source, 'side');
    for (const name of imported) expect(await get('volumesnapshotcontent', name)).toBeUndefined();
    await untilNoSnapshots(target, 30);
    await expectGoodRows(target);
    recordFigures('restore', { otherNamespace: { rtoSeconds: restore.status.rtoSeconds, checks: restore.status.checksPassed } });
  }, 240_000);

  test('existing: Fail refuses with the list of what is there, and touches nothing', async () => {
    const before = await objectsOf(source);
    await apply([appRestore(source, 'existing', 'copy')]);
    const refused = await untilReason<AppRestore>('apprestores', source, 'existing', ['RestoreRefused']);
    const list = refused.status?.plan?.refuse?.join('\n') ?? '';
    for (const name of ['persistentvolumeclaims/data-pg-0', 'persistentvolumeclaims/wal-pg-0', 'statefulsets.apps/pg']) expect(list).toContain(`${name}: exists already`);
    // What is there exactly as the copy has it is no conflict.
    expect(refused.status?.plan?.skip?.join('\n')).toContain('secrets/pg');
    expect(await objectsOf(source)).toEqual(before);
    await deleteAndWait('apprestore', source, 'existing');
  }, 90_000);

  test('what the account of the target may not make is refused in its name', async () => {
    const target = `${source}-tenant`;
    await makeTenant(target, { rights: ['stillpoint-tenant'] });
    // All that the restore itself needs, but not what the copy is made of.
    await kubectl(['-n', target, 'create', 'role', 'helper-pods', '--verb=get,list,create,patch,delete', '--resource=pods,services']);
    await kubectl(['-n', target, 'create', 'rolebinding', 'helper-pods', '--role=helper-pods', `--serviceaccount=${target}:stillpoint`]);
    await apply([appRestore(source, 'tenant', 'copy', into('tenant'))]);
    const refused = await untilReason<AppRestore>('apprestores', source, 'tenant', ['RestoreRefused']);
    const text = `${readyOf(refused.status)?.message ?? ''} ${refused.status?.plan?.refuse?.join('\n') ?? ''}`;
    expect(text).toContain(`system:serviceaccount:${target}:stillpoint`);
    expect(text).toContain('statefulsets');
    expect(await kubectl(['-n', target, 'get', 'pvc,statefulsets', '-o', 'name'])).toBe('');
    await deleteAndWait('apprestore', source, 'tenant');
  }, 90_000);

  test('a copy that a restore uses stays until the restore has ended', async () => {
    const target = `${source}-inuse`;
    await makeTenant(target);
    const second = await takeCopy(source, 'inuse', { consistency: { required: 'Frozen' } });
    expect(second.status?.phase).toBe('Ready');
    setFaults({ CreateVolume: { Before: '4s', Times: 2 } });
    const restored = watchUntil<AppRestore>('apprestores', 'inuse', source, 'is settled', (o) => ['Ready', 'Failed'].includes(o.status?.phase ?? ''), 120);
    await apply([appRestore(source, 'inuse', 'inuse', into('inuse'))]);
    await watchUntil<AppRestore>('apprestores', 'inuse', source, 'makes volumes', (o) => o.status?.phase === 'RestoringVolumes', 60);
    await kubectl(['-n', source, 'delete', 'appsnapshot', 'inuse', '--wait=false']);
    const restore = await restored;
    clearFaults();
    expect(restore.status).toMatchObject({ phase: 'Ready', verified: true });
    await deleteAndWait('apprestore', source, 'inuse');
    await kubectl(['-n', source, 'wait', '--for=delete', 'appsnapshot/inuse', '--timeout=60s']);
    expect((await readRows({ ...database, namespace: target })).length).toBeGreaterThan(0);
  }, 240_000);

  test('a saved configuration that somebody changed is not restored', async () => {
    const target = `${source}-damaged`;
    await makeTenant(target);
    // Something that only this copy's capture holds, so that it has a Secret of its own.
    await apply([{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'of-the-damaged-copy' }, data: { a: 'b' } }], source);
    const damaged = await takeCopy(source, 'damaged');
    const [secret = ''] = damaged.status?.capture?.secrets ?? [];
    const object = (await get<{ metadata: Record<string, unknown>; data: Record<string, string> }>('secret', secret, source))!;
    const bytes = Buffer.from(object.data['capture'] ?? '', 'base64');
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 20) ^ 0xff, bytes.length - 20);
    // The Secret is immutable; whoever may delete it may replace it.
    const { name, namespace, labels, annotations, ownerReferences } = object.metadata;
    await kubectl(['-n', source, 'delete', 'secret', secret]);
    await apply([{ ...object, metadata: { name, namespace, labels, annotations, ownerReferences }, data: { capture: bytes.toString('base64') } }]);
    const restore = await restoreCopy(source, 'damaged', 'damaged', into('damaged'));
    expect(restore.status?.phase).toBe('Failed');
    expect(readyOf(restore.status)?.reason).toBe('CaptureDamaged');
    expect(await kubectl(['-n', target, 'get', 'pvc,statefulsets', '-o', 'name'])).toBe('');
    await deleteAndWait('apprestore', source, 'damaged');
    await deleteAndWait('appsnapshot', source, 'damaged');
  }, 120_000);

  test('into the same namespace after the application and its volumes are lost', async () => {
    await kubectl(['-n', source, 'delete', 'statefulset/pg', 'service/pg', 'secret/pg', '--wait=true', '--timeout=60s']);
    await kubectl(['-n', source, 'wait', '--for=delete', 'pod/pg-0', '--timeout=60s']);
    await kubectl(['-n', source, 'delete', 'pvc', '--all', '--wait=true', '--timeout=60s']);
    const restore = await restoreCopy(source, 'lost', 'copy', { existing: 'Skip' });
    if (restore.status?.phase !== 'Ready') throw new Error(await describeObject('apprestore', source, 'lost'));
    expect(restore.status).toMatchObject({ verified: true, checksFailed: 0 });
    expectChecks(restore);
    await expectGoodRows(source);
    const verified = await get<AppSnapshot>('appsnapshot', 'copy', source);
    expect(verified?.status?.verified?.by).toContain('lost');
    recordFigures('restore', { sameNamespace: { rtoSeconds: restore.status.rtoSeconds, checks: restore.status.checksPassed } });
  }, 180_000);

  test('a copy that does not exist is named', async () => {
    await apply([appRestore(source, 'nowhere', 'no-such-copy')]);
    const refused = await untilReason<AppRestore>('apprestores', source, 'nowhere', ['SnapshotNotFound'], 30);
    expect(readyOf(refused.status)?.message).toContain('no-such-copy');
    await deleteAndWait('apprestore', source, 'nowhere');
  }, 60_000);
});

/** Objects of a namespace that a restore could touch, with their versions; those of the control plane come and go. */
async function objectsOf(namespace: string): Promise<string[]> {
  const text = await kubectl(['-n', namespace, 'get', 'pvc,statefulsets,services,secrets,configmaps,volumesnapshots,pods', '-o', 'jsonpath={range .items[*]}{.kind}/{.metadata.name}/{.metadata.uid}{"\\n"}{end}']);
  return text.split('\n').filter((line) => line !== '').sort();
}

/** Every check of PostgreSQL was made and passed. */
function expectChecks(restore: AppRestore): void {
  const checks = restore.status?.applications?.flatMap((a) => a.checks ?? []) ?? [];
  const passed = checks.filter((c) => c.outcome === 'Passed').map((c) => c.name);
  expect(passed).toEqual(expect.arrayContaining(['primary pg-0 answers', 'same system identifier (pg-0)', 'marker present', 'nothing after the release', 'WAL replayed to its end', 'pg_amcheck', 'data checksums']));
  expect(checks.filter((c) => c.outcome !== 'Passed')).toEqual([]);
}

async function expectRestoreTable(name: string): Promise<void> {
  const [head = '', row = ''] = (await kubectl(['-n', source, 'get', 'arst', name])).split('\n');
  expect(head).toMatch(/^NAME\s/);
  expect(row).toContain('True');
  expect(await kubectl(['-n', source, 'describe', 'arst', name])).toContain('Checks Passed');
}
