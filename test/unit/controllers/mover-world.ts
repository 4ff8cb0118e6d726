import { moverRequest, requestVariable, type MoverRequest, type MoverResult } from '../../../src/movers/request.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { Client } from '../../../src/runtime/client.js';
import type { KubeObject, ObjectKey } from '../../../src/runtime/object.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import { start } from './copies-fixtures.js';
import { installedPolicy } from './installed-policies.js';

/** The operator dies here; what it has asked for may be done or not. */
class Crash extends Error {}

/** What becomes of a mover: its result, or nothing, when it is killed. */
export type Ending = MoverResult | 'killed';

export const error = (code: number, reason: string): ApiError => new ApiError({ code, reason, message: reason });
export const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

interface JobSpec {
  readonly template: { readonly spec: { readonly containers: readonly { readonly env: readonly { readonly name: string; readonly value?: string }[] }[]; readonly volumes: readonly { readonly name: string; readonly persistentVolumeClaim?: { readonly claimName: string } }[] } };
}

/** A Job as a mover sees it: what it is asked for, and the claims that it mounts, by the name of the volume. */
export interface MoverTodo {
  readonly job: KubeObject;
  readonly request: MoverRequest;
  readonly claims: ReadonlyMap<string, string>;
}

/** Enough of the API to run controllers on whose movers end as they are told. Objects are known by kind and name. */
export abstract class MoverWorld {
  now = start;
  readonly objects = new Map<string, KubeObject>();
  readonly events: string[] = [];
  /** Every Job that was made, in order, and what it was for. */
  readonly made: { readonly name: string; readonly request: MoverRequest }[] = [];
  /** Writes until the operator dies, and whether the last one is done. */
  crash: { after: number; done: boolean } | undefined;
  /** What the API server does not answer as it should, by verb and plural. */
  readonly broken = new Map<string, ApiError>();
  #uids = 0;

  /** Names of the Jobs that were made; none comes twice where all is well. */
  get names(): string[] {
    return this.made.map(({ name }) => name);
  }

  /** What movers use, and have left. */
  get left(): string[] {
    return [...this.objects].filter(([, o]) => o.metadata.labels?.['stillpoint.dev/internal'] === 'mover').map(([key]) => key);
  }

  of(plural: string): KubeObject[] {
    return [...this.objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object);
  }

  put(plural: string, object: KubeObject): void {
    this.#uids += 1;
    this.objects.set(`${plural}/${object.metadata.name}`, clone({ ...object, metadata: { resourceVersion: '1', uid: `${plural}-${this.#uids}`, ...object.metadata } }));
  }

