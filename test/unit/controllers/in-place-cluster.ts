import { list, record, valueAt } from '../../../src/manifests/json.js';
import { ApiError } from '../../../src/runtime/api-error.js';
import type { KubeObject, ObjectKey } from '../../../src/runtime/object.js';

export const error = (code: number, reason: string): ApiError => new ApiError({ code, reason, message: reason });
export const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
export const place = (plural: string, { namespace = '', name }: ObjectKey): string => `${plural}/${namespace}/${name}`;

const keptBy = 'stillpoint.dev/kept-by';
const noted = 'stillpoint.dev/reclaim-policy';

/** A cluster as far as a database on two claims asks for one: its API, the controllers of claims, volumes and StatefulSets, and a storage. */
export class Cluster {
  readonly objects = new Map<string, KubeObject>();
  /** What is on a volume, by name. */
  readonly contents = new Map<string, string>();
  /** What must never be. */
  readonly violations: string[] = [];
  /** Grows with every change. */
  version = 0;
  /** The kubelet does not end pods. */
  hangs = false;
  #uids = 0;

  put(plural: string, object: KubeObject): KubeObject {
    this.#uids += 1;
    const stored = clone({ ...object, metadata: { uid: `${plural}-${this.#uids}`, ...object.metadata, resourceVersion: '1' } });
    this.objects.set(place(plural, object.metadata), stored);
    this.version += 1;
    return stored;
  }

  /** A claim of namespace shop that is bound to a volume with this on it. */
  bound(name: string, volume: string, content: string): void {
    const claim = this.put('persistentvolumeclaims', { metadata: { name, namespace: 'shop', labels: { app: 'pg' }, annotations: { note: 'mine' } }, spec: { volumeName: volume, storageClassName: 'fast', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }, status: { phase: 'Bound' } });
    this.#volume(volume, claim, content);
  }

  list(plural: string, { namespace, labelSelector = '' }: { namespace?: string; labelSelector?: string }): KubeObject[] {
    const wanted = labelSelector.split(',').filter((part) => part !== '').map((part) => part.split('='));
    return [...this.objects]
      .filter(([key, { metadata }]) => key.startsWith(`${plural}/`) && (namespace === undefined || metadata.namespace === namespace) && wanted.every(([label = '', value]) => metadata.labels?.[label] === value))
      .map(([, object]) => clone(object));
  }

  create(plural: string, object: KubeObject): KubeObject {
    if (this.objects.has(place(plural, object.metadata))) throw error(409, 'AlreadyExists');
    return clone(this.put(plural, object));
  }

