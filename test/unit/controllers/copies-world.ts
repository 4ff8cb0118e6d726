import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { copyStep } from '../../../src/controllers/appsnapshot/copies/copy-step.js';
import { forgetCopies, isNamespaceLeaving } from '../../../src/controllers/appsnapshot/copies/end.js';
import { forgetStep } from '../../../src/controllers/appsnapshot/copies/forget-step.js';
import { decide } from '../../../src/controllers/appsnapshot/decide.js';
import { inUse } from '../../../src/controllers/appsnapshot/in-use.js';
import { snapshotWriter } from '../../../src/controllers/appsnapshot/steps.js';
import { sourceKeys } from '../../../src/controllers/copy-keys.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import { locationOf } from '../../../src/movers/place.js';
import { moverRequest, requestVariable, type MoverRequest, type MoverResult } from '../../../src/movers/request.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { Client } from '../../../src/runtime/client.js';
import type { KubeObject, ObjectKey } from '../../../src/runtime/object.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import { backupTarget, hex } from '../movers/fixtures.js';
import { readySnapshot, start } from './copies-fixtures.js';
import { installedPolicy } from './installed-policies.js';

/** The operator dies here; what it has asked for may be done or not. */
export class Crash extends Error {}

/** What becomes of a mover: its result, or nothing, when it is killed; or it still runs. */
export type Fate = MoverResult | 'killed' | 'runs';

const error = (code: number, reason: string): ApiError => new ApiError({ code, reason, message: reason });
const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

interface JobSpec {
  readonly template: { readonly spec: { readonly containers: readonly { readonly env: readonly { readonly name: string; readonly value?: string }[] }[]; readonly volumes: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[] } };
}

/** One namespace with a ready AppSnapshot, and movers that end as they are told; enough of the API to run the steps on. */
export class CopiesWorld {
  now = start;
  readonly objects = new Map<string, KubeObject>();
  /** What is in the repository: id, and what it is of. */
  readonly repository = new Map<string, MoverRequest['task']>();
  readonly events: string[] = [];
  /** As the cache has them. */
  restores: AppRestore[] = [];
  /** Every Job that was made, in order. */
  readonly made: string[] = [];
  /** Bytes that were counted, read and added. */
  readonly moved: [number, number][] = [];
  readonly violations: string[] = [];
  /** Writes until the operator dies, and whether the last one is done. */
  crash: { after: number; done: boolean } | undefined;
  #count = 0;
  readonly #fate: (request: MoverRequest, n: number) => Fate;

  constructor(fate: (request: MoverRequest, n: number) => Fate = () => 'killed', object: AppSnapshot = readySnapshot()) {
    this.#fate = fate;
    this.#put('appsnapshots', object);
    this.addTarget('s3');
    this.#put('namespaces', { metadata: { name: 'shop' } });
    for (const name of ['s3-encryption-key', 'login']) this.#put('secrets', { metadata: { name, namespace: 'shop' }, data: Object.fromEntries(['password', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((key) => [key, 'eA=='])) });
    for (const claim of ['data', 'wal']) this.#cut(claim);
  }

  get snapshot(): AppSnapshot {
    return clone(this.objects.get('appsnapshots/copy')) as AppSnapshot;
  }

  get left(): string[] {
    return [...this.objects].filter(([, o]) => o.metadata.labels?.['stillpoint.dev/internal'] === 'mover').map(([key]) => key);
  }

