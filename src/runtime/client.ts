import type { KubeObject, ObjectKey } from './object.js';
import type { ResourceType } from './resource.js';

/** Which objects a list or watch selects, in the API's own selector syntax. */
export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface DeleteOptions {
  /** Delete only the object with this uid (precondition): a re-created one of the same name is left alone. */
  readonly uid?: string;
  /** Delete only this state of it (precondition, with the uid): one that has changed is left alone. */
  readonly resourceVersion?: string;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}

export interface ApplyOptions {
  /** Default: the client's own field manager. */
  readonly fieldManager?: string;
  /** Take over fields that another manager owns. Default false: a conflict is a 409. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
  /** `status` applies to the status subresource. */
  readonly subresource?: 'status';
}

/** A whole list, and the version at which it was true. */
export interface ObjectList<T extends KubeObject = KubeObject> {
  readonly items: T[];
  readonly resourceVersion: string;
}

/**
 * The resource client: raw JSON in, raw JSON out, keep-alive connections, retries only as the server asks
 * (429 and 5xx with Retry-After, at most 10; on connection reset what only asks: GET, dry runs and access reviews). Every failed answer is an {@link ApiError}
 * of the module `api-error`; a request whose answer was lost throws an ApiError with reason `Unknown`, never success.
 */
export interface Client {
  get<T extends KubeObject = KubeObject>(type: ResourceType, key: ObjectKey): Promise<T>;
  /** All objects, read in pages of 500. */
  list<T extends KubeObject = KubeObject>(type: ResourceType, options?: ListOptions): Promise<ObjectList<T>>;
  create<T extends KubeObject = KubeObject>(type: ResourceType, object: KubeObject, options?: { dryRun?: boolean }): Promise<T>;
  /** PUT; the object's resourceVersion makes it conditional. */
  replace<T extends KubeObject = KubeObject>(type: ResourceType, object: KubeObject, options?: { subresource?: 'status' }): Promise<T>;
  /**
   * Server-side apply with strict field validation. A `metadata.uid` or `resourceVersion` in the object is a precondition: 409 when it does
   * not hold. A resourceVersion alone does not keep an object that is gone from being made anew: send the uid as well.
   */
  apply<T extends KubeObject = KubeObject>(type: ResourceType, object: KubeObject, options?: ApplyOptions): Promise<T>;
  /** JSON merge patch (RFC 7386). */
  mergePatch<T extends KubeObject = KubeObject>(type: ResourceType, key: ObjectKey, patch: unknown, options?: { subresource?: 'status' }): Promise<T>;
  /** JSON patch (RFC 6902). */
  jsonPatch<T extends KubeObject = KubeObject>(type: ResourceType, key: ObjectKey, patch: readonly unknown[]): Promise<T>;
  /** NotFound counts as done; a precondition that fails counts as done as well. */
  delete(type: ResourceType, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** Any other read of the API (discovery, /version, pod logs): path with query, parsed JSON or text. */
  raw(path: string, options?: { accept?: string; maxBytes?: number }): Promise<unknown>;
  /**
   * A POST whose path, headers and body are built beforehand: for what is created inside a window.
   * Calling the returned function sends it on a warm connection.
   */
  prepareCreate<T extends KubeObject = KubeObject>(type: ResourceType, object: KubeObject): () => Promise<T>;
  /** The same client acting as this service account (impersonation); what it may not do is refused by the API server. */
  as(account: { namespace: string; name: string }): Client;
}
