import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { labels, type Grade } from '../../src/api/common.js';
import { appSnapshots, type AppSnapshot } from '../../src/api/kinds.js';
import { createLogger } from '../../src/observability/logger.js';
import { createCache, type Cache } from '../../src/runtime/cache.js';
import type { KubeObject } from '../../src/runtime/object.js';
import type { ContentView } from '../../src/snapshots/contents.js';
import { runCut } from '../../src/snapshots/cut.js';
import { groupName } from '../../src/snapshots/names.js';
import { removeSet } from '../../src/snapshots/remove-set.js';
import { appSnapshot } from '../e2e/lib/tenant.js';
import type { Bed } from '../integration/snapshots/bed.js';
import { marks, type Mark, type Sample } from './samples.js';
import { benchLabel } from './writers.js';

const patienceMillis = 120_000;
/** Once everything of the other is gone its controllers still look after it: measured, a bare cut at once took 10 to 40 ms longer than the one in a window, which is planned first. */
const quietMillis = 500;

/** A group that is deleted as soon as it is ready may leave its content behind (one in 50, measured); a set is removed again until nothing is left. */
const orphanMillis = 5000;

/** Makes pairs in one namespace: a bare cut and a window of the same volumes, each when nothing else goes on. */
export class Pairs {
  readonly #bed: Bed;
  readonly #namespace: string;
  readonly #copies: Cache<AppSnapshot>;
  readonly #groups: Cache<KubeObject>;
  readonly #contents: readonly Cache<ContentView>[];
  readonly #stop = new AbortController();
  readonly #required: Grade;

