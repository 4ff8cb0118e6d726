import type { AppRestore } from '../../../src/api/kinds.js';
import { recoveryPointFile, type RecoveryPoint } from '../../../src/api/recoverypoint.js';
import { reconcileAppRestore } from '../../../src/controllers/apprestore/controller.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import { noSuchFile, notYet } from '../../../src/movers/held.js';
import { locationOf } from '../../../src/movers/place.js';
import { moverRequest, requestVariable, type MoverRequest, type MoverResult } from '../../../src/movers/request.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { Client } from '../../../src/runtime/client.js';
import type { ExecTarget } from '../../../src/runtime/exec.js';
import type { KubeObject, ObjectKey } from '../../../src/runtime/object.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import { backupTarget, hex } from '../movers/fixtures.js';
import { start } from './copies-fixtures.js';
import { installedPolicy } from './installed-policies.js';
import { listedPoint, parts, recoveryPointOf, textOf } from './remote-fixtures.js';

/** The operator dies here; what it has asked for may be done or not. */
class Crash extends Error {}

/** What becomes of a mover: its result, or nothing, when it is killed. */
export type Fate = MoverResult | 'killed';

export const error = (code: number, reason: string): ApiError => new ApiError({ code, reason, message: reason });
const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

interface JobSpec {
  readonly template: { readonly spec: { readonly containers: readonly { readonly env: readonly { readonly name: string; readonly value?: string }[] }[]; readonly volumes: readonly { readonly name: string; readonly persistentVolumeClaim?: { readonly claimName: string } }[] } };
}

/** One namespace into which is restored from a bucket, and movers that end as they are told; enough of the API to run the controller on. */
export class RemoteWorld {
  now = start;
  readonly objects = new Map<string, KubeObject>();
  readonly events: string[] = [];
  readonly notes: string[] = [];
  /** Every Job that was made, in order, and what it was for. */
  readonly made: { readonly name: string; readonly request: MoverRequest }[] = [];
  /** Content of claims, by uid. */
  readonly filled = new Map<string, string>();
  point: RecoveryPoint = recoveryPointOf('point-2');
  /** Writes until the operator dies, and whether the last one is done. */
  crash: { after: number; done: boolean } | undefined;
  /** What the API server does not answer as it should, by verb and plural. */
  readonly broken = new Map<string, ApiError>();
  #uids = 0;
  readonly #fate: (request: MoverRequest, n: number) => Fate;

