import type { StorageCluster, VolumePolicy } from '../../../src/api/kinds.js';
import { storageClusterSpec } from '../../../src/api/storagecluster.js';
import { volumePolicySpec } from '../../../src/api/volumepolicy.js';
import type { VolumeState } from '../../../src/api/volumes.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import { projectClaim, projectPod, projectVolume } from '../../../src/controllers/views.js';
import { reconcileVolumePolicy } from '../../../src/controllers/volumepolicy/controller.js';
import { drillMemory } from '../../../src/controllers/volumepolicy/drill/memory.js';
import { sweepClasses } from '../../../src/controllers/volumepolicy/volumes/sweep.js';
import { UsageMemory } from '../../../src/controllers/volumepolicy/volumes/usage.js';
import type { PodView } from '../../../src/hooks/view.js';
import { bytesOf } from '../../../src/manifests/quantity.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { Client } from '../../../src/runtime/client.js';
import type { ExecTarget } from '../../../src/runtime/exec.js';
import type { KubeObject, ObjectKey } from '../../../src/runtime/object.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import { base, driver } from '../storage/fixtures.js';
import { installedPolicy } from './installed-policies.js';
import { at } from './policy-fixtures.js';

class Crash extends Error {}

const error = (code: number, reason: string, message = reason): ApiError => new ApiError({ code, reason, message });
const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const place = (plural: string, { namespace = '', name }: ObjectKey): string => `${plural}/${namespace}/${name}`;

interface RawClaim extends KubeObject {
  spec: { storageClassName: string; volumeName?: string; volumeAttributesClassName?: string; resources: { requests: { storage: string } } };
  status: { phase: string; capacity?: { storage: string }; currentVolumeAttributesClassName?: string };
}

/** Namespace shop with a policy of its volumes, a driver that makes, changes and expands them, and one node. */
export class VolumesWorld {
  now = at('10:00');
  readonly objects = new Map<string, KubeObject>();
  readonly events: string[] = [];
  /** Commands that were run in the agent. */
  readonly commands: string[][] = [];
  /** Used part of each file system, by claim, in percent. */
  readonly used = new Map<string, number>();
  /** Series of the policy; undefined: there is none. */
  series: { volumes: number; noncompliant: number } | undefined;
  /** An admission policy that is not installed. */
  missing: string | undefined;
  /** What the account is refused of a claim. */
  forbidden: string | undefined;
  servesAttributes = true;
  /** Writes until the operator dies, and whether the last one is done. */
  crash: { after: number; done: boolean } | undefined;
  #uids = 0;
  #usage = new UsageMemory({ monotonic: () => this.now });

  constructor(spec: object, offers: object = {}) {
    this.store('namespaces', { metadata: { name: 'shop', labels: { storage: 'bed' } } });
    this.store('storageclasses', base);
    this.store('storageclusters', {
      metadata: { name: 'bed' },
      spec: storageClusterSpec.parse({ engine: { external: { driver } }, offers: { namespaces: { matchLabels: { storage: 'bed' } }, classes: ['bed'], maxIops: 10_000, ...offers } }),
      status: { observedGeneration: 1, conditions: [{ type: 'Ready', status: 'True', reason: 'Adopted', message: 'The driver is there.', lastTransitionTime: '2026-11-29T10:00:00Z' }] },
    });
    this.store('volumepolicies', { apiVersion: 'stillpoint.dev/v1alpha1', kind: 'VolumePolicy', metadata: { name: 'db', namespace: 'shop' }, spec: this.specOf(spec) });
  }

  specOf(spec: object): unknown {
    return volumePolicySpec.parse({ serviceAccountName: 'stillpoint', ...spec });
  }

  get policy(): VolumePolicy {
    return clone(this.objects.get('volumepolicies/shop/db')) as unknown as VolumePolicy;
  }

  condition(type: string): { status: string; reason: string; message: string } | undefined {
    return this.policy.status?.conditions?.find((c) => c.type === type);
  }

  /** How the volumes stand: `data` or `data: field reason`. */
  get volumes(): string[] {
    const drift = ({ drift: differs = [] }: VolumeState): string => differs.map(({ field, reason }) => ` ${field} ${reason}`).join(',');
    return (this.policy.status?.volumes ?? []).map((volume) => (volume.compliant ? volume.pvc : `${volume.pvc}:${drift(volume)}`)).sort();
  }

  claim(name: string): RawClaim {
    return this.objects.get(`persistentvolumeclaims/shop/${name}`) as RawClaim;
  }

  get className(): KubeObject | undefined {
    return this.objects.get('storageclasses//shop-db');
  }

