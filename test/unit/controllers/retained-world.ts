import { appSnapshotSpec } from '../../../src/api/appsnapshot.js';
import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { reconcileAppSnapshot } from '../../../src/controllers/appsnapshot/controller.js';
import { snapshotFinalizer } from '../../../src/controllers/appsnapshot/decide.js';
import { sourceKeys } from '../../../src/controllers/copy-keys.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import { reconcileRetained } from '../../../src/controllers/retained/controller.js';
import { decodePoint } from '../../../src/controllers/retained/point.js';
import type { WindowLine } from '../../../src/controllers/window-line.js';
import { pack } from '../../../src/manifests/archive.js';
import { digestOf, sorted } from '../../../src/manifests/captured.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import { groupTypes } from '../../../src/snapshots/capability.js';
import { projectContent, type ContentView } from '../../../src/snapshots/contents.js';
import { capture } from './apprestore-fixtures.js';
import { Api, Crash } from './retained-api.js';

export const uid = '0d4c0d4c-0000-4000-8000-000000000001';
export const operatorNamespace = 'stillpoint-system';
export const first = `secrets/${operatorNamespace}/stillpoint-retained-${uid}`;
const shop = 'shop';
const setId = `${uid}-1`;
const claims = ['data', 'wal'];

/** A namespace whose copy is graded, the storage under it, and the two controllers that work on it; both may die before or after any write. */
export class RetainedWorld {
  readonly api = new Api(() => this.#judge());
  now = Date.parse('2026-11-30T12:00:00Z');
  /** What the storage keeps, by handle. */
  readonly storage = new Set([...claims.map((claim) => `stored-${claim}`), 'stored-group']);
  readonly violations: string[] = [];
  readonly events: string[] = [];
  restores: AppRestore[] = [];
  perNamespace = 20;

  constructor(spec: object = { deletionPolicy: 'Retain' }) {
    for (const name of [shop, operatorNamespace]) this.api.put('namespaces', { metadata: { name, uid: `${name}-uid` } });
    this.#cut();
    const objects = sorted(capture().objects);
    const archive = pack({ namespace: shop, objects, missing: [], digest: '' });
    this.api.put('secrets', { metadata: { name: 'chunk-0', namespace: shop }, data: { capture: archive.toString('base64') } });
    const status: AppSnapshot['status'] = {
      phase: 'Graded',
      grade: 'Frozen',
      setId,
      attempts: 1,
      window: { id: setId, attempt: 1, heldFrom: '2026-11-30T11:59:00.250Z' },
      applications: [],
      members: claims.map((claim) => ({ claim, uid: `${claim}-uid`, driver: 'd', volumeHandle: `volume-${claim}` })),
      capture: { objects: objects.length, digest: digestOf(objects), secrets: ['chunk-0'] },
    };
    const metadata = { name: 'copy', namespace: shop, uid, generation: 1, creationTimestamp: '2026-11-30T11:00:00Z', finalizers: [snapshotFinalizer] };
    this.api.put('appsnapshots', { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'AppSnapshot', metadata, spec: appSnapshotSpec.parse({ serviceAccountName: 'stillpoint', ...spec }), status });
  }

  get snapshot(): AppSnapshot | undefined {
    return this.api.at('appsnapshots/shop/copy') as AppSnapshot | undefined;
  }

  ready(): { readonly status: string | undefined; readonly reason: string | undefined; readonly message: string | undefined } {
    const found = this.snapshot?.status?.conditions?.find((c) => c.type === 'Ready');
    return { status: found?.status, reason: found?.reason, message: found?.message };
  }

  /** Secrets of the operator's namespace, by name. */
  get secrets(): string[] {
    return this.api.keys(`secrets/${operatorNamespace}/`).map((key) => key.split('/')[2]!);
  }

  /** Policies of the contents that are there. */
  get policies(): string[] {
    return this.#contents().map(({ deletionPolicy }) => deletionPolicy);
  }

  /** Reconciles, and lets the controllers of the cluster work, until nothing happens any more. */
  async live(rounds = 60): Promise<void> {
    for (let i = 0; i < rounds; i += 1) {
      const before = this.api.version;
      try {
        await reconcileAppSnapshot(this.#deps, this.#line)('shop/copy', this.#context);
        for (const name of this.secrets) await reconcileRetained(this.#deps)(`${operatorNamespace}/${name}`, this.#context);
      } catch (thrown) {
        if (!(thrown instanceof Crash)) throw thrown;
      }
      this.clusterWorks();
      this.now += 2000;
      if (this.api.version === before && i > 20) return;
    }
  }

  async sweep(): Promise<void> {
    await reconcileRetained(this.#deps)('parts', this.#context);
  }

  /** Somebody changes the spec. */
  ask(spec: Partial<AppSnapshot['spec']>): void {
    this.api.edit('appsnapshots/shop/copy', (object) => {
      Object.assign(object['spec'] as object, spec);
      object.metadata.generation = (object.metadata.generation ?? 0) + 1;
    });
  }

  /** The namespace goes as a whole: everything in it at once, what has a finalizer when that is off. */
  deleteNamespace(): void {
    this.api.edit('namespaces//shop', ({ metadata }) => (metadata.deletionTimestamp = new Date(this.now).toISOString()));
    for (const key of this.api.keys('')) if (key.split('/')[1] === shop) this.api.remove(key);
    this.clusterWorks();
  }

  /** Garbage collection, snapshot-controller and sidecar. */
  clusterWorks(): void {
    if (this.snapshot === undefined) for (const key of ['volumesnapshots/', 'volumegroupsnapshots/', 'secrets/shop/'].flatMap((prefix) => this.api.keys(prefix))) if (key.split('/')[1] === shop) this.api.remove(key);
    for (const key of this.api.keys('volumesnapshots/')) if (this.api.at('volumegroupsnapshots/shop/group') === undefined) this.api.remove(key);
    const live = new Set(['volumesnapshots/', 'volumegroupsnapshots/'].flatMap((prefix) => this.api.keys(prefix)).map((key) => this.api.at(key)!.metadata.uid));
    for (const { key, view } of this.#keyedContents()) {
      const gone = !live.has(view.ref.uid);
      // With its snapshot goes what has policy Delete when that goes; the model deletes both in one.
      if (gone && view.deletionPolicy === 'Delete' && !this.#orphans.has(key)) this.#drop(key, view);
      else if (gone) this.#orphans.add(key);
      if (view.metadata.deletionTimestamp !== undefined) this.#drop(key, view);
    }
  }

  /** Contents that have outlived their snapshots: a policy that is Delete afterwards makes nobody delete them. */
  readonly #orphans = new Set<string>();

  #drop(key: string, view: ContentView): void {
    if (view.deletionPolicy === 'Delete' && key.startsWith('volumegroupsnapshotcontents/')) this.storage.clear();
    this.api.forget(key);
  }

  #cut(): void {
    const labels = { 'stillpoint.dev/snapshot-set': setId };
    this.api.put('volumegroupsnapshots', { metadata: { name: 'group', namespace: shop, uid: 'group-uid', labels }, status: { boundVolumeGroupSnapshotContentName: 'group-content' } });
    const infos = claims.map((claim) => ({ volumeHandle: `volume-${claim}`, snapshotHandle: `stored-${claim}` }));
    const base = { driver: 'd', deletionPolicy: 'Delete' };
    const done = { creationTime: 1, readyToUse: true };
    this.api.put('volumegroupsnapshotcontents', { metadata: { name: 'group-content' }, spec: { ...base, volumeGroupSnapshotRef: { namespace: shop, name: 'group', uid: 'group-uid' } }, status: { ...done, volumeGroupSnapshotHandle: 'stored-group', volumeSnapshotInfoList: infos } });
    for (const claim of claims) {
      const owner = { apiVersion: 'groupsnapshot.storage.k8s.io/v1', kind: 'VolumeGroupSnapshot', name: 'group', uid: 'group-uid' };
      this.api.put('volumesnapshots', { metadata: { name: `snap-${claim}`, namespace: shop, uid: `snap-${claim}-uid`, ownerReferences: [owner] }, spec: { source: { persistentVolumeClaimName: claim } }, status: { boundVolumeSnapshotContentName: `content-${claim}`, readyToUse: true, restoreSize: '1Gi' } });
      this.api.put('volumesnapshotcontents', { metadata: { name: `content-${claim}` }, spec: { ...base, volumeSnapshotRef: { namespace: shop, name: `snap-${claim}`, uid: `snap-${claim}-uid` }, sourceVolumeMode: 'Filesystem' }, status: { ...done, snapshotHandle: `stored-${claim}` } });
    }
  }

  #keyedContents(): { readonly key: string; readonly view: ContentView }[] {
    return ['volumesnapshotcontents/', 'volumegroupsnapshotcontents/'].flatMap((prefix) => this.api.keys(prefix)).map((key) => ({ key, view: projectContent(this.api.at(key)!) }));
  }

  #contents(): ContentView[] {
    return this.#keyedContents().map(({ view }) => view);
  }

  /** Whoever finds the Secret that makes it a recovery point finds all of it. */
  #judge(): void {
    const secret = this.api.at(first);
    if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return;
    const file = (key: string): string => Buffer.from((secret['data'] as Record<string, string>)[key]!, 'base64').toString('utf8');
    const point = decodePoint({ text: file('recoverypoint.json'), digest: file('sha256') }, uid);
    for (const [i] of (point.capture?.parts ?? []).entries()) if (this.api.at(`${first}-${i}`) === undefined) this.violations.push(`part ${i} is not there`);
    for (const { name, uid: contentUid, handle } of [...point.volumes.map(({ content }) => content), ...point.groups]) {
      const found = this.#contents().find((view) => view.metadata.name === name && view.metadata.uid === contentUid);
      if (found?.deletionPolicy !== 'Retain' || !this.storage.has(handle)) this.violations.push(`${name} is not retained`);
    }
  }

