import { annotations, labels } from '../../../src/api/common.js';
import type { AppSnapshot, VolumePolicy } from '../../../src/api/kinds.js';
import type { DrillResult } from '../../../src/api/volumepolicy.js';
import { kubectl, kubectlProcess } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { eachDocument } from '../lib/watch.js';

/** A watch by kubectl that is begun anew when the API server ends it, as it does after half an hour or more. */
class Watch {
  #child!: ReturnType<typeof kubectlProcess>;
  #stopped = false;

  constructor(get: readonly string[], see: (text: string) => void) {
    this.#begin([...get, '--watch', '-o', 'json'], see);
  }

  stop(): void {
    this.#stopped = true;
    this.#child.kill();
  }

  #begin(args: readonly string[], see: (text: string) => void): void {
    this.#child = kubectlProcess([...args]);
    eachDocument(this.#child.stdout, see);
    this.#child.on('close', () => {
      if (!this.#stopped) this.#begin(args, see);
    });
  }
}

/** One copy of a policy as it was seen. */
export interface SeenCopy {
  readonly name: string;
  readonly uid: string;
  /** When it was due, and when the API server had it, ms since the epoch. */
  readonly due: number;
  readonly created: number;
  /** The newest state. */
  object: AppSnapshot;
  /** It was ready at some time. */
  wasReady: boolean;
  /** Targets in which it was complete at some time. */
  readonly wasIn: Set<string>;
}

/** Every copy of a policy that ever was, also those that were deleted since: a watch over all of the test. */
export class CopyHistory {
  readonly copies = new Map<string, SeenCopy>();
  readonly #watch;

  constructor(namespace: string, policyUid: string) {
    this.#watch = new Watch(['-n', namespace, 'get', 'appsnapshots', '-l', `${labels.policy}=${policyUid}`], (text) => this.#see(JSON.parse(text) as AppSnapshot));
  }

  /** By uid: one name that was made twice is two. Oldest first. */
  get all(): SeenCopy[] {
    return [...this.copies.values()].sort((a, b) => a.due - b.due || a.created - b.created);
  }

  get ready(): SeenCopy[] {
    return this.all.filter((copy) => copy.object.status?.phase === 'Ready');
  }

  /** Waits until a copy that was due after an instant is ready, and returns it. */
  async untilReady(after: number, seconds: number): Promise<SeenCopy> {
    const shown = (): string => JSON.stringify(this.all.map(({ name, object: { status } }) => ({ name, phase: status?.phase, ready: status?.conditions?.find((c) => c.type === 'Ready') })));
    return until(`a copy that was due after ${new Date(after).toISOString()}`, () => this.ready.find((copy) => copy.due > after), seconds, 200).catch((error: unknown) => Promise.reject(new Error(`${String(error)}: ${shown()}`, { cause: error })));
  }

  stop(): void {
    this.#watch.stop();
  }

  #see(object: AppSnapshot): void {
    const { name, uid, creationTimestamp } = object.metadata;
    const copy = this.copies.get(uid) ?? { name, uid, due: Date.parse(object.metadata.annotations?.[annotations.dueAt] ?? ''), created: Date.parse(creationTimestamp), object, wasReady: false, wasIn: new Set<string>() };
    copy.object = object;
    copy.wasReady ||= object.status?.phase === 'Ready';
    for (const { target, phase } of object.status?.copies ?? []) if (phase === 'Complete') copy.wasIn.add(target);
    this.copies.set(uid, copy);
  }
}

/** Every result of a drill of a policy, and what is drilled now: a watch over all of the test. */
export class DrillHistory {
  /** By when it was due. */
  readonly results = new Map<string, DrillResult>();
  /** The copy that a drill restores; undefined while none is under way. */
  drilled: string | undefined;
  readonly #watch;

  constructor(namespace: string, policy: string) {
    this.#watch = new Watch(['-n', namespace, 'get', 'volumepolicies', '--field-selector', `metadata.name=${policy}`], (text) => {
      const { status } = JSON.parse(text) as VolumePolicy;
      this.drilled = status?.drill?.copy;
      if (status?.lastDrill !== undefined) this.results.set(status.lastDrill.due, status.lastDrill);
    });
  }

  stop(): void {
    this.#watch.stop();
  }
}

/** Names of the copies of a policy that are there and not being deleted, by when they were due. */
export async function copiesThere(namespace: string, policyUid: string): Promise<AppSnapshot[]> {
  const list = JSON.parse(await kubectl(['-n', namespace, 'get', 'appsnapshots', '-l', `${labels.policy}=${policyUid}`, '-o', 'json'])) as { items: AppSnapshot[] };
  return list.items.filter((copy) => copy.metadata.deletionTimestamp === undefined);
}
