import { ApiError } from '../../../src/runtime/api-error.js';
import type { Client } from '../../../src/runtime/client.js';
import type { KubeObject, ObjectKey } from '../../../src/runtime/object.js';
import type { ResourceType } from '../../../src/runtime/resource.js';

/** The operator dies here; what it has asked for may be done or not. */
export class Crash extends Error {}

const error = (code: number, reason: string, message = reason): ApiError => new ApiError({ code, reason, message });
const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const keyOf = (type: Pick<ResourceType, 'plural'>, { namespace = '', name }: Partial<ObjectKey>): string => `${type.plural}/${namespace}/${name ?? ''}`;

interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** Objects with uids, versions and finalizers, by `plural/namespace/name`: enough of the API to run the steps on. */
export class Api {
  readonly #objects = new Map<string, KubeObject>();
  readonly #afterWrite: () => void;
  /** Counts every change. */
  version = 0;
  /** Writes until the operator dies, and whether the last one is done. */
  crash: { after: number; done: boolean } | undefined;
  /** Why nothing may be made in a namespace, if so. */
  readonly full = new Map<string, string>();
  #then: { after: number; act: () => void } | undefined;

  constructor(afterWrite: () => void) {
    this.#afterWrite = afterWrite;
  }

  /** Has something happen when so many writes are done. */
  onWrite(after: number, act: () => void): void {
    this.#then = { after, act };
  }

  at(key: string): KubeObject | undefined {
    const found = this.#objects.get(key);
    return found === undefined ? undefined : clone(found);
  }

  keys(prefix: string): string[] {
    return [...this.#objects.keys()].filter((key) => key.startsWith(prefix));
  }

  put(plural: string, object: KubeObject): void {
    const { name, namespace = '', uid = `${plural}-${name}-${this.version}` } = object.metadata;
    this.version += 1;
    this.#objects.set(`${plural}/${namespace}/${name}`, clone({ ...object, metadata: { ...object.metadata, uid, resourceVersion: String(this.version) } }));
  }

  edit(key: string, change: (object: KubeObject) => void): void {
    const object = this.#objects.get(key);
    if (object === undefined) throw error(404, 'NotFound');
    change(object);
    this.version += 1;
    object.metadata.resourceVersion = String(this.version);
    if (object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length === 0 && !key.startsWith('namespaces/')) this.#objects.delete(key);
  }

  /** As somebody deletes it. Contents stay until the sidecar lets them go. */
  remove(key: string): void {
    const object = this.#objects.get(key);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return;
    if ((object.metadata.finalizers ?? []).length === 0 && !key.includes('contents/')) return this.forget(key);
    this.version += 1;
    object.metadata.deletionTimestamp = '2026-11-30T13:00:00Z';
    object.metadata.resourceVersion = String(this.version);
  }

  forget(key: string): void {
    this.version += 1;
    this.#objects.delete(key);
  }

  readonly client: Client = {
    get: (type: ResourceType, key: ObjectKey) => this.#get(type, key),
    list: (type: ResourceType, options: { namespace?: string; labelSelector?: string } = {}) => Promise.resolve({ items: this.#select(type, options), resourceVersion: '' }),
    create: (type: ResourceType, object: KubeObject) => this.#write(() => this.#create(type, object)),
    mergePatch: (type: ResourceType, key: ObjectKey, patch: Partial<KubeObject>) => this.#write(() => this.#merge(type, key, patch)),
    delete: (type: ResourceType, key: ObjectKey, preconditions: Preconditions = {}) => this.#write(() => this.#delete(type, key, preconditions)),
    apply: (type: ResourceType, object: KubeObject) => this.#write(() => this.#apply(type, object)),
    raw: () => {
      const items = this.keys('secrets/stillpoint-system/').map((key) => this.at(key)!).filter(({ metadata }) => metadata.labels?.['stillpoint.dev/retained-part'] !== undefined);
      // As the API server writes a list of metadata that is empty.
      return Promise.resolve({ items: items.length === 0 ? null : items, metadata: {} });
    },
    as: () => this.client,
  } as unknown as Client;

  /** The operator may die before or after any write. */
  async #write<T>(act: () => T): Promise<T> {
    const { crash } = this;
    if (crash !== undefined && (crash.after -= 1) < 0) {
      this.crash = undefined;
      if (crash.done) act();
      this.#afterWrite();
      throw new Crash();
    }
    const result = act();
    this.#afterWrite();
    const then = this.#then;
    if (then !== undefined && (then.after -= 1) < 0) {
      this.#then = undefined;
      then.act();
    }
    return Promise.resolve(result);
  }

  #get(type: ResourceType, key: ObjectKey): Promise<KubeObject> {
    const found = this.at(keyOf(type, key));
    return found === undefined ? Promise.reject(error(404, 'NotFound')) : Promise.resolve(found);
  }

  #select(type: ResourceType, { namespace, labelSelector = '' }: { namespace?: string; labelSelector?: string }): KubeObject[] {
    const [label = '', value] = labelSelector.split('=');
    const all = this.keys(`${type.plural}/${namespace === undefined ? '' : `${namespace}/`}`).map((key) => this.at(key)!);
    return all.filter(({ metadata }) => label === '' || (value === undefined ? metadata.labels?.[label] !== undefined : metadata.labels?.[label] === value));
  }

  #create(type: ResourceType, object: KubeObject): KubeObject {
    const key = keyOf(type, object.metadata);
    const why = this.full.get(object.metadata.namespace ?? '');
    if (this.#objects.has(key)) throw error(409, 'AlreadyExists');
    if (why !== undefined) throw error(403, 'Forbidden', why);
    this.put(type.plural, object);
    return this.at(key)!;
  }

  #held(type: ResourceType, key: ObjectKey, { uid, resourceVersion }: Preconditions): KubeObject {
    const found = this.#objects.get(keyOf(type, key));
    if (found === undefined) throw error(404, 'NotFound');
    if ((uid !== undefined && uid !== found.metadata.uid) || (resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)) throw error(409, 'Conflict');
    return found;
  }

  #merge(type: ResourceType, key: ObjectKey, patch: Partial<KubeObject>): KubeObject {
    const { uid, resourceVersion, ...metadata } = patch.metadata ?? { name: '' };
    this.#held(type, key, { uid, resourceVersion });
    let after: KubeObject | undefined;
    this.edit(keyOf(type, key), (object) => {
      Object.assign(object, merged(object, { ...patch, metadata }));
      after = clone(object);
    });
    return after!;
  }

  #delete(type: ResourceType, key: ObjectKey, preconditions: Preconditions): void {
    try {
      this.#held(type, key, preconditions);
      this.remove(keyOf(type, key));
    } catch (thrown) {
      // As the client: what is gone, or is another one, counts as done.
      if (!(thrown instanceof ApiError)) throw thrown;
    }
  }

  #apply(type: ResourceType, object: KubeObject): KubeObject {
    this.#held(type, object.metadata, object.metadata);
    this.edit(keyOf(type, object.metadata), (known) => (known['status'] = clone(object['status'])));
    return this.at(keyOf(type, object.metadata))!;
  }
}

/** RFC 7386. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(typeof target === 'object' && target !== null ? (target) : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value !== undefined) result[key] = merged(result[key], value);
  }
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== null));
}
