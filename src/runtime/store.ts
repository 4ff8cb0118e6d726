import type { ObjectMeta } from './object.js';

/** What a cache keeps of an object: at least uid and resourceVersion, in `metadata`. */
export interface Projected {
  readonly metadata: ObjectMeta;
}

/** One change of a cache. An object that was deleted and made anew under its name arrives as deleted, then added. */
export type CacheEvent<P> =
  /** `initial`: part of the first fill, or replayed to a late subscriber. */
  | { readonly type: 'added'; readonly key: string; readonly object: P; readonly initial: boolean }
  | { readonly type: 'updated'; readonly key: string; readonly object: P; readonly old: P }
  /** With the last state known; deletes missed while disconnected are made up for at the next fill. */
  | { readonly type: 'deleted'; readonly key: string; readonly old: P };

/** Index name → the values under which an object is found. */
export type Indexes<P> = Readonly<Record<string, (object: P) => readonly string[]>>;

/** Index of the objects of a namespace; always there. */
export const namespaceIndex = 'namespace';

/** Objects by key with indexes that change together with them. */
export class Store<P extends Projected> {
  readonly #objects = new Map<string, P>();
  readonly #indexes: { readonly of: (object: P) => readonly string[]; readonly keys: Map<string, Set<string>> }[] = [];
  readonly #names = new Map<string, number>();
  readonly #emit: (event: CacheEvent<P>) => void;

  constructor(indexes: Indexes<P>, emit: (event: CacheEvent<P>) => void) {
    this.#emit = emit;
    const all: Indexes<P> = { ...indexes, [namespaceIndex]: (o) => (o.metadata.namespace === undefined ? [] : [o.metadata.namespace]) };
    for (const [name, of] of Object.entries(all)) {
      this.#names.set(name, this.#indexes.length);
      this.#indexes.push({ of, keys: new Map() });
    }
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): P | undefined {
    return this.#objects.get(key);
  }

  all(): P[] {
    return [...this.#objects.values()];
  }

  entries(): IterableIterator<[string, P]> {
    return this.#objects.entries();
  }

  by(index: string, value: string): P[] {
    const entry = this.#indexes[this.#names.get(index) ?? -1];
    if (entry === undefined) throw new Error(`no index ${index}`);
    const found: P[] = [];
    for (const key of entry.keys.get(value) ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  /** Adds or updates; the same resourceVersion again changes nothing. */
  set(key: string, object: P, initial = false): void {
    const old = this.#objects.get(key);
    if (old === undefined) {
      this.#put(key, object);
      this.#emit({ type: 'added', key, object, initial });
    } else if (old.metadata.uid !== object.metadata.uid) {
      // Deleted and made anew while nobody watched, or both in one frame.
      this.delete(key);
      this.#put(key, object);
      this.#emit({ type: 'added', key, object, initial: false });
    } else if (old.metadata.resourceVersion !== object.metadata.resourceVersion) {
      this.#remove(key, old);
      this.#put(key, object);
      this.#emit({ type: 'updated', key, object, old });
    }
  }

  delete(key: string): void {
    const old = this.#objects.get(key);
    if (old === undefined) return;
    this.#remove(key, old);
    this.#emit({ type: 'deleted', key, old });
  }

  /** Makes the store equal to a full list: what is not in it has been deleted meanwhile. */
  replace(objects: ReadonlyMap<string, P>, initial: boolean): void {
    for (const key of [...this.#objects.keys()]) if (!objects.has(key)) this.delete(key);
    for (const [key, object] of objects) this.set(key, object, initial);
  }

  #put(key: string, object: P): void {
    this.#objects.set(key, object);
    for (const { of, keys } of this.#indexes) {
      for (const value of of(object)) {
        const set = keys.get(value);
        if (set === undefined) keys.set(value, new Set([key]));
        else set.add(key);
      }
    }
  }

  #remove(key: string, object: P): void {
    this.#objects.delete(key);
    for (const { of, keys } of this.#indexes) {
      for (const value of of(object)) {
        const set = keys.get(value);
        set?.delete(key);
        if (set?.size === 0) keys.delete(value);
      }
    }
  }
}