  constructor(object: AppRestore, fate: (request: MoverRequest, n: number) => Fate = success) {
    this.#fate = fate;
    this.put('apprestores', { ...object, metadata: { ...object.metadata, finalizers: [] } });
    const target = backupTarget();
    const status = { repository: { location: locationOf(target), id: hex('a'), keySecret: 's3-encryption-key' }, conditions: [{ type: 'Ready', status: 'True' as const, reason: 'TargetReady', message: '', lastTransitionTime: '' }] };
    this.put('backuptargets', { ...target, status });
    this.put('namespaces', { metadata: { name: 'shop' } });
    for (const name of ['s3-encryption-key', 'login']) this.put('secrets', { metadata: { name, namespace: 'shop' }, data: Object.fromEntries(['password', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((key) => [key, 'eA=='])) });
  }

  get restore(): AppRestore | undefined {
    return clone(this.objects.get('apprestores/r') ?? null) as AppRestore | undefined;
  }

  /** What movers use, and have left. */
  get left(): string[] {
    return [...this.objects].filter(([, o]) => o.metadata.labels?.['stillpoint.dev/internal'] === 'mover').map(([key]) => key);
  }

  of(plural: string): KubeObject[] {
    return [...this.objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object);
  }

  /** Reconciles and lets movers work until nothing happens any more, or so many rounds have passed. */
  async live(rounds: number): Promise<void> {
    const reconcile = reconcileAppRestore(this.#deps);
    for (let i = 0; i < rounds; i += 1) {
      try {
        const { kind } = await reconcile('shop/r', { log: this.#deps.log, signal: new AbortController().signal });
        // The write of a finalizer brings the key again.
        if (kind === 'stalled' || (kind === 'done' && this.restore?.status !== undefined && this.restore.status.phase !== undefined && i > 0)) return;
      } catch (thrown) {
        if (!(thrown instanceof Crash)) throw thrown;
        this.crash = undefined;
      }
      this.now += 3000;
      this.#moversWork();
    }
  }

  delete(): void {
    const object = this.objects.get('apprestores/r');
    if (object !== undefined) object.metadata.deletionTimestamp = new Date(this.now).toISOString();
  }

  put(plural: string, object: KubeObject): void {
    this.#uids += 1;
    this.objects.set(`${plural}/${object.metadata.name}`, clone({ ...object, metadata: { resourceVersion: '1', uid: `${plural}-${this.#uids}`, ...object.metadata } }));
  }

  #moversWork(): void {
    for (const [key, job] of [...this.objects]) {
      if (!key.startsWith('jobs/') || job['status'] !== undefined || this.objects.has(`pods/${job.metadata.name}-x`)) continue;
      const { containers, volumes } = (job['spec'] as JobSpec).template.spec;
      const claim = volumes.find((volume) => volume.name === 'destination')?.persistentVolumeClaim?.claimName;
      if (claim !== undefined && !this.objects.has(`persistentvolumeclaims/${claim}`)) continue;
      this.#end(job, moverRequest.parse(JSON.parse(containers[0]!.env.find((e) => e.name === requestVariable)!.value!)), claim);
    }
  }

  #end(job: KubeObject, request: MoverRequest, claim: string | undefined): void {
    const fate = this.#fate(request, this.made.findIndex(({ name }) => name === job.metadata.name) + 1);
    const good = fate !== 'killed' && fate.ok;
    // What it has fetched it holds until somebody has read it.
    const holds = good && request.task.verb === 'fetch';
    if (good && request.task.verb === 'restore') this.filled.set(this.objects.get(`persistentvolumeclaims/${claim!}`)?.metadata.uid ?? '', request.task.snapshotId);
    const terminated = { exitCode: good ? 0 : 1, ...(fate === 'killed' ? {} : { message: JSON.stringify(fate) }) };
    if (!holds) job['status'] = { conditions: [{ type: good ? 'Complete' : 'Failed', status: 'True' }] };
    this.put('pods', { metadata: { name: `${job.metadata.name}-x`, namespace: 'shop', labels: job.metadata.labels!, ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job.metadata.name, uid: job.metadata.uid! }] }, status: holds ? { phase: 'Running' } : { phase: good ? 'Succeeded' : 'Failed', containerStatuses: [{ state: { terminated } }] } });
  }

