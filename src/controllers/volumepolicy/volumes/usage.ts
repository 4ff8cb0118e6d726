import { claimMounts, type ClaimMount } from '../../../hooks/hold/claim-mounts.js';
import { readUsage } from '../../../hooks/hold/usage.js';
import type { ClaimView, NamespaceView } from '../../../hooks/view.js';
import type { Clock } from '../../../runtime/clock.js';
import type { Usage } from '../../../storage/growth.js';
import { agentRef } from '../../appsnapshot/agent-ref.js';
import type { OperatorDeps } from '../../deps.js';
import { requirePolicies } from '../../policies.js';

/** How full volumes are, by uid of the claim. */
type Readings = ReadonlyMap<string, Usage>;

interface Look {
  /** It was read just now. */
  readonly fresh: boolean;
  readonly readings: Readings;
}

/** So often the volumes of a policy are looked at; at most so often each of them grows. */
const usageMillis = 60_000;

/** What was found in order counts so long; nothing is changed by these looks. */
const provenMillis = 10_000;

/** How full the volumes of each policy were when they were last looked at, for as long as one leads. */
export class UsageMemory {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #known = new Map<string, { readonly at: number; readonly readings: Readings }>();

  #provenAt = -Infinity;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Reads it when it is time, by the agents. Throws AppError PoliciesMissing. */
  async look(policy: string, view: NamespaceView, claims: readonly ClaimView[], deps: OperatorDeps): Promise<Look> {
    const known = this.#known.get(policy);
    const at = this.#clock.monotonic();
    // A timer may be early by a moment.
    if (known !== undefined && at - known.at < usageMillis - 1000) return { fresh: false, readings: known.readings };
    const mounts = readable(view, claims);
    if (mounts.length > 0) await this.#prove(at, deps);
    const readings = await read(mounts, deps);
    this.#known.set(policy, { at, readings });
    return { fresh: true, readings };
  }

  /** One look at what fences the agents serves the policies that are looked at meanwhile. */
  async #prove(at: number, deps: OperatorDeps): Promise<void> {
    if (at - this.#provenAt < provenMillis) return;
    await requirePolicies(deps.client, deps.agentNamespace);
    this.#provenAt = at;
  }

  forget(policy: string): void {
    this.#known.delete(policy);
  }
}

/** One mount of each claim that has a file system, in a container that runs. */
function readable(view: NamespaceView, claims: readonly ClaimView[]): ClaimMount[] {
  const mounts = claimMounts(view, new Set(claims.map(({ metadata }) => metadata.name))).filter(({ block, container, pod }) => !block && container.running && container.containerId !== undefined && pod.nodeName !== undefined);
  return [...new Map(mounts.map((mount) => [mount.claim.metadata.uid, mount])).values()];
}

async function read(mounts: readonly ClaimMount[], deps: OperatorDeps): Promise<Readings> {
  const nodes = new Set(mounts.flatMap(({ pod }) => pod.nodeName ?? []));
  const answers = await Promise.all(
    [...nodes].map(async (node): Promise<Readings> => {
      const there = mounts.filter(({ pod }) => pod.nodeName === node);
      const agent = agentRef(deps, node);
      if (agent !== undefined) return readUsage(agent, there, deps.exec);
      return new Map(there.map(({ claim }) => [claim.metadata.uid ?? '', { error: `no agent is ready on node ${node}; install it there` }] as const));
    }),
  );
  return new Map(answers.flatMap((answer) => [...answer]));
}
