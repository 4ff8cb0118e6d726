import { isConflict, isGone, isNotFound } from './api-error.js';
import { applyError } from './apply-error.js';
import type { ApplyOptions, Client, DeleteOptions, ListOptions, ObjectList } from './client.js';
import type { KubeObject, ObjectKey } from './object.js';
import { keyOf } from './object.js';
import type { ResourceType } from './resource.js';
import { apiVersionOf } from './resource.js';
import { collectionPath, objectPath, query, selectors } from './resource-path.js';
import type { ServiceAccountRef } from './service-account.js';
import { userOf } from './service-account.js';
import type { ApiAnswer, ApiRequest, Transport } from './transport.js';

const pageSize = 500;

interface ListPage {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: KubeObject[];
}

interface BodyOptions {
  readonly contentType?: string;
  readonly question?: boolean;
}

/** The resource client on a transport; `fieldManager` is the name under which its writes are recorded. */
export function createClient(transport: Transport, options: { fieldManager: string }): Client {
  return new ResourceClient(transport, options.fieldManager, {});
}

class ResourceClient implements Client {
  readonly #transport: Transport;
  readonly #fieldManager: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(transport: Transport, fieldManager: string, headers: Readonly<Record<string, string>>) {
    this.#transport = transport;
    this.#fieldManager = fieldManager;
    this.#headers = headers;
  }

  get<T extends KubeObject>(type: ResourceType, key: ObjectKey): Promise<T> {
    return this.#send<T>('GET', objectPath(type, key));
  }

  async list<T extends KubeObject>(type: ResourceType, options: ListOptions = {}): Promise<ObjectList<T>> {
    try {
      return await this.#listPages<T>(type, options);
    } catch (error) {
      // The page token has expired: the pages read so far belong to a state that is gone.
      if (!isGone(error)) throw error;
      return this.#listPages<T>(type, options);
    }
  }

  async #listPages<T extends KubeObject>(type: ResourceType, options: ListOptions): Promise<ObjectList<T>> {
    const items: T[] = [];
    let token: string | undefined;
    for (;;) {
      const path = collectionPath(type, options.namespace) + query({ ...selectors(options), limit: pageSize, continue: token });
      const page = await this.#send<ListPage>('GET', path);
      for (const item of page.items ?? []) items.push(withType(type, item) as T);
      token = page.metadata.continue;
      if (token === undefined || token === '') return { items, resourceVersion: page.metadata.resourceVersion ?? '' };
    }
  }

  create<T extends KubeObject>(type: ResourceType, object: KubeObject, options: { dryRun?: boolean } = {}): Promise<T> {
    return this.#send<T>('POST', this.#createPath(type, object, options.dryRun), withType(type, object), { question: options.dryRun === true || type.group === 'authorization.k8s.io' });
  }

  replace<T extends KubeObject>(type: ResourceType, object: KubeObject, options: { subresource?: 'status' } = {}): Promise<T> {
    const path = objectPath(type, keyOf(object), options.subresource) + query({ fieldManager: this.#fieldManager });
    return this.#send<T>('PUT', path, withType(type, object));
  }

  async apply<T extends KubeObject>(type: ResourceType, object: KubeObject, options: ApplyOptions = {}): Promise<T> {
    const parameters = query({
      fieldManager: options.fieldManager ?? this.#fieldManager,
      force: options.force,
      fieldValidation: 'Strict',
      dryRun: options.dryRun === true ? 'All' : undefined,
    });
    const path = objectPath(type, keyOf(object), options.subresource) + parameters;
    try {
      return await this.#send<T>('PATCH', path, withType(type, object), { contentType: 'application/apply-patch+yaml', question: options.dryRun === true });
    } catch (error) {
      throw applyError(error);
    }
  }

  mergePatch<T extends KubeObject>(type: ResourceType, key: ObjectKey, patch: unknown, options: { subresource?: 'status' } = {}): Promise<T> {
    const path = objectPath(type, key, options.subresource) + query({ fieldManager: this.#fieldManager });
    return this.#send<T>('PATCH', path, patch, { contentType: 'application/merge-patch+json' });
  }

  jsonPatch<T extends KubeObject>(type: ResourceType, key: ObjectKey, patch: readonly unknown[]): Promise<T> {
    const path = objectPath(type, key) + query({ fieldManager: this.#fieldManager });
    return this.#send<T>('PATCH', path, patch, { contentType: 'application/json-patch+json' });
  }

  async delete(type: ResourceType, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid, resourceVersion: options.resourceVersion } }),
      ...(options.propagation === undefined ? {} : { propagationPolicy: options.propagation }),
      ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    };
    try {
      await this.#send('DELETE', objectPath(type, key), body);
    } catch (error) {
      const other = options.uid !== undefined && isConflict(error);
      if (!isNotFound(error) && !other) throw error;
    }
  }

  async raw(path: string, options: { accept?: string; maxBytes?: number } = {}): Promise<unknown> {
    const answer = await this.#transport.request({
      method: 'GET',
      path,
      headers: { ...this.#headers, ...(options.accept === undefined ? {} : { Accept: options.accept }) },
      ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
    });
    return answer.contentType.startsWith('application/json') ? parse(answer) : answer.body.toString('utf8');
  }

  prepareCreate<T extends KubeObject>(type: ResourceType, object: KubeObject): () => Promise<T> {
    const request = this.#request('POST', this.#createPath(type, object), withType(type, object));
    const reservation = this.#transport.reserve(this.#headers);
    return async () => parse(await reservation.send(request)) as T;
  }

  as(account: ServiceAccountRef): Client {
    return new ResourceClient(this.#transport, this.#fieldManager, { ...this.#headers, 'Impersonate-User': userOf(account) });
  }

  #createPath(type: ResourceType, object: KubeObject, dryRun?: boolean): string {
    const { namespace } = object.metadata;
    if (type.namespaced && namespace === undefined) throw new Error(`${type.kind} ${object.metadata.name}: no namespace`);
    return collectionPath(type, namespace) + query({ fieldManager: this.#fieldManager, dryRun: dryRun === true ? 'All' : undefined });
  }

  async #send<T>(method: ApiRequest['method'], path: string, body?: unknown, options?: BodyOptions): Promise<T> {
    return parse(await this.#transport.request(this.#request(method, path, body, options))) as T;
  }

  #request(method: ApiRequest['method'], path: string, body?: unknown, { contentType = 'application/json', question = false }: BodyOptions = {}): ApiRequest {
    if (body === undefined) return { method, path, headers: this.#headers };
    return { method, path, question, headers: { ...this.#headers, 'Content-Type': contentType }, body: Buffer.from(JSON.stringify(body)) };
  }
}

function parse(answer: ApiAnswer): unknown {
  return JSON.parse(answer.body.toString('utf8'));
}

/** Items of a list come without apiVersion and kind; writes need both. */
export function withType(type: ResourceType, object: KubeObject): KubeObject {
  if (object.apiVersion !== undefined && object.kind !== undefined) return object;
  return { ...object, apiVersion: object.apiVersion ?? apiVersionOf(type), kind: object.kind ?? type.kind };
}
