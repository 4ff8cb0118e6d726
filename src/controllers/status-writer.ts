import { apiGroup, apiVersion } from '../api/common.js';
import type { ClusterMeta } from '../api/kinds.js';
import type { Client } from '../runtime/client.js';
import type { Clock } from '../runtime/clock.js';
import { mergeConditions, type ConditionInput } from '../runtime/conditions.js';
import { keyOf, type Condition, type KubeObject } from '../runtime/object.js';
import type { ResourceType } from '../runtime/resource.js';

interface WithConditions {
  conditions?: Condition[] | undefined;
  observedGeneration?: number | undefined;
}

interface Owned<S> {
  apiVersion: string;
  kind: string;
  metadata: ClusterMeta;
  status?: S;
  [field: string]: unknown;
}

/** A change of status; `undefined` removes a field. */
export type StatusChange<S> = { [K in keyof S]?: S[K] | undefined };

/** What a status says of itself as conditions (kstatus). */
export type Verdict =
  /** Work goes on. */
  | { readonly kind: 'working'; readonly reason: string; readonly message: string }
  /** Done as asked. */
  | { readonly kind: 'ready'; readonly reason: string; readonly message: string }
  /** Over, without success: only a change of the spec, or another object, helps. */
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string };

/**
 * Writes the status of one object in the course of one reconcile. Every write carries uid and resourceVersion of the state
 * that the decision was made from: a deposed leader, or a stale reading, gets a 409 and nothing is lost.
 */
export class StatusWriter<S extends WithConditions, O extends Owned<S>> {
  readonly #client: Client;
  readonly #type: ResourceType;
  readonly #clock: Clock;
  #object: O;
  /** Fields that another field manager owns. */
  readonly #foreign: readonly (keyof S)[];

  constructor(options: { client: Client; type: ResourceType; clock: Clock; object: O; foreign?: readonly (keyof S)[] }) {
    this.#client = options.client;
    this.#type = options.type;
    this.#clock = options.clock;
    this.#object = options.object;
    this.#foreign = options.foreign ?? [];
  }

  /** The object as last read or written. */
  get object(): O {
    return this.#object;
  }

  /** Applies the change; resolves when the API server has acknowledged it. */
  async write(change: StatusChange<S>, verdict?: Verdict, extra: readonly ConditionInput[] = []): Promise<void> {
    const { metadata } = this.#object;
    const status = this.#next(change, verdict, extra);
    const body: KubeObject = {
      apiVersion: `${apiGroup}/${apiVersion}`,
      kind: this.#type.kind,
      metadata: { ...keyOf(this.#object), uid: metadata.uid, resourceVersion: metadata.resourceVersion },
      status,
    };
    this.#object = (await this.#client.apply(this.#type, body, { subresource: 'status', force: true })) as unknown as O;
  }

  #next(change: StatusChange<S>, verdict: Verdict | undefined, extra: readonly ConditionInput[]): Record<string, unknown> {
    const { generation } = this.#object.metadata;
    const old: Partial<S> = this.#object.status ?? {};
    const merged: Record<string, unknown> = { ...old, ...change, observedGeneration: generation };
    for (const key of this.#foreign) merged[String(key)] = undefined;
    const updates = [...(verdict === undefined ? [] : conditionsOf(verdict)), ...extra].map((c) => ({ ...c, observedGeneration: generation }));
    const remove = verdict === undefined ? [] : ['Reconciling', 'Stalled'].filter((type) => !updates.some((u) => u.type === type));
    merged['conditions'] = mergeConditions(old.conditions ?? [], updates, { now: new Date(this.#clock.now()), remove });
    return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
  }
}

function conditionsOf({ kind, reason, message }: Verdict): ConditionInput[] {
  switch (kind) {
    case 'working':
      return [
        { type: 'Ready', status: 'False', reason, message },
        { type: 'Reconciling', status: 'True', reason, message },
      ];
    case 'ready':
      return [{ type: 'Ready', status: 'True', reason, message }];
    case 'failed':
      return [
        { type: 'Ready', status: 'False', reason, message },
        { type: 'Stalled', status: 'True', reason, message },
      ];
  }
}