  /** Reconciles and lets movers work until nothing happens any more, or so many rounds have passed. */
  async live(rounds: number): Promise<void> {
    for (let i = 0; i < rounds; i += 1) {
      try {
        if (!(await this.#reconcile())) return;
      } catch (thrown) {
        if (!(thrown instanceof Crash)) throw thrown;
        this.crash = undefined;
      }
      this.now += 3000;
      this.#moversWork();
    }
  }

  /** Once around, as the controller does it. False when there is nothing to do. */
  async #reconcile(): Promise<boolean> {
    const writer = snapshotWriter(this.#client, this.#deps.clock, this.snapshot);
    if (this.snapshot.metadata.deletionTimestamp !== undefined) return (await inUse(writer, this.#deps, () => isNamespaceLeaving(this.snapshot, this.#deps))) || !(await forgetCopies(writer, this.#deps));
    for (let i = 0; i < 20; i += 1) {
      const plan = decide({ object: writer.object, now: this.now });
      if (plan.kind === 'wait') return true;
      if (plan.kind !== 'copy' && plan.kind !== 'forget') return false;
      const step = plan.kind === 'copy' ? copyStep : forgetStep;
      if ((await step(writer, plan.target, this.#deps)).again !== 'now') return true;
    }
    throw new Error('no end after 20 steps');
  }

  /** Somebody changes the spec. */
  ask(spec: Partial<AppSnapshot['spec']>): void {
    const object = this.objects.get('appsnapshots/copy') as AppSnapshot;
    Object.assign(object.spec, spec);
    object.metadata.resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
  }

  /** One that has passed its check. */
  addTarget(name: string): void {
    const target = backupTarget({ encryptionKeySecretRef: { name: 's3-encryption-key' } });
    const status = { repository: { location: locationOf(target), id: hex('a'), keySecret: 's3-encryption-key' }, conditions: [{ type: 'Ready', status: 'True' as const, reason: 'TargetReady', message: '', lastTransitionTime: '' }] };
    this.#put('backuptargets', { ...target, metadata: { ...target.metadata, name, uid: `${target.metadata.uid}-${name}` }, status });
  }

  delete(): void {
    const object = this.objects.get('appsnapshots/copy')!;
    object.metadata.deletionTimestamp = new Date(this.now).toISOString();
  }

  #cut(claim: string): void {
    this.#put('volumesnapshots', { metadata: { name: `snap-${claim}`, namespace: 'shop', uid: `snap-${claim}-uid` }, status: { boundVolumeSnapshotContentName: `content-${claim}`, readyToUse: true, restoreSize: '1Gi' } });
    this.#put('volumesnapshotcontents', { metadata: { name: `content-${claim}` }, spec: { driver: 'd', deletionPolicy: 'Delete', volumeSnapshotRef: { namespace: 'shop', name: `snap-${claim}`, uid: `snap-${claim}-uid` } }, status: { snapshotHandle: claim, readyToUse: true } });
  }

  #put(plural: string, object: KubeObject): void {
    this.objects.set(`${plural}/${object.metadata.name}`, clone({ ...object, metadata: { resourceVersion: '1', uid: `${plural}-${object.metadata.name}`, ...object.metadata } }));
  }

  /** Every Job that has a claim to read ends, and says how. */
  #moversWork(): void {
    for (const [key, job] of this.objects) {
      if (!key.startsWith('jobs/') || job['status'] !== undefined) continue;
      const { containers, volumes } = (job['spec'] as JobSpec).template.spec;
      const claims = volumes.flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
      if (claims.some((claim) => !this.objects.has(`persistentvolumeclaims/${claim}`))) continue;
      const request = moverRequest.parse(JSON.parse(containers[0]!.env.find((e) => e.name === requestVariable)!.value!));
      this.#end(job, request);
    }
  }

  #end(job: KubeObject, request: MoverRequest): void {
    this.#count += 1;
    const fate = this.#fate(request, this.#count);
    if (fate === 'runs') return;
    const good = fate !== 'killed' && fate.ok;
    if (good && request.task.verb === 'seal') for (const { snapshotId } of request.task.volumes) if (!this.repository.has(snapshotId)) this.violations.push(`sealed without ${snapshotId}`);
    if (good && request.task.verb === 'forget') this.repository.clear();
    else if (good) this.repository.set(fate.snapshotId!, request.task);
    job['status'] = { conditions: [{ type: good ? 'Complete' : 'Failed', status: 'True' }] };
    const terminated = { exitCode: good ? 0 : 1, ...(fate === 'killed' ? {} : { message: JSON.stringify(fate) }) };
    this.#put('pods', { metadata: { name: `${job.metadata.name}-x`, namespace: 'shop', labels: job.metadata.labels!, ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job.metadata.name, uid: job.metadata.uid! }] }, status: { phase: good ? 'Succeeded' : 'Failed', containerStatuses: [{ state: { terminated } }] } });
  }

  readonly #client: Client = {
    get: (type: ResourceType, { name }: ObjectKey) => this.#get(type, name),
    list: (type: ResourceType, { labelSelector = '' } = {}) => Promise.resolve({ items: this.#select(type, labelSelector), resourceVersion: '' }),
    create: (type: ResourceType, object: KubeObject) => this.#write(() => this.#create(type, object)),
    delete: (type: ResourceType, { name }: ObjectKey) => this.#write(() => this.#remove(type, name)),
    apply: (type: ResourceType, object: KubeObject) => this.#write(() => this.#apply(type, object)),
    raw: () => Promise.reject(error(404, 'NotFound')),
    as: () => this.#client,
  } as unknown as Client;

  readonly #deps = {
    client: this.#client,
    clock: { now: () => this.now },
    agentNamespace: 'stillpoint-agent',
    caches: { claims: { get: () => undefined }, appSnapshots: { list: () => [] }, appRestores: { by: (_: string, key: string) => this.restores.filter((restore) => sourceKeys(restore).includes(key)) } },
    events: { record: ({ reason }: { reason: string }) => this.events.push(reason) },
    log: { info: () => undefined, debug: () => undefined },
    metrics: { moved: (_: unknown, { read, added }: { read: number; added: number }) => this.moved.push([read, added]) },
    mover: { image: 'i', pullPolicy: 'IfNotPresent', resources: {} },
  } as unknown as OperatorDeps;

  /** The operator may die before or after any write. */
  async #write<T>(act: () => T): Promise<T> {
    const { crash } = this;
    if (crash !== undefined && (crash.after -= 1) < 0) {
      if (crash.done) act();
      throw new Crash();
    }
    return Promise.resolve(act());
  }

  #get(type: ResourceType, name: string): Promise<KubeObject> {
    const policy = installedPolicy(type, name);
    if (policy !== undefined) return Promise.resolve(policy);
    const found = this.objects.get(`${type.plural}/${name}`);
    if (type.plural === 'serviceaccounts') return Promise.resolve({ metadata: { name } });
    return found === undefined ? Promise.reject(error(404, 'NotFound')) : Promise.resolve(clone(found));
  }

  #select(type: ResourceType, selector: string): KubeObject[] {
    const wanted = selector.split(',').filter((part) => part !== '').map((part) => part.split('='));
    return [...this.objects].filter(([key, { metadata }]) => key.startsWith(`${type.plural}/`) && wanted.every(([label = '', value]) => metadata.labels?.[label] === value)).map(([, object]) => clone(object));
  }