  readonly #line: WindowLine = { limits: { global: 1, perDriver: 1, perNode: 1 }, ask: () => undefined, leave: () => undefined, begin: () => undefined, listens: () => false, count: () => ({ open: 0, waiting: 0 }) };
  readonly #log = { info: () => undefined, debug: () => undefined, warn: () => undefined, error: () => undefined };
  readonly #context = { log: this.#log, signal: new AbortController().signal } as unknown as Parameters<ReturnType<typeof reconcileRetained>>[1];

  get #deps(): OperatorDeps {
    const of = (kind: string): ContentView[] => this.#keyedContents().filter(({ key }) => key.startsWith(kind)).map(({ view }) => view);
    const points = (): KubeObject[] => this.api.keys(`secrets/${operatorNamespace}/`).map((key) => this.api.at(key)!).filter(({ metadata }) => metadata.labels?.['stillpoint.dev/retained'] === 'true');
    return {
      client: this.api.client,
      group: groupTypes('v1'),
      clock: { now: () => this.now },
      log: this.#log,
      events: { record: ({ reason }: { reason: string }) => this.events.push(reason) },
      metrics: { copy: () => undefined, forget: () => undefined },
      caches: {
        snapshotContents: { list: () => of('volumesnapshotcontents/') },
        groupSnapshotContents: { list: () => of('volumegroupsnapshotcontents/') },
        appRestores: { by: (_: string, key: string) => this.restores.filter((restore) => sourceKeys(restore).includes(key)) },
        retained: { list: points, by: (_: string, value: string) => points().filter(({ metadata }) => metadata.labels?.['stillpoint.dev/appsnapshot'] === value) },
      },
      retained: { namespace: operatorNamespace, perNamespace: this.perNamespace },
    } as unknown as OperatorDeps;
  }
}
