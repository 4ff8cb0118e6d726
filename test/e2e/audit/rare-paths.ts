import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { labels } from '../../../src/api/common.js';
import type { AppSnapshot } from '../../../src/api/kinds.js';
import { bedPki } from '../../faults/certificate.js';
import { ProxyProgram } from '../../faults/program.js';
import { apiServerUrl, pauseOperator } from '../kill/cluster.js';
import { operatorHome, OperatorProcess, stopAllOperators, type OperatorHome } from '../kill/operator-process.js';
import { deleteAndWait, takeCopy, untilNoSnapshots, untilReason } from '../lib/copies.js';
import { apply, get, kubectl } from '../lib/kubectl.js';
import { dropNamespace } from '../lib/namespaces.js';
import { appSnapshot, makeTenant } from '../lib/tenant.js';
import { until } from '../lib/until.js';

const namespace = 'e2e-audit';
const unserved = 'e2e-audit-unserved';
const driver = 'csi.bed.stillpoint.dev';

interface Event {
  readonly regarding: { readonly name: string };
  readonly reason: string;
  readonly series?: { readonly count: number };
}

/** As the snapshot-controller leaves them when a snapshot goes while its content is being made: bound to a uid that is no more. */
const lostUid = '00000000-0000-4000-8000-000000000000';

/** Contents of both kinds whose snapshots of this name are not there; the storage makes what they ask for. */
function lostContents(suffix: string, ref: { readonly name: string; readonly namespace: string }, volumeHandle: string, own: Readonly<Record<string, string>>): object[] {
  const lost = { ...ref, uid: lostUid };
  const metadata = (kind: string): object => ({ name: `lost-${kind}-${suffix}`, labels: own });
  return [
    {
      apiVersion: 'groupsnapshot.storage.k8s.io/v1',
      kind: 'VolumeGroupSnapshotContent',
      metadata: metadata('group'),
      spec: { deletionPolicy: 'Delete', driver, source: { volumeHandles: [volumeHandle] }, volumeGroupSnapshotClassName: 'bed-atomic', volumeGroupSnapshotRef: { ...lost, kind: 'VolumeGroupSnapshot' } },
    },
    {
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshotContent',
      metadata: metadata('single'),
      spec: { deletionPolicy: 'Delete', driver, source: { volumeHandle }, volumeSnapshotClassName: 'bed-atomic', volumeSnapshotRef: { ...lost, kind: 'VolumeSnapshot' } },
    },
  ];
}

async function contentNames(): Promise<string[]> {
  const { items } = JSON.parse(await kubectl(['get', 'volumesnapshotcontents,volumegroupsnapshotcontents', '-o', 'json'])) as { items: { metadata: { name: string } }[] };
  return items.map(({ metadata }) => metadata.name);
}

async function handleOfData(): Promise<string> {
  const claim = await get<{ spec: { volumeName: string } }>('pvc', 'data', namespace);
  return kubectl(['get', 'pv', claim?.spec.volumeName ?? '', '-o', 'jsonpath={.spec.csi.volumeHandle}']);
}

