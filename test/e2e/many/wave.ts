import { annotations, labels } from '../../../src/api/common.js';
import { errorCatalogue } from '../../../src/api/errors.js';
import type { AppSnapshot, VolumePolicy } from '../../../src/api/kinds.js';
import { readyOf } from '../lib/copies.js';
import { kubectlProcess } from '../lib/kubectl.js';
import { until } from '../lib/until.js';
import { eachDocument } from '../lib/watch.js';
import type { Turn } from './order.js';

/** The life of a copy as a watch has shown it. Moments in ms since the epoch, on the clock of this machine, which is also the operator's. */
export interface SeenCopy {
  readonly key: string;
  readonly due: number;
  readonly made: number;
  /** When it was seen to wait for its turn. */
  asked: number | undefined;
  ready: number | undefined;
  /** Codes of errors that its condition Ready has named on the way. */
  readonly errors: Set<string>;
  /** The newest state. */
  object: AppSnapshot;
}

/** Everything that happens to the copies of policies, and to the policies, in namespaces that begin with a prefix: watches over all of the test. */
export class Wave {
  /** By uid: one name that was made twice is two. */
  readonly #copies = new Map<string, SeenCopy>();
  readonly #policies = new Map<string, VolumePolicy>();
  readonly #children: readonly ReturnType<typeof kubectlProcess>[];

  constructor(prefix: string) {
    const watch = (args: readonly string[], see: (object: AppSnapshot | VolumePolicy) => void) => {
      const child = kubectlProcess(['get', ...args, '-A', '--watch', '-o', 'json']);
      eachDocument(child.stdout, (text) => {
        const object = JSON.parse(text) as AppSnapshot | VolumePolicy;
        if (object.metadata.namespace.startsWith(`${prefix}-`)) see(object);
      });
      return child;
    };
    this.#children = [
      watch(['appsnapshots', '-l', labels.policy], (copy) => this.#see(copy as AppSnapshot)),
      watch(['volumepolicies'], (policy) => void this.#policies.set(policy.metadata.namespace, policy as VolumePolicy)),
    ];
  }

  get copies(): SeenCopy[] {
    return [...this.#copies.values()];
  }

  /** Newest states of the policies. */
  get policies(): VolumePolicy[] {
    return [...this.#policies.values()];
  }

  /** Waits until so many copies are Ready or Failed, or the time is over: what is not, the tests will say. */
  async untilSettled(count: number, seconds: number): Promise<void> {
    const settled = (): number => this.copies.filter(({ object }) => ['Ready', 'Failed'].includes(object.status?.phase ?? '')).length;
    let told = 0;
    const allSettled = (): boolean => {
      if (settled() >= told + count / 10) console.log(`${(told = settled())} of ${count} copies`);
      return settled() >= count;
    };
    await until('every copy is Ready or Failed', allSettled, seconds, 200).catch((error: unknown) => console.error(error));
  }

  stop(): void {
    for (const child of this.#children) child.kill();
  }

  #see(object: AppSnapshot): void {
    const { name, namespace, uid } = object.metadata;
    const at = Date.now();
    const due = Date.parse(object.metadata.annotations?.[annotations.dueAt] ?? '');
    const copy = this.#copies.get(uid) ?? { key: `${namespace}/${name}`, due, made: at, asked: undefined, ready: undefined, errors: new Set(), object };
    this.#copies.set(uid, copy);
    copy.object = object;
    const reason = readyOf(object.status)?.reason ?? '';
    if (reason === 'WaitingForTurn') copy.asked ??= at;
    if (reason in errorCatalogue) copy.errors.add(reason);
    if (object.status?.phase === 'Ready') copy.ready ??= at;
  }
}

/** The windows of these copies, of those that have one. */
export function turnsOf(copies: readonly SeenCopy[]): Turn[] {
  return copies.flatMap(({ key, asked, object: { metadata, status } }) => {
    const { openedAt, heldUntil } = status?.window ?? {};
    if (openedAt === undefined || heldUntil === undefined) return [];
    return [{ key, created: Date.parse(metadata.creationTimestamp), asked, opened: Date.parse(openedAt), closed: Date.parse(heldUntil) }];
  });
}
