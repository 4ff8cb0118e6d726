import type { AppRestoreStatus } from '../../../src/api/apprestore.js';
import type { AppRestore, AppSnapshot, VolumePolicy } from '../../../src/api/kinds.js';
import type { DrillResult } from '../../../src/api/volumepolicy.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import type { PolicyKey } from '../../../src/controllers/metrics/policies.js';
import { reconcileVolumePolicy } from '../../../src/controllers/volumepolicy/controller.js';
import { canaryName } from '../../../src/controllers/volumepolicy/drill/canary.js';
import { drillMemory } from '../../../src/controllers/volumepolicy/drill/memory.js';
import { sweepDrills } from '../../../src/controllers/volumepolicy/drill/sweep.js';
import { UsageMemory } from '../../../src/controllers/volumepolicy/volumes/usage.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { Client } from '../../../src/runtime/client.js';
import type { KubeObject, ObjectKey } from '../../../src/runtime/object.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import { installedPolicy } from './installed-policies.js';
import { at, copyOfTick, readyStatus, volumePolicy } from './policy-fixtures.js';

class Crash extends Error {}

/** How a restore ends, or that it never does. */
export type Fate = 'passes' | 'fails' | 'isUnknown' | 'hangs';

const error = (code: number, reason: string, message = reason): ApiError => new ApiError({ code, reason, message });
const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const place = (plural: string, { namespace = '', name }: ObjectKey): string => `${plural}/${namespace}/${name}`;

const ends: Readonly<Record<Exclude<Fate, 'hangs'>, AppRestoreStatus>> = {
  passes: { phase: 'Ready', verified: true, checksPassed: 3, checksFailed: 0, rtoSeconds: 12 },
  fails: { phase: 'Failed', verified: false, checksPassed: 2, checksFailed: 1 },
  isUnknown: { phase: 'Ready', verified: false, checksPassed: 2, checksFailed: 0, rtoSeconds: 12 },
};

/** Namespace shop with a policy that asks for a drill every hour, and enough of a cluster to run its controller on: what others do takes them a round. */
export class DrillWorld {
  now = at('10:00');
  readonly objects = new Map<string, KubeObject>();
  readonly events: string[] = [];
  /** Every result that was noted, in order. */
  readonly noted: DrillResult[] = [];
  /** Objects of a drill that were made, in order. */
  readonly made: string[] = [];
  /** What the metrics say of drills; undefined: nothing of the policy. */
  series: { drill: number | undefined; drillVerified: boolean | undefined } | undefined;
  fate: Fate = 'passes';
  isolated = true;
  enabled = true;
  requireIsolation = true;
  /** The pod that tries the isolation does not come to its end. */
  canaryHangs = false;
  /** An admission policy that is not installed. */
  missing: string | undefined;
  /** Namespaces that are being deleted stay. */
  terminatingHangs = false;
  /** Writes until the operator dies, and whether the last one is done. */
  crash: { after: number; done: boolean } | undefined;
  #uids = 0;
  #memory = this.#forgotten();

  constructor(verify: object = {}, protection: object = {}) {
    this.#store('volumepolicies', volumePolicy({ schedule: { cron: '0 0 1 1 *' }, verify: { cron: '0 * * * *', timeout: '20m', ...verify }, ...protection }));
    this.#store('namespaces', { metadata: { name: 'shop', labels: { 'pod-security.kubernetes.io/enforce': 'restricted', team: 'shop' } } });
    this.#store('resourcequotas', { metadata: { name: 'all', namespace: 'shop' }, spec: { hard: { pods: '9' } }, status: { hard: { pods: '9' } } });
    for (const time of ['08:00', '09:00']) this.#store('appsnapshots', copyOfTick(this.policy, at(time), readyStatus(at(time))));
  }

  get policy(): VolumePolicy {
    return clone(this.objects.get('volumepolicies/shop/nightly')) as unknown as VolumePolicy;
  }

  condition(type: string): { status: string; reason: string; message: string } | undefined {
    return this.policy.status?.conditions?.find((c) => c.type === type);
  }

  /** Something of namespace shop, or of the cluster, that is there. */
  put(plural: string, object: KubeObject): void {
    this.#store(plural, object);
  }

  /** What is there of drills: namespaces, what is in them, and restores. */
  get left(): string[] {
    return [...this.objects.keys()].filter((key) => key.includes('-drill-'));
  }

  /** A namespace as a drill has one, which no policy speaks of, but for this. */
  mark(metadata: object): void {
    const whole = { name: 'shop-drill-00000000ff', labels: { 'stillpoint.dev/drill': 'beef0000-0000-4000-8000-0000000000ff' }, annotations: { 'stillpoint.dev/drill-of': 'shop/gone' } };
    this.#store('namespaces', { metadata: { ...whole, ...metadata } });
  }

