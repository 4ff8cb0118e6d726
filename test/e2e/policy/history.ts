import type { AppSnapshot } from '../../../src/api/kinds.js';
import { annotations, labels } from '../../../src/api/common.js';
import { kubectl, kubectlProcess } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { eachDocument } from '../lib/watch.js';

/** One copy of a policy as it was seen. */
export interface SeenCopy {
  readonly name: string;
  readonly uid: string;
  /** When it was due, and when the API server had it, ms since the epoch. */
  readonly due: number;
  readonly created: number;
  /** The newest state. */
  object: AppSnapshot;
}

/** Every copy of a policy that ever was, also those that were deleted since: a watch over all of the test. */
export class CopyHistory {
  readonly copies = new Map<string, SeenCopy>();
  readonly #child;

  constructor(namespace: string, policyUid: string) {
    this.#child = kubectlProcess(['-n', namespace, 'get', 'appsnapshots', '-l', `${labels.policy}=${policyUid}`, '--watch', '-o', 'json']);
    eachDocument(this.#child.stdout, (text) => this.#see(JSON.parse(text) as AppSnapshot));
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
    this.#child.kill();
  }

  #see(object: AppSnapshot): void {
    const { name, uid, creationTimestamp } = object.metadata;
    const known = this.copies.get(uid);
    if (known !== undefined) known.object = object;
    else this.copies.set(uid, { name, uid, due: Date.parse(object.metadata.annotations?.[annotations.dueAt] ?? ''), created: Date.parse(creationTimestamp), object });
  }
}

/** Names of the copies of a policy that are there and not being deleted, by when they were due. */
export async function copiesThere(namespace: string, policyUid: string): Promise<AppSnapshot[]> {
  const list = JSON.parse(await kubectl(['-n', namespace, 'get', 'appsnapshots', '-l', `${labels.policy}=${policyUid}`, '-o', 'json'])) as { items: AppSnapshot[] };
  return list.items.filter((copy) => copy.metadata.deletionTimestamp === undefined);
}