  readonly #client: Client = {
    get: (type: ResourceType, { name }: ObjectKey) => this.#get(type, name),
    list: (type: ResourceType, { labelSelector = '' } = {}) => {
      const broken = this.broken.get(`list ${type.plural}`);
      return broken === undefined ? Promise.resolve({ items: this.#select(type, labelSelector), resourceVersion: '' }) : Promise.reject(broken);
    },
    create: (type: ResourceType, object: KubeObject) => (type.plural === 'selfsubjectaccessreviews' ? Promise.resolve({ ...object, status: { allowed: true } }) : this.#write(() => this.#create(type, object))),
    replace: (type: ResourceType, object: KubeObject) => this.#write(() => this.put(type.plural, object)),
    delete: (type: ResourceType, { name }: ObjectKey) => this.#write(() => this.#remove(type, name)),
    apply: (type: ResourceType, object: KubeObject, { dryRun = false } = {}) => (dryRun ? Promise.resolve(object) : this.#write(() => this.#apply(type, object))),
    mergePatch: (_: ResourceType, { name }: ObjectKey, patch: { metadata: { finalizers: string[] } }) => this.#write(() => this.#finalizers(name, patch.metadata.finalizers)),
    raw: () => Promise.reject(error(404, 'NotFound')),
    as: () => this.#client,
  } as unknown as Client;

  readonly #deps = {
    client: this.#client,
    clock: { now: () => this.now },
    agentNamespace: 'stillpoint-agent',
    caches: { appRestores: { list: () => this.others, by: (_: string, uid: string) => this.others.filter(({ metadata }) => metadata.uid === uid) } },
    exec: { run: (target: ExecTarget) => Promise.resolve(this.#show(target)) },
    events: { record: ({ reason, note }: { reason: string; note: string }) => this.notes.push(note) && this.events.push(reason) },
    log: { info: () => undefined, debug: () => undefined, warn: () => undefined },
    mover: { image: 'i', pullPolicy: 'IfNotPresent', resources: {} },
    adapters: {},
  } as unknown as OperatorDeps;

  /** Other restores of the cluster. */
  others: AppRestore[] = [];
  /** How the next ones end that read from a mover. */
  readonly execs: object[] = [];
  /** What becomes of claims that are made. */
  storage: 'Bound' | 'Pending' = 'Bound';
  #asked = 0;

  /** The first time it is not whole yet. */
  #show({ command }: ExecTarget): unknown {
    this.#asked += 1;
    const file = command.at(-1) ?? '';
    if (this.#asked === 1) return { outcome: { kind: 'exited', code: notYet }, stdout: '', stderr: '', truncated: false };
    const content = file === recoveryPointFile ? Buffer.from(textOf(this.point).text) : parts[Number(file.slice('capture-'.length))];
    if (this.execs.length > 0) return { outcome: this.execs.shift(), stdout: '', stderr: '', truncated: false };
    return content === undefined ? { outcome: { kind: 'exited', code: noSuchFile }, stdout: '' } : { outcome: { kind: 'exited', code: 0 }, stdout: content.toString('base64'), stderr: '', truncated: false };
  }

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
    return this.of(type.plural).filter(({ metadata }) => wanted.every(([label = '', value]) => metadata.labels?.[label] === value)).map((object) => clone(object));
  }

  #create(type: ResourceType, object: KubeObject): KubeObject {
    if (this.objects.has(`${type.plural}/${object.metadata.name}`)) throw error(409, 'AlreadyExists');
    this.put(type.plural, object);
    const stored = this.objects.get(`${type.plural}/${object.metadata.name}`)!;
    if (type.plural === 'jobs') this.made.push({ name: object.metadata.name, request: moverRequest.parse(JSON.parse((stored['spec'] as JobSpec).template.spec.containers[0]!.env.find((e) => e.name === requestVariable)!.value!)) });
    return stored;
  }

  #remove(type: ResourceType, name: string): void {
    this.objects.delete(`${type.plural}/${name}`);
    if (type.plural === 'jobs') this.objects.delete(`pods/${name}-x`);
  }

  #apply(type: ResourceType, object: KubeObject): KubeObject {
    const key = `${type.plural}/${object.metadata.name}`;
    const known = this.objects.get(key);
    if (type.plural === 'persistentvolumeclaims') {
      if (known === undefined) this.put(type.plural, { ...object, metadata: { ...object.metadata, creationTimestamp: new Date(this.now).toISOString() }, status: { phase: this.storage } });
      return clone(this.objects.get(key)!);
    }
    if (known === undefined || known.metadata.resourceVersion !== object.metadata.resourceVersion) throw error(409, 'Conflict');
    known['status'] = clone(object['status']);
    known.metadata.resourceVersion = String(Number(known.metadata.resourceVersion) + 1);
    return clone(known);
  }

  #finalizers(name: string, finalizers: string[]): void {
    const known = this.objects.get(`apprestores/${name}`)!;
    known.metadata.finalizers = finalizers;
    known.metadata.resourceVersion = String(Number(known.metadata.resourceVersion) + 1);
    if (finalizers.length === 0 && known.metadata.deletionTimestamp !== undefined) this.objects.delete(`apprestores/${name}`);
  }
}

/** A mover that does what it is asked. */
export function success({ task }: MoverRequest): MoverResult {
  const said = { ok: true as const, repositoryId: hex('a') };
  if (task.verb === 'list') return { ...said, points: [listedPoint('point-2', 10), listedPoint('point-1', 9)], total: 2 };
  return task.verb === 'restore' ? { ...said, bytes: 1000 } : { ...said, snapshotId: hex('9') };
}
