import type { AppRestore, AppSnapshot } from '../../../src/api/kinds.js';
import { recoveryPointFile, type RecoveryPoint } from '../../../src/api/recoverypoint.js';
import { reconcileAppRestore } from '../../../src/controllers/apprestore/controller.js';
import { targetKeys } from '../../../src/controllers/copy-keys.js';
import type { OperatorDeps } from '../../../src/controllers/deps.js';
import { noSuchFile, notYet } from '../../../src/movers/held.js';
import { locationOf } from '../../../src/movers/place.js';
import type { MoverRequest, MoverResult } from '../../../src/movers/request.js';
import type { ExecTarget } from '../../../src/runtime/exec.js';
import type { KubeObject } from '../../../src/runtime/object.js';
import type { ResourceType } from '../../../src/runtime/resource.js';
import { backupTarget, hex } from '../movers/fixtures.js';
import { clone, MoverWorld, type Ending, type MoverTodo } from './mover-world.js';
import { listedPoint, parts, recoveryPointOf, textOf } from './remote-fixtures.js';

/** What becomes of a mover. */
export type Fate = Ending;

/** One namespace into which is restored from a bucket, and movers that end as they are told; enough of the API to run the controller on. */
export class RemoteWorld extends MoverWorld {
  readonly notes: string[] = [];
  /** Content of claims, by uid. */
  readonly filled = new Map<string, string>();
  point: RecoveryPoint = recoveryPointOf('point-2');
  readonly #fate: (request: MoverRequest, n: number) => Fate;

  constructor(object: AppRestore, fate: (request: MoverRequest, n: number) => Fate = success) {
    super();
    this.#fate = fate;
    this.put('apprestores', { ...object, metadata: { ...object.metadata, finalizers: [] } });
    const target = backupTarget();
    const status = { repository: { location: locationOf(target), id: hex('a'), keySecret: 's3-encryption-key' }, conditions: [{ type: 'Ready', status: 'True' as const, reason: 'TargetReady', message: '', lastTransitionTime: '' }] };
    this.put('backuptargets', { ...target, status });
    this.put('namespaces', { metadata: { name: 'shop' } });
    this.putSecrets();
  }

  get restore(): AppRestore | undefined {
    return clone(this.objects.get('apprestores/r') ?? null) as AppRestore | undefined;
  }