  /** @param required the grade that every window must reach: less proves that nothing was held */
  constructor(bed: Bed, namespace: string, required: Grade) {
    const { transport, clock, capability, contents } = bed;
    if (capability.group === undefined || contents.groups === undefined) throw new Error('the cluster has no group snapshots');
    const base = { transport, clock, namespace, log: createLogger({ level: 'error' }) };
    this.#bed = bed;
    this.#namespace = namespace;
    this.#required = required;
    this.#copies = createCache<AppSnapshot>({ ...base, type: appSnapshots, project: (object) => object as unknown as AppSnapshot });
    this.#groups = createCache<KubeObject>({ ...base, type: capability.group.groups, project: (object) => object });
    this.#contents = [contents.singles, contents.groups];
    for (const cache of [this.#copies, this.#groups]) cache.start(this.#stop.signal);
  }

  close(): void {
    this.#stop.abort();
  }

  /** One pair; which of the two comes first changes from run to run. What it made is gone when it resolves. */
  async take(row: string, run: number): Promise<Sample> {
    await Promise.all([this.#copies.synced, this.#groups.synced]);
    const load = Math.round((loadavg()[0] ?? 0) * 10) / 10;
    const bareFirst = run % 2 === 0;
    const before = bareFirst ? await this.#bareCut(`bare-${run}`) : undefined;
    const held = await this.#window(`window-${run}`);
    const bare = before ?? (await this.#bareCut(`bare-${run}`));
    return { row, run, bare, ...held, load };
  }

  /** A VolumeGroupSnapshot of the volumes, made from here with nothing held. */
  async #bareCut(setId: string): Promise<Sample['bare']> {
    const name = groupName(setId, 'bare');
    const { client, contents, capability } = this.#bed;
    const { group } = capability;
    if (group === undefined || contents.groups === undefined) throw new Error('the cluster has no group snapshots');
    const object = {
      apiVersion: `${group.groups.group}/${group.groups.version}`,
      kind: group.groups.kind,
      metadata: { name, namespace: this.#namespace, labels: { [labels.set]: setId } },
      spec: { volumeGroupSnapshotClassName: 'bed-atomic', source: { selector: { matchLabels: benchLabel } } },
    };
    const create = client.prepareCreate(group.groups, object);
    const key = { namespace: this.#namespace, name };
    const seen = (what: (status: GroupStatus) => unknown): Promise<number> =>
      this.#groups.until(key, (o) => what((o['status'] ?? {}) as GroupStatus) != null, { timeoutMillis: patienceMillis }).then(() => performance.now() - begin);
    const began: Partial<Record<'answered' | 'content', number>> = {};
    const begin = performance.now();
    const namespaced = Promise.all([seen((s) => s.boundVolumeGroupSnapshotContentName), seen((s) => s.creationTime)]);
    namespaced.catch(() => undefined); // a failed cut says more
    await runCut({ namespace: this.#namespace, name, kind: 'group', contents: contents.groups, create }, AbortSignal.timeout(patienceMillis), (step) => (began[step] = performance.now() - begin));
    const cut = performance.now() - begin;
    const [bound, objectCut] = await namespaced;
    await this.#groups.until(key, (o) => ((o['status'] ?? {}) as GroupStatus).readyToUse === true, { timeoutMillis: patienceMillis });
    await this.#untilClean(() => removeSet(client, group, contents, { namespace: this.#namespace, setId }));
    return { answered: began.answered ?? NaN, content: began.content ?? NaN, cut, bound, object: objectCut };
  }

  async #window(name: string): Promise<Pick<Sample, 'window' | 'gate' | 'skew' | 'holder'>> {
    const { client } = this.#bed;
    const key = { namespace: this.#namespace, name };
    await client.create(appSnapshots, appSnapshot(this.#namespace, name, { consistency: { required: this.#required }, capture: { enabled: false } }) as KubeObject);
    const { status } = await this.#copies.until(key, (o) => o.status?.phase === 'Ready' || o.status?.phase === 'Failed', { timeoutMillis: patienceMillis });
    const window = status?.window;
    if (status?.phase !== 'Ready' || window?.unbroken !== true) throw new Error(`${name} is no held copy: ${JSON.stringify(status)}`);
    await client.delete(appSnapshots, key);
    await this.#copies.untilGone(key, { timeoutMillis: patienceMillis });
    await this.#untilClean();
    const slowest = (field: 'freezeMillis' | 'syncMillis' | 'thawMillis' | 'heldMillis'): number => Math.max(...(status.holds ?? []).map((hold) => hold[field] ?? NaN));
    const freezeSent = window.marks?.freezeSent ?? 0;
    const close = window.marks?.allGated ?? 0;
    return {
      window: Object.fromEntries(marks.map((mark) => [mark, (window.marks?.[mark] ?? NaN) - freezeSent])) as Record<Mark, number>,
      gate: { close, settle: freezeSent - close },
      skew: window.skewMillis ?? NaN,
      holder: { freeze: slowest('freezeMillis'), sync: slowest('syncMillis'), thaw: slowest('thawMillis'), held: slowest('heldMillis') },
    };
  }

  /** No content of the namespace is left and a while has passed, so that no controller and no driver works while the next is measured. */
  async #untilClean(remove?: () => Promise<unknown>): Promise<void> {
    await remove?.();
    const again = remove === undefined ? undefined : setInterval(() => void remove().catch(() => undefined), orphanMillis); // what lacks is told by the wait
    try {
      await Promise.all(this.#contents.map((cache) => untilNone(cache, this.#namespace)));
    } finally {
      clearInterval(again);
    }
    await pause(quietMillis);
  }
}

interface GroupStatus {
  readonly boundVolumeGroupSnapshotContentName?: string;
  readonly creationTime?: string;
  readonly readyToUse?: boolean;
}

function untilNone(cache: Cache<ContentView>, namespace: string): Promise<void> {
  const left = (): string[] => cache.list().flatMap((content) => (content.ref.namespace === namespace ? [content.metadata.name] : []));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(() => reject(new Error(`contents are left: ${left().join(', ')}`))), patienceMillis);
    const end = (finish: () => void): void => {
      clearTimeout(timer);
      unsubscribe();
      finish();
    };
    let unsubscribe = (): void => undefined;
    unsubscribe = cache.subscribe((event) => {
      if (event.type === 'deleted' && left().length === 0) end(resolve);
    });
    if (left().length === 0) end(resolve);
  });
}
