import type { AppRestoreSpec } from '../../../src/api/apprestore.js';
import type { AppRestore } from '../../../src/api/kinds.js';
import { reconcileAppRestore } from '../../../src/controllers/apprestore/controller.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import { projectPod } from '../../../src/controllers/views.js';
import { pack } from '../../../src/manifests/archive.js';
import { digestOf, type Capture } from '../../../src/manifests/captured.js';
import { record, valueAt } from '../../../src/manifests/json.js';
import type { Client } from '../../../src/runtime/client.js';
import type { KubeObject, ObjectKey } from '../../../src/runtime/object.js';
import { Patience } from '../../../src/runtime/patience.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import { appRestore, appSnapshot, capture } from './apprestore-fixtures.js';
import { clone, Cluster, error, place } from './in-place-cluster.js';
import { installedPolicy } from './installed-policies.js';

/** The operator dies here; what it has asked for is done or not. */
class Crash extends Error {}

const packed: Capture = { ...capture(), digest: digestOf(capture().objects) };

/** Namespace shop with a PostgreSQL on two volumes, a copy of it, and an AppRestore that replaces them in place: the whole controller on a model of the cluster. */
export class InPlaceWorld {
  readonly cluster = new Cluster();
  readonly events: { readonly reason: string; readonly note: string }[] = [];
  /** Writes of the operator so far. */
  writes = 0;
  /** Before or after which write the operator dies. */
  crash: { at: number; done: boolean } | undefined;
  checks: 'Passed' | 'Failed' = 'Passed';
  /** Rights that the account does not have, as `verb resource`. */
  readonly denied = new Set<string>();
  now = Date.parse('2026-11-30T12:00:00Z');
  #dead = false;

  constructor(spec: Partial<AppRestoreSpec> = {}) {
    const { cluster } = this;
    for (const { type, object } of capture().objects) if (type.kind !== 'PersistentVolumeClaim') cluster.put(type.plural, object);
    cluster.put('namespaces', { metadata: { name: 'shop' } });
    cluster.put('secrets', { metadata: { name: 'capture', namespace: 'shop' }, data: { capture: pack(packed).toString('base64') } });
    for (const claim of ['data-pg-0', 'wal-pg-0']) {
      cluster.bound(claim, `old-${claim}`, 'old');
      cluster.put('volumesnapshots', { metadata: { name: `snap-${claim}`, namespace: 'shop', uid: `snap-${claim}-uid` }, status: { boundVolumeSnapshotContentName: `content-${claim}`, readyToUse: true, restoreSize: '2Gi' } });
      cluster.put('volumesnapshotcontents', { metadata: { name: `content-${claim}` }, spec: { driver: 'a.csi', deletionPolicy: 'Delete', volumeSnapshotRef: { namespace: 'shop', name: `snap-${claim}`, uid: `snap-${claim}-uid` } }, status: { snapshotHandle: claim, readyToUse: true } });
    }
    cluster.put('appsnapshots', appSnapshot({ capture: { objects: packed.objects.length, digest: packed.digest, secrets: ['capture'], missing: [] } }));
    cluster.put('apprestores', appRestore({ inPlace: true, ...spec }, {}, { finalizers: [] }));
    for (let i = 0; i < 3; i += 1) cluster.work();
  }

  get restore(): AppRestore | undefined {
    const found = this.cluster.objects.get('apprestores/shop/r');
    return found === undefined ? undefined : (clone(found) as AppRestore);
  }

  condition(type: string): { status: string; reason: string; message: string } | undefined {
    return this.restore?.status?.conditions?.find((c) => c.type === type);
  }

  /** Somebody changes the spec. */
  ask(spec: Partial<AppRestoreSpec>): void {
    const object = this.cluster.objects.get('apprestores/shop/r');
    if (object === undefined) return;
    object['spec'] = { ...record(object['spec']), ...spec };
    object.metadata.resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
    object.metadata.generation = Number(object.metadata.generation) + 1;
  }

  delete(): void {
    const object = this.cluster.objects.get('apprestores/shop/r');
    if (object !== undefined) object.metadata.deletionTimestamp = new Date(this.now).toISOString();
  }