  /** What is used stays until it is not. */
  remove(plural: string, key: ObjectKey, uid: string | undefined): void {
    const object = this.objects.get(place(plural, key));
    if (object === undefined || (uid !== undefined && object.metadata.uid !== uid)) return;
    object.metadata.deletionTimestamp ??= '2026-11-30T12:00:00Z';
    this.version += 1;
    if (plural === 'persistentvolumeclaims' && this.#pods().length > 0) this.violations.push(`claim ${key.name} is deleted under a pod`);
  }

  patch(plural: string, key: ObjectKey, patch: object): KubeObject {
    const object = this.objects.get(place(plural, key));
    if (object === undefined) throw error(404, 'NotFound');
    const { uid, resourceVersion } = record(record(patch)['metadata']);
    if ((uid !== undefined && uid !== object.metadata.uid) || (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion)) throw error(409, 'Conflict');
    const next = merged(object, patch) as KubeObject;
    if (plural === 'persistentvolumes') this.#admit(object, next);
    return this.#store(plural, object, next);
  }

  /** As a server-side apply that takes everything over: what would be. */
  applied(plural: string, object: KubeObject): KubeObject {
    const known = this.objects.get(place(plural, object.metadata));
    return clone(known === undefined ? object : (merged(known, object) as KubeObject));
  }

  apply(plural: string, object: KubeObject, subresource: string | undefined): KubeObject {
    const known = this.objects.get(place(plural, object.metadata));
    if (subresource === undefined) return known === undefined ? clone(this.put(plural, object)) : this.#store(plural, known, this.applied(plural, object));
    if (known === undefined || (object.metadata.resourceVersion !== undefined && known.metadata.resourceVersion !== object.metadata.resourceVersion)) throw error(409, 'Conflict');
    // Of a copy a restore writes one field only.
    return this.#store(plural, known, { ...known, status: plural === 'apprestores' ? object['status'] : merged(known['status'], object['status']) });
  }

  /** Everybody else does one thing each. */
  work(): void {
    this.#statefulSet();
    for (const claim of this.#all('persistentvolumeclaims')) this.#claim(claim);
    for (const volume of this.#all('persistentvolumes')) this.#volumeWorks(volume);
    for (const [key, object] of [...this.objects]) {
      const [plural = ''] = key.split('/');
      if (object.metadata.deletionTimestamp === undefined || plural === 'persistentvolumeclaims' || (object.metadata.finalizers ?? []).length > 0) continue;
      if (plural === 'pods' && this.hangs) continue;
      this.#gone(plural, object);
    }
  }

  /** What the database reads: the content of both its volumes, while it runs. */
  get database(): string | undefined {
    const pod = this.#pods().find((o) => valueAt(o, ['status', 'phase']) === 'Running' && o.metadata.deletionTimestamp === undefined);
    if (pod === undefined) return undefined;
    const read = ['data-pg-0', 'wal-pg-0'].map((claim) => this.contents.get(String(valueAt(this.objects.get(`persistentvolumeclaims/shop/${claim}`), ['spec', 'volumeName']))));
    return new Set(read).size === 1 ? read[0] : read.join(' and ');
  }

  /** Reclaim policy and mark of an old volume; undefined when it is gone. */
  old(claim: string): string | undefined {
    const volume = this.objects.get(`persistentvolumes//old-${claim}`);
    return volume === undefined ? undefined : `${String(valueAt(volume, ['spec', 'persistentVolumeReclaimPolicy']))}${volume.metadata.labels?.[keptBy] === undefined ? '' : ' kept'}`;
  }

  #all(plural: string): KubeObject[] {
    return [...this.objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object);
  }

  #pods(): KubeObject[] {
    return this.#all('pods');
  }

  #store(plural: string, before: KubeObject, next: KubeObject): KubeObject {
    if (JSON.stringify(before) === JSON.stringify(next)) return clone(before);
    const stored = clone({ ...next, metadata: { ...next.metadata, resourceVersion: String(Number(before.metadata.resourceVersion) + 1) } });
    this.objects.set(place(plural, before.metadata), stored);
    this.version += 1;
    const { deletionTimestamp, finalizers = [] } = stored.metadata;
    if (deletionTimestamp !== undefined && plural === 'apprestores' && finalizers.length === 0) this.#gone(plural, stored);
    return clone(stored);
  }