  /** Whether one of those is there, and is not being deleted. */
  get marked(): boolean {
    return [...this.objects.values()].some(({ metadata }) => metadata.labels?.['stillpoint.dev/drill'] !== undefined && metadata.deletionTimestamp === undefined);
  }

  restore(): AppRestore | undefined {
    return [...this.objects].find(([key]) => key.startsWith('apprestores/'))?.[1] as AppRestore | undefined;
  }

  /** A user deletes what is there under this kind, of a drill or the policy itself. */
  userDeletes(plural: 'apprestores' | 'namespaces' | 'volumepolicies'): void {
    for (const key of [...this.objects.keys()]) if (key.startsWith(`${plural}/`) && (plural === 'volumepolicies' || key.includes('-drill-'))) this.#delete(key);
  }

  /** Reconciles and lets others work, for so many rounds of so many seconds. */
  async live(rounds: number, seconds = 5): Promise<void> {
    for (let i = 0; i < rounds; i += 1) {
      await this.#reconcile();
      this.now += seconds * 1000;
      this.#othersWork();
    }
  }

  #forgotten() {
    return drillMemory(2, { monotonic: () => this.now });
  }

  async #reconcile(): Promise<void> {
    try {
      await reconcileVolumePolicy(this.#deps, this.#memory, new UsageMemory({ monotonic: () => this.now }))('shop/nightly', { log: this.#deps.log, signal: new AbortController().signal });
      if (this.enabled) await sweepDrills(this.#deps)();
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown;
    }
    if (this.crash === undefined || this.crash.after >= 0) return;
    // The next one knows nothing but what the API has.
    this.crash = undefined;
    this.#memory = this.#forgotten();
  }

  #othersWork(): void {
    for (const [key, object] of [...this.objects]) {
      const [plural = ''] = key.split('/');
      if (plural === 'resourcequotas') object['status'] ??= { hard: {} };
      if (plural === 'pods' && object.metadata.name === canaryName && !this.canaryHangs) object['status'] ??= this.isolated ? { phase: 'Succeeded' } : { phase: 'Failed', containerStatuses: [{ name: 'isolation', state: { terminated: { exitCode: 10 } } }] };
      if (plural === 'apprestores') this.#restoreWorks(object as AppRestore);
      if (object.metadata.deletionTimestamp === undefined) continue;
      if (plural === 'namespaces' && this.terminatingHangs) object['status'] = { conditions: [{ status: 'True', message: 'Some content remains.' }] };
      else this.#gone(key, object);
    }
  }

  #restoreWorks(restore: AppRestore): void {
    if (this.fate === 'hangs' || restore.status?.phase !== undefined) return;
    const end = ends[this.fate];
    restore.status = { ...end, conditions: [{ type: 'Ready', status: end.phase === 'Ready' ? 'True' : 'False', reason: end.phase === 'Ready' ? 'Restored' : 'CheckFailed', message: 'It came to its end.', lastTransitionTime: new Date(this.now).toISOString() }] };
    const copy = this.objects.get(place('appsnapshots', { namespace: 'shop', name: restore.spec.from.appSnapshotRef?.name ?? '' })) as AppSnapshot | undefined;
    if (end.verified === true && copy?.status !== undefined) copy.status = { ...copy.status, verified: { at: new Date(this.now).toISOString(), by: 'shop/r', checks: 3 } };
  }

  #gone(key: string, object: KubeObject): void {
    this.objects.delete(key);
    if (key.startsWith('namespaces/')) for (const other of [...this.objects.keys()]) if (other.split('/')[1] === object.metadata.name) this.objects.delete(other);
    if (key.startsWith('volumepolicies/')) for (const other of [...this.objects.keys()]) if (other.startsWith('apprestores/')) this.#delete(other);
  }

  #delete(key: string): void {
    const object = this.objects.get(key);
    if (object !== undefined) object.metadata.deletionTimestamp ??= new Date(this.now).toISOString();
  }

  #store(plural: string, object: KubeObject): KubeObject {
    this.#uids += 1;
    const uid = `${this.#uids.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    const stored = clone({ ...object, metadata: { resourceVersion: '1', uid, generation: 1, ...object.metadata } });
    this.objects.set(place(plural, object.metadata), stored);
    return clone(stored);
  }

  readonly #client: Client = {
    get: (type: ResourceType, key: ObjectKey) => this.#get(type, key),
    list: (type: ResourceType, options: { namespace?: string; labelSelector?: string } = {}) => Promise.resolve({ items: this.#list(type, options), resourceVersion: '' }),
    create: (type: ResourceType, object: KubeObject) => (type.plural === 'selfsubjectaccessreviews' ? Promise.resolve({ ...object, status: { allowed: true } }) : this.#write(() => this.#create(type, object))),
    delete: (type: ResourceType, key: ObjectKey, options: { uid?: string } = {}) => this.#write(() => this.#remove(type, key, options.uid)),
    apply: (type: ResourceType, object: KubeObject) => this.#write(() => this.#apply(type, object)),
    as: () => this.#client,
  } as unknown as Client;

  get #deps(): OperatorDeps {
    const { now } = this;
    const log = { info: () => undefined, debug: () => undefined, warn: () => undefined, error: () => undefined };
    const values = (plural: string): KubeObject[] => [...this.objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => clone(object));
    return {
      client: this.#client,
      clock: { now: () => now },
      agentNamespace: 'stillpoint-agent',
      caches: { appSnapshots: { by: () => values('appsnapshots') }, appRestores: { by: () => values('apprestores') }, volumePolicies: { list: () => values('volumepolicies') } },
      events: { record: ({ reason }: { reason: string }) => this.events.push(reason) },
      metrics: { policy: (_: PolicyKey, { drill, drillVerified }: { drill?: number; drillVerified?: boolean }) => (this.series = { drill, drillVerified }), forgetPolicy: () => (this.series = undefined), volumes: () => undefined },
      log,
      mover: { image: 'i', pullPolicy: 'IfNotPresent', resources: {} },
      drills: { enabled: this.enabled, atOnce: 2, longestMillis: 3_600_000, requireIsolation: this.requireIsolation, labels: ['team'], dnsNamespace: 'kube-system', operator: { namespace: 'stillpoint-system', name: 'stillpoint' } },
    } as unknown as OperatorDeps;
  }

  /** The operator may die before or after any write. */
  async #write<T>(act: () => T): Promise<T> {
    const { crash } = this;
    if (crash !== undefined && (crash.after -= 1) < 0) {
      if (crash.done && crash.after === -1) act();
      throw new Crash();
    }
    return Promise.resolve(act());
  }

  #get(type: ResourceType, key: ObjectKey): Promise<KubeObject> {
    if (key.namespace === 'broken') return Promise.reject(error(500, 'InternalError'));
    const policy = key.name === this.missing ? undefined : installedPolicy(type, key.name);
    const found = policy ?? (key.namespace === 'shop' && type.plural === 'serviceaccounts' ? { metadata: { ...key } } : this.objects.get(place(type.plural, key)));
    return found === undefined ? Promise.reject(error(404, 'NotFound')) : Promise.resolve(clone(found));
  }

  #list(type: ResourceType, { namespace, labelSelector }: { namespace?: string; labelSelector?: string }): KubeObject[] {
    const found = [...this.objects].filter(([key, { metadata }]) => key.startsWith(`${type.plural}/`) && (namespace === undefined || metadata.namespace === namespace) && (labelSelector === undefined || metadata.labels?.[labelSelector] !== undefined));
    return found.map(([, object]) => clone(object));
  }

  #create(type: ResourceType, object: KubeObject): KubeObject {
    const { namespace, name } = object.metadata;
    const key = place(type.plural, object.metadata);
    if (this.objects.has(key)) throw error(409, 'AlreadyExists');
    const home = type.namespaced ? this.objects.get(place('namespaces', { name: namespace ?? '' })) : undefined;
    if (type.namespaced && home === undefined) throw error(404, 'NotFound');
    if (home?.metadata.deletionTimestamp !== undefined) throw error(403, 'Forbidden', `namespace ${namespace ?? ''} is being terminated`);
    // Nothing may be done in the namespace before the binding.
    if (namespace !== 'shop' && type.namespaced && type.plural !== 'rolebindings' && !this.objects.has(place('rolebindings', { namespace: namespace ?? '', name: 'stillpoint-drill' }))) throw error(403, 'Forbidden');
    this.made.push(`${type.plural}/${name}`);
    return this.#store(type.plural, object);
  }

  #remove(type: ResourceType, key: ObjectKey, uid: string | undefined): void {
    const name = place(type.plural, key);
    if (uid === undefined || this.objects.get(name)?.metadata.uid === uid) this.#delete(name);
  }

  #apply(type: ResourceType, object: KubeObject): KubeObject {
    const known = this.objects.get(place(type.plural, object.metadata));
    if (known === undefined) throw error(404, 'NotFound');
    if (known.metadata.resourceVersion !== object.metadata.resourceVersion) throw error(409, 'Conflict');
    const status = clone(object['status']) as VolumePolicy['status'];
    if (JSON.stringify(status?.lastDrill) !== JSON.stringify((known['status'] as VolumePolicy['status'])?.lastDrill) && status?.lastDrill !== undefined) this.noted.push(status.lastDrill);
    known['status'] = status;
    known.metadata.resourceVersion = String(Number(known.metadata.resourceVersion) + 1);
    return clone(known);
  }
}