/** Ways of the operator that other suites do not go each time, but that it has rights for. */
export function rarePaths(): void {
  describe('rare paths', () => {
    const run = Date.now().toString(36);
    const [lost, foreign] = [`${run}-gone`, `${run}-foreign`];

    beforeAll(async () => {
      await Promise.all([makeTenant(namespace), makeTenant(unserved, { served: false })]);
      // A claim that no pod mounts: held by nobody needing to hold it.
      await apply([{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '64Mi' } } } }]);
      await kubectl(['-n', namespace, 'wait', '--for=jsonpath={.status.phase}=Bound', 'pvc/data', '--timeout=60s']);
      // It takes two looks, a minute apart, until they are removed: meanwhile others are tested.
      const gone = { name: `stillpoint-${lostUid}-1-lost`, namespace: 'e2e-audit-gone' };
      await apply([...lostContents(lost, gone, await handleOfData(), {}), ...lostContents(foreign, { ...gone, name: 'by-hand' }, await handleOfData(), {})]);
    }, 90_000);
    afterAll(async () => {
      await dropNamespace(namespace);
      await dropNamespace(unserved);
    }, 30_000);

    test('a claim that was never mounted is copied without a hold; contents that its snapshots left behind are removed with the copy', async () => {
      const copy = await takeCopy(namespace, 'orphans', { consistency: { required: 'CrashConsistent' } });
      // Nobody could have written: nothing is held, and nothing keeps the grade from being the best.
      const { phase, grade, reasons = [], holds = [], members = [], window } = copy.status ?? {};
      expect({ phase, grade, reasons, holds, held: window?.heldMillis }).toEqual({ phase: 'Ready', grade: 'Frozen', reasons: [], holds: [], held: undefined });
      expect(members).toEqual([expect.objectContaining({ claim: 'data', ready: true })]);
      expect(members[0]?.pods ?? []).toEqual([]);
      const setId = copy.status?.setId ?? '';
      await apply(lostContents(copy.metadata.uid, { name: `stillpoint-${setId}-lost`, namespace }, await handleOfData(), { [labels.set]: setId }));
      await deleteAndWait('appsnapshot', namespace, 'orphans', 120);
      await untilNoSnapshots(namespace);
    }, 240_000);

    test('what is refused again and again is one event that counts', async () => {
      await apply([appSnapshot(unserved, 'series')]);
      await untilReason<AppSnapshot>('appsnapshots', unserved, 'series', ['NamespaceNotServed'], 30);
      let touched = 0;
      await until('the event is a series', async () => {
        await kubectl(['-n', unserved, 'annotate', '--overwrite', 'appsnapshot', 'series', `e2e-touched=${(touched += 1)}`]);
        const { items } = JSON.parse(await kubectl(['-n', unserved, 'get', 'events.events.k8s.io', '-o', 'json'])) as { items: Event[] };
        return items.some((e) => e.regarding.name === 'series' && e.reason === 'NamespaceNotServed' && (e.series?.count ?? 0) > 1);
      }, 60, 1000);
    }, 120_000);

    test('contents that outlived their namespace are removed by whoever leads, if something ties them to a copy', async () => {
      const left = async (suffix: string): Promise<string[]> => (await contentNames()).filter((name) => name.endsWith(`-${suffix}`)).sort();
      await until('they are gone', async () => (await left(lost)).length === 0, 200, 1000);
      expect(await left(foreign)).toEqual([`lost-group-${foreign}`, `lost-single-${foreign}`]);
      for (const [kind, group] of [['group', 'group'], ['single', '']] as const) {
        const [resource, name] = [`volume${group}snapshotcontent`, `lost-${kind}-${foreign}`];
        await kubectl(['annotate', resource, name, `${group}snapshot.storage.kubernetes.io/volume${group}snapshot-being-deleted=yes`]);
        await kubectl(['delete', resource, name, '--wait=true', '--timeout=60s']);
      }
    }, 300_000);

    describe('on a server without streaming lists', () => {
      let proxy: ProxyProgram;
      let home: OperatorHome;
      let putBack: () => Promise<void>;

      beforeAll(async () => {
        putBack = await pauseOperator();
        proxy = await ProxyProgram.start({ target: await apiServerUrl(), pki: bedPki() });
        await proxy.rules([{ match: { path: 'sendInitialEvents=true' }, action: { kind: 'answer', code: 422 } }]);
        home = await operatorHome(proxy.url);
      }, 120_000);
      afterAll(async () => {
        await stopAllOperators();
        home?.remove();
        await proxy?.stop();
        await putBack?.();
      }, 180_000);

      test('the operator fills its caches by pages and works', async () => {
        const operator = await OperatorProcess.start(home, 'audit-lists');
        await operator.leads(60);
        const copy = await takeCopy(namespace, 'by-lists', { consistency: { required: 'CrashConsistent' } });
        expect(copy.status?.phase).toBe('Ready');
        const pages = (await proxy.requests()).filter((r) => r.method === 'GET' && /\/pods\?limit=/.test(r.path));
        expect(pages.length).toBeGreaterThan(0);
        await deleteAndWait('appsnapshot', namespace, 'by-lists', 120);
        await operator.kill('SIGTERM');
      }, 240_000);
    });
  });
}
