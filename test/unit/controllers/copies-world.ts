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
import type { MoverRequest, MoverResult } from '../../../src/movers/request.js';
import { backupTarget, hex } from '../movers/fixtures.js';
import { readySnapshot } from './copies-fixtures.js';
import { clone, MoverWorld, type Ending, type MoverTodo } from './mover-world.js';

/** What becomes of a mover, or that it still runs. */
export type Fate = Ending | 'runs';

/** One namespace with a ready AppSnapshot, and movers that end as they are told; enough of the API to run the steps on. */
export class CopiesWorld extends MoverWorld {
  /** What is in the repository: id, and what it is of. */
  readonly repository = new Map<string, MoverRequest['task']>();
  /** As the cache has them. */
  restores: AppRestore[] = [];
  /** Bytes that were counted, read and added. */
  readonly moved: [number, number][] = [];
  readonly violations: string[] = [];
  #count = 0;
  readonly #fate: (request: MoverRequest, n: number) => Fate;

  constructor(fate: (request: MoverRequest, n: number) => Fate = () => 'killed', object: AppSnapshot = readySnapshot()) {
    super();
    this.#fate = fate;
    this.put('appsnapshots', object);
    this.addTarget('s3');
    this.put('namespaces', { metadata: { name: 'shop' } });
    this.putSecrets();
    for (const claim of ['data', 'wal']) this.#cut(claim);
  }

  get snapshot(): AppSnapshot {
    return clone(this.objects.get('appsnapshots/copy')) as AppSnapshot;
  }

  /** Reconciles and lets movers work until nothing happens any more, or so many rounds have passed. */
  async live(rounds: number): Promise<void> {
    for (let i = 0; i < rounds; i += 1) {
      if ((await this.survive(() => this.#reconcile())) === false) return;
      this.now += 3000;
      for (const todo of this.todo()) this.#work(todo);
    }
  }

  /** Once around, as the controller does it. False when there is nothing to do. */
  async #reconcile(): Promise<boolean> {
    const writer = snapshotWriter(this.client, this.#deps.clock, this.snapshot);
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
    this.put('backuptargets', { ...target, metadata: { ...target.metadata, name, uid: `${target.metadata.uid}-${name}` }, status });
  }

  delete(): void {
    const object = this.objects.get('appsnapshots/copy')!;
    object.metadata.deletionTimestamp = new Date(this.now).toISOString();
  }

  #cut(claim: string): void {
    this.put('volumesnapshots', { metadata: { name: `snap-${claim}`, namespace: 'shop', uid: `snap-${claim}-uid` }, status: { boundVolumeSnapshotContentName: `content-${claim}`, readyToUse: true, restoreSize: '1Gi' } });
    this.put('volumesnapshotcontents', { metadata: { name: `content-${claim}` }, spec: { driver: 'd', deletionPolicy: 'Delete', volumeSnapshotRef: { namespace: 'shop', name: `snap-${claim}`, uid: `snap-${claim}-uid` } }, status: { snapshotHandle: claim, readyToUse: true } });
  }

  #work(todo: MoverTodo): void {
    const { request } = todo;
    this.#count += 1;
    const fate = this.#fate(request, this.#count);
    if (fate === 'runs') return;
    const good = fate !== 'killed' && fate.ok;
    if (good && request.task.verb === 'seal') for (const { snapshotId } of request.task.volumes) if (!this.repository.has(snapshotId)) this.violations.push(`sealed without ${snapshotId}`);
    if (good && request.task.verb === 'forget') this.repository.clear();
    else if (good) this.repository.set(fate.snapshotId!, request.task);
    this.end(todo, fate);
  }

  readonly #deps = {
    client: this.client,
    clock: { now: () => this.now },
    agentNamespace: 'stillpoint-agent',
    caches: { claims: { get: () => undefined }, appSnapshots: { list: () => [] }, appRestores: { by: (_: string, key: string) => this.restores.filter((restore) => sourceKeys(restore).includes(key)) } },
    events: { record: ({ reason }: { reason: string }) => this.events.push(reason) },
    log: { info: () => undefined, debug: () => undefined },
    metrics: { moved: (_: unknown, { read, added }: { read: number; added: number }) => this.moved.push([read, added]) },
    mover: { image: 'i', pullPolicy: 'IfNotPresent', resources: {} },
  } as unknown as OperatorDeps;
}

/** A mover that does what it is asked. */
export function success(request: MoverRequest, n: number): MoverResult {
  const id = n.toString(16).padStart(64, '0');
  if (request.task.verb === 'forget') return { ok: true, repositoryId: hex('a'), removed: 3 };
  return { ok: true, repositoryId: hex('a'), snapshotId: id, tree: id, bytes: 10, bytesAdded: 5 };
}