  /** The Secrets of a target. */
  protected putSecrets(): void {
    for (const name of ['s3-encryption-key', 'login']) this.put('secrets', { metadata: { name, namespace: 'shop' }, data: Object.fromEntries(['password', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'].map((key) => [key, 'eA=='])) });
  }

  /** One round of the operator; when it dies in it, there is another one. */
  protected async survive<T>(round: () => Promise<T>): Promise<T | undefined> {
    try {
      return await round();
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown;
      this.crash = undefined;
      return undefined;
    }
  }

  /** Movers that run: their Job has not ended, and what they mount is there. */
  protected todo(): MoverTodo[] {
    return this.of('jobs')
      .filter((job) => job['status'] === undefined)
      .map((job) => ({ job, request: requestOf(job), claims: new Map((job['spec'] as JobSpec).template.spec.volumes.flatMap(({ name, persistentVolumeClaim }) => (persistentVolumeClaim === undefined ? [] : [[name, persistentVolumeClaim.claimName] as const]))) }))
      .filter(({ claims }) => [...claims.values()].every((claim) => this.objects.has(`persistentvolumeclaims/${claim}`)));
  }

  /** The Job of a mover has ended, and its pod says how; `holds`: it runs on with what it has fetched. */
  protected end({ job }: MoverTodo, ending: Ending, holds = false): void {
    const good = ending !== 'killed' && ending.ok;
    if (!holds) job['status'] = { conditions: [{ type: good ? 'Complete' : 'Failed', status: 'True' }] };
    const terminated = { exitCode: good ? 0 : 1, ...(ending === 'killed' ? {} : { message: JSON.stringify(ending) }) };
    const { name, namespace = '', uid = '', labels = {} } = job.metadata;
    const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }];
    this.put('pods', { metadata: { name: `${name}-x`, namespace, labels, ownerReferences }, status: holds ? { phase: 'Running' } : { phase: good ? 'Succeeded' : 'Failed', containerStatuses: [{ state: { terminated } }] } });
  }

  protected readonly client: Client = {
    get: (type: ResourceType, { name }: ObjectKey) => this.#get(type, name),
    list: (type: ResourceType, { labelSelector = '', namespace }: { labelSelector?: string; namespace?: string } = {}) => {
      const broken = this.broken.get(`list ${type.plural}`);
      return broken === undefined ? Promise.resolve({ items: this.#select(type, labelSelector, namespace), resourceVersion: '' }) : Promise.reject(broken);
    },
    create: (type: ResourceType, object: KubeObject) => (type.plural === 'selfsubjectaccessreviews' ? Promise.resolve({ ...object, status: { allowed: true } }) : this.#write(() => this.create(type, object))),
    replace: (type: ResourceType, object: KubeObject) => this.#write(() => this.put(type.plural, object)),
    delete: (type: ResourceType, { name }: ObjectKey) => this.#write(() => this.#remove(type, name)),
    apply: (type: ResourceType, object: KubeObject, { dryRun = false } = {}) => (dryRun ? Promise.resolve(object) : this.#write(() => this.apply(type, object))),
    mergePatch: (type: ResourceType, { name }: ObjectKey, patch: { metadata: { finalizers: string[] } }) => this.#write(() => this.#finalizers(type, name, patch.metadata.finalizers)),
    raw: () => Promise.reject(error(404, 'NotFound')),
    as: () => this.client,
  } as unknown as Client;

  protected create(type: ResourceType, object: KubeObject): KubeObject {
    const key = `${type.plural}/${object.metadata.name}`;
    if (this.objects.has(key)) throw error(409, 'AlreadyExists');
    this.put(type.plural, object);
    const stored = this.objects.get(key)!;
    if (type.plural === 'jobs') this.made.push({ name: object.metadata.name, request: requestOf(stored) });
    return stored;
  }

  protected apply(type: ResourceType, object: KubeObject): KubeObject {
    const known = this.objects.get(`${type.plural}/${object.metadata.name}`);
    if (known === undefined || known.metadata.resourceVersion !== object.metadata.resourceVersion) throw error(409, 'Conflict');
    known['status'] = clone(object['status']);
    this.#next(known);
    return clone(known);
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

  #select(type: ResourceType, selector: string, namespace: string | undefined): KubeObject[] {
    const wanted = selector.split(',').filter((part) => part !== '').map((part) => part.split('='));
    const isIn = ({ metadata }: KubeObject): boolean => namespace === undefined || metadata.namespace === undefined || metadata.namespace === namespace;
    return this.of(type.plural).filter((object) => isIn(object) && wanted.every(([label = '', value]) => object.metadata.labels?.[label] === value)).map((object) => clone(object));
  }

  #remove(type: ResourceType, name: string): void {
    this.objects.delete(`${type.plural}/${name}`);
    if (type.plural === 'jobs') this.objects.delete(`pods/${name}-x`);
  }

  #finalizers(type: ResourceType, name: string, finalizers: string[]): void {
    const key = `${type.plural}/${name}`;
    const known = this.objects.get(key)!;
    known.metadata.finalizers = finalizers;
    this.#next(known);
    if (finalizers.length === 0 && known.metadata.deletionTimestamp !== undefined) this.objects.delete(key);
  }

  #next({ metadata }: KubeObject): void {
    metadata.resourceVersion = String(Number(metadata.resourceVersion) + 1);
  }
}

function requestOf(job: KubeObject): MoverRequest {
  const [container] = (job['spec'] as JobSpec).template.spec.containers;
  return moverRequest.parse(JSON.parse(container!.env.find(({ name }) => name === requestVariable)!.value!));
}