  get attributesClasses(): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith('volumeattributesclasses/')).map((key) => key.split('/')[2] ?? '');
  }

  /** A user changes the policy. */
  change(spec: object): void {
    const policy = this.objects.get('volumepolicies/shop/db');
    if (policy === undefined) return;
    policy['spec'] = this.specOf(spec);
    policy.metadata.generation = (policy.metadata.generation ?? 0) + 1;
  }

  /** A claim of a class is made and mounted; the driver makes its volume when the class is there. */
  make(name: string, className = 'shop-db'): void {
    const made = this.store('persistentvolumeclaims', { metadata: { name, namespace: 'shop' }, spec: { storageClassName: className, resources: { requests: { storage: '1Gi' } } }, status: { phase: 'Pending' } }) as RawClaim;
    this.store('pods', {
      metadata: { name: `mounts-${name}`, namespace: 'shop' },
      spec: { nodeName: 'n1', containers: [{ name: 'db', volumeMounts: [{ name: 'v', mountPath: '/data' }] }], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: name } }] },
      status: { phase: 'Running', containerStatuses: [{ name: 'db', containerID: `containerd://${'a'.repeat(64)}`, ready: true, state: { running: {} } }] },
    });
    if (this.objects.has(`storageclasses//${className}`)) this.#provision(made.metadata.name, className);
  }

  #provision(name: string, className: string): void {
    const claim = this.claim(name);
    this.store('persistentvolumes', { metadata: { name: `pv-${name}`, annotations: { 'pv.kubernetes.io/provisioned-by': driver } }, spec: { storageClassName: className, csi: { driver, volumeHandle: name } } });
    claim.spec.volumeName = `pv-${name}`;
    claim.status = { phase: 'Bound', capacity: { storage: '1Gi' } };
  }

  /** What others do about claims: attributes and sizes that are asked for are there. */
  #driverWorks(): void {
    for (const [key, object] of this.objects) {
      if (!key.startsWith('persistentvolumeclaims/')) continue;
      const claim = object as RawClaim;
      const { volumeAttributesClassName: wanted, resources } = claim.spec;
      if (claim.status.phase !== 'Bound') continue;
      claim.status = { phase: 'Bound', capacity: { storage: resources.requests.storage }, ...(wanted === undefined ? {} : { currentVolumeAttributesClassName: wanted }) };
    }
  }

  /** Reconciles and lets others work, for so many rounds of a minute. */
  async live(rounds: number, seconds = 60): Promise<void> {
    for (let i = 0; i < rounds; i += 1) {
      await this.#reconcile();
      this.now += seconds * 1000;
      this.#driverWorks();
    }
  }

  async #reconcile(): Promise<void> {
    const deps = this.#deps;
    try {
      await reconcileVolumePolicy(deps, drillMemory(1, { monotonic: () => this.now }), this.#usage)('shop/db', { log: deps.log, signal: new AbortController().signal });
      await sweepClasses(deps)();
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown;
    }
    if (this.crash === undefined || this.crash.after >= 0) return;
    // The next one knows nothing but what the API has.
    this.crash = undefined;
    this.#usage = new UsageMemory({ monotonic: () => this.now });
  }

  store(plural: string, object: KubeObject): KubeObject {
    this.#uids += 1;
    const uid = `${this.#uids.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    const metadata = { uid, resourceVersion: '1', generation: 1, creationTimestamp: new Date(Math.floor(this.now / 1000) * 1000).toISOString(), ...object.metadata };
    const stored = clone({ ...object, metadata });
    this.objects.set(place(plural, object.metadata), stored);
    return clone(stored);
  }

  readonly #client: Client = {
    get: (type: ResourceType, key: ObjectKey) => this.#get(type, key),
    list: (type: ResourceType, options: { labelSelector?: string } = {}) => this.#list(type, options.labelSelector),
    create: (type: ResourceType, object: KubeObject) => (type.plural === 'selfsubjectaccessreviews' ? Promise.resolve({ ...object, status: { allowed: true } }) : this.#write(() => this.#create(type, object))),
    delete: (type: ResourceType, key: ObjectKey, { uid }: { uid?: string } = {}) => this.#write(() => this.#remove(place(type.plural, key), uid)),
    apply: (type: ResourceType, object: KubeObject) => this.#write(() => this.#apply(type, object)),
    mergePatch: (type: ResourceType, key: ObjectKey, body: KubeObject) => this.#write(() => this.#patch(type, key, body)),
    as: () => this.#client,
  } as unknown as Client;

  get #deps(): OperatorDeps {
    const { now } = this;
    const log = { info: () => undefined, debug: () => undefined, warn: () => undefined, error: () => undefined };
    const values = (plural: string): KubeObject[] => [...this.objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => clone(object));
    const none = { list: () => [], by: () => [] };
    const agent = { metadata: { namespace: 'stillpoint-agent', name: 'agent-n1', uid: 'a' }, nodeName: 'n1', containers: [{ name: 'agent', ready: true }] } as unknown as PodView;
    return {
      client: this.#client,
      clock: { now: () => now },
      agentNamespace: 'stillpoint-agent',
      exec: { run: (target: ExecTarget, { stdin = '' }: { stdin?: string }) => Promise.resolve(this.#exec(target, stdin)) },
      caches: {
        appSnapshots: none,
        appRestores: none,
        backupTargets: none,
        volumePolicies: { list: () => values('volumepolicies') },
        storageClusters: { get: (name: string) => values('storageclusters').find(({ metadata }) => metadata.name === name) as unknown as StorageCluster | undefined },
        claims: { list: () => values('persistentvolumeclaims').map((claim) => projectClaim(claim)) },
        volumes: { list: () => values('persistentvolumes').map((volume) => projectVolume(volume)), get: (name: string) => this.#volume(name) },
        pods: { list: () => values('pods').map((pod) => projectPod(pod)), by: () => [agent] },
      },
      events: { record: ({ reason }: { reason: string }) => this.events.push(reason) },
      metrics: { policy: () => undefined, forgetPolicy: () => undefined, grown: () => undefined, volumes: (_: unknown, series: { volumes: number; noncompliant: number } | undefined) => (this.series = series === undefined ? undefined : { volumes: series.volumes, noncompliant: series.noncompliant }) },
      log,
      drills: { enabled: false, atOnce: 1, longestMillis: 1, requireIsolation: true },
    } as unknown as OperatorDeps;
  }

  #volume(name: string): ReturnType<typeof projectVolume> | undefined {
    const found = this.objects.get(`persistentvolumes//${name}`);
    return found === undefined ? undefined : projectVolume(found);
  }

  #exec({ command }: ExecTarget, stdin: string): object {
    this.commands.push([...command]);
    const { volumes } = JSON.parse(stdin) as { volumes: { ref: string }[] };
    const answers = volumes.map(({ ref }) => {
      const claim = [...this.objects.values()].find(({ metadata }) => metadata.uid === ref) as RawClaim | undefined;
      const name = claim?.metadata.name ?? '';
      const used = this.used.get(name);
      return used === undefined ? { ref, totalBytes: 0, usedBytes: 0, availableBytes: 0, error: 'no process of the container' } : { ref, totalBytes: Number(bytesOf(claim?.status.capacity?.storage ?? '0')), usedBytes: used, availableBytes: 100 - used };
    });
    return { outcome: { kind: 'exited', code: 0 }, stdout: `${JSON.stringify({ version: 1, volumes: answers })}\n`, stderr: '', truncated: false };
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
    const policy = key.name === this.missing ? undefined : installedPolicy(type, key.name);
    const found = policy ?? (type.plural === 'serviceaccounts' ? { metadata: { ...key } } : this.objects.get(place(type.plural, key)));
    return found === undefined ? Promise.reject(error(404, 'NotFound')) : Promise.resolve(clone(found));
  }

  #list(type: ResourceType, labelSelector: string | undefined): Promise<{ items: KubeObject[]; resourceVersion: string }> {
    if (type.plural === 'volumeattributesclasses' && !this.servesAttributes) return Promise.reject(error(404, 'NotFound'));
    const found = [...this.objects].filter(([key, { metadata }]) => key.startsWith(`${type.plural}/`) && (labelSelector === undefined || metadata.labels?.[labelSelector] !== undefined));
    return Promise.resolve({ items: found.map(([, object]) => clone(object)), resourceVersion: '' });
  }

  #create(type: ResourceType, object: KubeObject): KubeObject {
    if (this.objects.has(place(type.plural, object.metadata))) throw error(409, 'AlreadyExists');
    return this.store(type.plural, object);
  }

  #remove(key: string, uid: string | undefined): void {
    if (this.objects.get(key)?.metadata.uid === uid) this.objects.delete(key);
  }

  #apply(type: ResourceType, object: KubeObject): KubeObject {
    const known = this.objects.get(place(type.plural, object.metadata));
    if (known === undefined) throw error(404, 'NotFound');
    if (known.metadata.resourceVersion !== object.metadata.resourceVersion) throw error(409, 'Conflict');
    known['status'] = clone(object['status']);
    known.metadata.resourceVersion = String(Number(known.metadata.resourceVersion) + 1);
    return clone(known);
  }

  #patch(type: ResourceType, key: ObjectKey, { metadata, spec }: KubeObject): KubeObject {
    const known = this.objects.get(place(type.plural, key)) as RawClaim | undefined;
    if (known === undefined) throw error(404, 'NotFound');
    if (this.forbidden !== undefined) throw error(403, 'Forbidden', this.forbidden);
    if (known.metadata.uid !== metadata.uid || known.metadata.resourceVersion !== metadata.resourceVersion) throw error(409, 'Conflict');
    known.spec = { ...known.spec, ...(spec as object) };
    known.metadata.annotations = { ...known.metadata.annotations, ...metadata.annotations };
    known.metadata.resourceVersion = String(Number(known.metadata.resourceVersion) + 1);
    return clone(known);
  }
}