  #gone(plural: string, object: KubeObject): void {
    this.objects.delete(place(plural, object.metadata));
    this.version += 1;
  }

  #change(object: KubeObject, fields: object): void {
    const next = merged(object, fields) as KubeObject;
    if (JSON.stringify(next) === JSON.stringify(object)) return;
    Object.assign(object, next);
    object.metadata.resourceVersion = String(Number(object.metadata.resourceVersion) + 1);
    this.version += 1;
  }

  /** What stillpoint-volume admits. */
  #admit(before: KubeObject, after: KubeObject): void {
    const at = (object: KubeObject, ...path: string[]): unknown => valueAt(object, path);
    const policy = (object: KubeObject): unknown => at(object, 'spec', 'persistentVolumeReclaimPolicy');
    const marked = before.metadata.labels?.[keptBy] !== undefined;
    const note = after.metadata.annotations?.[noted];
    const refuse = (why: string): void => void this.violations.push(`volume ${before.metadata.name}: ${why}`);
    if (at(before, 'spec', 'claimRef', 'name') !== at(after, 'spec', 'claimRef', 'name')) refuse('given to another name');
    if (at(before, 'spec', 'claimRef', 'uid') !== at(after, 'spec', 'claimRef', 'uid') && !(marked && policy(before) === 'Retain' && policy(after) === 'Retain' && at(before, 'status', 'phase') === 'Released')) refuse('given to another claim');
    if (policy(before) !== policy(after) && policy(after) !== 'Retain' && !(marked && policy(after) === before.metadata.annotations?.[noted])) refuse('given a policy that it did not have');
    if (note !== undefined && note !== before.metadata.annotations?.[noted] && note !== policy(before)) refuse('marked with a policy that it did not have');
  }

  /** Makes pods, and claims that are missing for them, empty; takes them away at zero. */
  #statefulSet(): void {
    const set = this.objects.get('statefulsets/shop/pg');
    const pod = this.objects.get('pods/shop/pg-0');
    const wanted = valueAt(set, ['spec', 'replicas']) !== 0;
    if (!wanted && pod !== undefined && pod.metadata.deletionTimestamp === undefined) this.remove('pods', { namespace: 'shop', name: 'pg-0' }, undefined);
    if (!wanted) return;
    for (const name of ['data-pg-0', 'wal-pg-0']) {
      const claim = this.objects.get(`persistentvolumeclaims/shop/${name}`);
      if (claim === undefined) {
        this.violations.push(`the StatefulSet makes claim ${name}, empty`);
        this.put('persistentvolumeclaims', { metadata: { name, namespace: 'shop' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } });
      }
    }
    const names = ['data-pg-0', 'wal-pg-0'];
    const isBound = names.every((name) => valueAt(this.objects.get(`persistentvolumeclaims/shop/${name}`), ['status', 'phase']) === 'Bound');
    if (pod === undefined) {
      const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'pg', uid: 'pg', controller: true }];
      this.put('pods', { metadata: { name: 'pg-0', namespace: 'shop', ownerReferences }, spec: { containers: [{ name: 'postgres' }], volumes: names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })) }, status: { phase: 'Pending' } });
    } else if (isBound && pod.metadata.deletionTimestamp === undefined) {
      this.#change(pod, { status: { phase: 'Running', containerStatuses: [{ name: 'postgres', ready: true, state: { running: {} } }] } });
      if (this.database?.includes(' and ') === true) this.violations.push(`the database runs on ${this.database}`);
    }
  }

  #claim(claim: KubeObject): void {
    const { name, uid } = claim.metadata;
    const asked = valueAt(claim, ['spec', 'volumeName']);
    if (claim.metadata.deletionTimestamp !== undefined) {
      const used = this.#pods().some((pod) => list(valueAt(pod, ['spec', 'volumes'])).some((v) => valueAt(v, ['persistentVolumeClaim', 'claimName']) === name));
      if (!used) this.#gone('persistentvolumeclaims', claim);
    } else if (typeof asked === 'string') {
      if (valueAt(this.objects.get(`persistentvolumes//${asked}`), ['spec', 'claimRef', 'uid']) === uid) this.#change(claim, { status: { phase: 'Bound' } });
    } else {
      const source = valueAt(claim, ['spec', 'dataSource', 'name']);
      const volume = `pvc-${uid ?? ''}`;
      this.#volume(volume, claim, typeof source === 'string' ? 'copy' : 'empty');
      this.#change(claim, { spec: { volumeName: volume }, status: { phase: 'Bound' } });
    }
  }

  #volume(name: string, claim: KubeObject, content: string): void {
    const { namespace = '', uid } = claim.metadata;
    this.put('persistentvolumes', { metadata: { name }, spec: { persistentVolumeReclaimPolicy: 'Delete', capacity: { storage: '1Gi' }, storageClassName: 'fast', claimRef: { namespace, name: claim.metadata.name, uid } }, status: { phase: 'Bound' } });
    this.contents.set(name, content);
  }

  /** A volume without its claim is released, and goes if its policy says so. */
  #volumeWorks(volume: KubeObject): void {
    const claim = this.objects.get(`persistentvolumeclaims/shop/${String(valueAt(volume, ['spec', 'claimRef', 'name']))}`);
    const has = claim?.metadata.uid === valueAt(volume, ['spec', 'claimRef', 'uid']);
    this.#change(volume, { status: { phase: has ? 'Bound' : 'Released' } });
    if (has || valueAt(volume, ['spec', 'persistentVolumeReclaimPolicy']) !== 'Delete') return;
    this.contents.delete(volume.metadata.name);
    this.#gone('persistentvolumes', volume);
  }
}

/** JSON merge patch (RFC 7386). */
function merged(before: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return clone(patch);
  const result: Record<string, unknown> = { ...record(before) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else if (value !== undefined) result[key] = merged(result[key], value);
  }
  return result;
}