  #create(type: ResourceType, object: KubeObject): KubeObject {
    if (type.plural === 'selfsubjectaccessreviews') return { ...object, status: { allowed: true } };
    if (this.objects.has(`${type.plural}/${object.metadata.name}`)) throw error(409, 'AlreadyExists');
    if (type.plural === 'jobs') this.made.push(object.metadata.name);
    this.#put(type.plural, object);
    return this.objects.get(`${type.plural}/${object.metadata.name}`)!;
  }

  #remove(type: ResourceType, name: string): void {
    this.objects.delete(`${type.plural}/${name}`);
    if (type.plural === 'jobs') this.objects.delete(`pods/${name}-x`);
  }

  #apply(type: ResourceType, object: KubeObject): KubeObject {
    const known = this.objects.get(`${type.plural}/${object.metadata.name}`)!;
    if (known.metadata.resourceVersion !== object.metadata.resourceVersion) throw error(409, 'Conflict');
    known['status'] = clone(object['status']);
    known.metadata.resourceVersion = String(Number(known.metadata.resourceVersion) + 1);
    return clone(known);
  }
}

/** A mover that does what it is asked. */
export function success(request: MoverRequest, n: number): MoverResult {
  const id = n.toString(16).padStart(64, '0');
  if (request.task.verb === 'forget') return { ok: true, repositoryId: hex('a'), removed: 3 };
  return { ok: true, repositoryId: hex('a'), snapshotId: id, tree: id, bytes: 10, bytesAdded: 5 };
}