  /** Reconciles and lets movers work until nothing happens any more, or so many rounds have passed. */
  async live(rounds: number): Promise<void> {
    const reconcile = reconcileAppRestore(this.#deps);
    for (let i = 0; i < rounds; i += 1) {
      const outcome = await this.survive(() => reconcile('shop/r', { log: this.#deps.log, signal: new AbortController().signal }));
      // The write of a finalizer brings the key again.
      if (outcome?.kind === 'stalled' || (outcome?.kind === 'done' && this.restore?.status !== undefined && this.restore.status.phase !== undefined && i > 0)) return;
      this.now += 3000;
      this.#storageWorks();
      for (const todo of this.todo()) if (!this.objects.has(`pods/${todo.job.metadata.name}-x`)) this.#work(todo);
    }
  }

  /** Snapshots are cut, those that were imported are bound, and a claim that is made from one has its content. */
  #storageWorks(): void {
    for (const snapshot of this.of('volumesnapshots').filter((object) => object['status'] === undefined)) {
      const { name, namespace = '', uid = '' } = snapshot.metadata;
      const { persistentVolumeClaimName: claim, volumeSnapshotContentName: imported } = (snapshot['spec'] as { source: { persistentVolumeClaimName?: string; volumeSnapshotContentName?: string } }).source;
      const content = this.objects.get(`volumesnapshotcontents/${imported ?? ''}`);
      const handle = content === undefined ? this.filled.get(this.objects.get(`persistentvolumeclaims/${claim ?? ''}`)?.metadata.uid ?? '') : (content['spec'] as { source: { snapshotHandle: string } }).source.snapshotHandle;
      const bound = imported ?? `content-${name}`;
      this.put('volumesnapshotcontents', { metadata: { name: bound, labels: content?.metadata.labels ?? {} }, spec: { driver: 'd', deletionPolicy: content === undefined ? 'Delete' : 'Retain', volumeSnapshotRef: { namespace, name, uid } }, status: { snapshotHandle: handle ?? 'nothing', readyToUse: true } });
      snapshot['status'] = { boundVolumeSnapshotContentName: bound, readyToUse: true, restoreSize: '2Gi' };
    }
    for (const claim of this.of('persistentvolumeclaims')) {
      const source = (claim['spec'] as { dataSource?: { name: string } } | undefined)?.dataSource?.name;
      const content = source === undefined ? undefined : this.objects.get(`volumesnapshotcontents/${source}`);
      if (content !== undefined) this.filled.set(claim.metadata.uid ?? '', (content['status'] as { snapshotHandle: string }).snapshotHandle);
    }
  }

  delete(): void {
    const object = this.objects.get('apprestores/r');
    if (object !== undefined) object.metadata.deletionTimestamp = new Date(this.now).toISOString();
  }

  #work(todo: MoverTodo): void {
    const { job, request, claims } = todo;
    const fate = this.#fate(request, this.names.indexOf(job.metadata.name) + 1);
    const good = fate !== 'killed' && fate.ok;
    if (good && request.task.verb === 'restore') this.filled.set(this.objects.get(`persistentvolumeclaims/${claims.get('destination') ?? ''}`)?.metadata.uid ?? '', request.task.snapshotId);
    // What it has fetched it holds until somebody has read it.
    this.end(todo, fate, good && request.task.verb === 'fetch');
  }

  readonly #deps = {
    client: this.client,
    clock: { now: () => this.now },
    agentNamespace: 'stillpoint-agent',
    caches: {
      appRestores: { list: () => this.others, by: (_: string, uid: string) => this.others.filter(({ metadata }) => metadata.uid === uid) },
      appSnapshots: { list: () => this.copies, by: (_: string, key: string) => this.copies.filter((copy) => targetKeys(copy).includes(key)) },
      volumes: { get: () => ({ driver: this.driver }) },
    },
    exec: { run: (target: ExecTarget) => Promise.resolve(this.#show(target)) },
    events: { record: ({ reason, note }: { reason: string; note: string }) => this.notes.push(note) && this.events.push(reason) },
    log: { info: () => undefined, debug: () => undefined, warn: () => undefined },
    mover: { image: 'i', pullPolicy: 'IfNotPresent', resources: {} },
    adapters: {},
  } as unknown as OperatorDeps;

  /** Other restores of the cluster. */
  others: AppRestore[] = [];
  /** AppSnapshots of the cluster. */
  copies: AppSnapshot[] = [];
  /** Of every volume; undefined: the cache does not know it yet. */
  driver: string | undefined = 'd';
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

  protected override create(type: ResourceType, object: KubeObject): KubeObject {
    const stored = super.create(type, object);
    if (type.plural === 'persistentvolumeclaims') Object.assign(stored, { spec: { ...(stored['spec'] as object), volumeName: `pv-${object.metadata.name}` }, status: { phase: this.storage } });
    return stored;
  }

  protected override apply(type: ResourceType, object: KubeObject): KubeObject {
    if (type.plural !== 'persistentvolumeclaims') return super.apply(type, object);
    const key = `${type.plural}/${object.metadata.name}`;
    if (!this.objects.has(key)) this.put(type.plural, { ...object, metadata: { ...object.metadata, creationTimestamp: new Date(this.now).toISOString() }, status: { phase: this.storage } });
    return clone(this.objects.get(key)!);
  }
}

/** A mover that does what it is asked. */
export function success({ task }: MoverRequest): MoverResult {
  const said = { ok: true as const, repositoryId: hex('a') };
  if (task.verb === 'list') return { ...said, points: [listedPoint('point-2', 10), listedPoint('point-1', 9)], total: 2 };
  return task.verb === 'restore' ? { ...said, bytes: 1000 } : { ...said, snapshotId: hex('9') };
}