  /** Reconciles and lets the cluster work until nothing happens any more, the operator dies, or so many rounds have passed. True: it has died. */
  async live(rounds = 80): Promise<boolean> {
    const reconcile = reconcileAppRestore(this.#deps);
    for (let i = 0; i < rounds; i += 1) {
      const before = this.cluster.version;
      let kind: string | undefined;
      try {
        ({ kind } = await reconcile('shop/r', { log: this.#deps.log, signal: new AbortController().signal }));
      } catch (thrown) {
        if (!(thrown instanceof Crash)) throw thrown;
      }
      this.now += 3000;
      this.cluster.work();
      if (this.#dead) {
        this.#dead = false;
        this.crash = undefined;
        return true;
      }
      if (kind === 'done' && this.cluster.version === before) return false;
    }
    return false;
  }

  /** Whoever is dead asks for nothing any more. */
  async #alive<T>(act: () => T | Promise<T>): Promise<T> {
    if (this.#dead) throw new Crash();
    return await act();
  }

  #clientAs(who: 'operator' | 'account'): Client {
    const write = <T>(verb: string, type: ResourceType, act: () => T): Promise<T> => this.#write(who, verb, type, act);
    return {
      get: (type: ResourceType, key: ObjectKey) => this.#alive(() => this.#get(type, key)),
      list: (type: ResourceType, options: { namespace?: string; labelSelector?: string } = {}) => this.#alive(() => ({ items: this.cluster.list(type.plural, options), resourceVersion: '' })),
      create: (type: ResourceType, object: KubeObject) => (type.plural === 'selfsubjectaccessreviews' ? this.#review(object) : write('create', type, () => this.cluster.create(type.plural, object))),
      delete: (type: ResourceType, key: ObjectKey, options: { uid?: string } = {}) => write('delete', type, () => this.cluster.remove(type.plural, key, options.uid)),
      apply: (type: ResourceType, object: KubeObject, { dryRun = false, subresource }: { dryRun?: boolean; subresource?: string } = {}) => (dryRun ? Promise.resolve(this.cluster.applied(type.plural, object)) : write('patch', type, () => this.cluster.apply(type.plural, object, subresource))),
      mergePatch: (type: ResourceType, key: ObjectKey, patch: object) => write('patch', type, () => this.cluster.patch(type.plural, key, patch)),
      raw: () => Promise.reject(error(404, 'NotFound')),
      as: () => this.#clientAs('account'),
    } as unknown as Client;
  }

  /** Who does what is part of the model: volumes are changed by the operator, everything of the tenant by its account. */
  #write<T>(who: 'operator' | 'account', verb: string, { plural }: ResourceType, act: () => T): Promise<T> {
    return this.#alive(() => this.#counted(who, verb, plural, act));
  }

  #counted<T>(who: 'operator' | 'account', verb: string, plural: string, act: () => T): T {
    const own = ['persistentvolumes', 'apprestores', 'appsnapshots'].includes(plural);
    if (own !== (who === 'operator')) this.cluster.violations.push(`${verb} ${plural} as ${who}`);
    if (who === 'account' && this.denied.has(`${verb} ${plural}`)) throw error(403, 'Forbidden');
    this.writes += 1;
    this.#dead = this.writes === this.crash?.at;
    if (this.#dead && this.crash?.done === false) throw new Crash();
    const result = act();
    if (this.#dead) throw new Crash();
    return result;
  }

  #review(review: KubeObject): Promise<KubeObject> {
    const { verb, resource } = record(valueAt(review, ['spec', 'resourceAttributes']));
    return Promise.resolve({ ...review, status: { allowed: !this.denied.has(`${String(verb)} ${String(resource)}`) } });
  }

  #get(type: ResourceType, key: ObjectKey): Promise<KubeObject> {
    const found = installedPolicy(type, key.name) ?? (type.plural === 'serviceaccounts' ? { metadata: { ...key } } : this.cluster.objects.get(place(type.plural, key)));
    return found === undefined ? Promise.reject(error(404, 'NotFound')) : Promise.resolve(clone(found));
  }

  readonly #deps = {
    client: this.#clientAs('operator'),
    clock: { now: () => this.now, monotonic: () => this.now, after: () => () => undefined },
    patience: new Patience({ now: () => this.now, monotonic: () => this.now, after: () => () => undefined }),
    agentNamespace: 'stillpoint-agent',
    caches: {
      appRestores: { by: () => [], list: () => [] },
      pods: { list: () => this.cluster.list('pods', {}).map((pod) => projectPod(pod)) },
    },
    events: { record: ({ reason, note }: { reason: string; note: string }) => this.events.push({ reason, note }) },
    log: { info: () => undefined, debug: () => undefined, warn: () => undefined },
    mover: { image: 'i', pullPolicy: 'IfNotPresent', resources: {} },
    adapters: { PostgreSQL: { fixups: () => [], verify: () => Promise.resolve([{ name: 'rows', outcome: this.checks }]) } },
  } as unknown as OperatorDeps;
}
