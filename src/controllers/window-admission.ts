/** How many windows may be open at a time. A namespace has one at most. */
export interface WindowLimits {
  readonly global: number;
  /** On volumes of one CSI driver. */
  readonly perDriver: number;
  /** With members on one node. */
  readonly perNode: number;
}

/** A window that is asked for, and what it needs a share of. */
export interface WindowRequest {
  /** `namespace/name` of the AppSnapshot. */
  readonly key: string;
  /** When it was asked for, ms since the epoch: who was first goes first. */
  readonly since: number;
  readonly namespace: string;
  readonly drivers: readonly string[];
  readonly nodes: readonly string[];
}

/**
 * Whose turn it is, in order. First come, first served; whoever cannot go lets pass those behind that need other nodes or drivers. Only the first
 * that cannot go has what it needs kept free, so that many small windows never keep a large one waiting for good. Pure.
 */
export function admit(waiting: readonly WindowRequest[], open: readonly WindowRequest[], limits: WindowLimits): WindowRequest[] {
  const used = new Map<string, number>();
  const take = (request: WindowRequest): void => {
    for (const share of sharesOf(request)) used.set(share, (used.get(share) ?? 0) + 1);
  };
  const fits = (request: WindowRequest): boolean => sharesOf(request).every((share) => (used.get(share) ?? 0) < limitOf(share, limits));
  for (const request of open) take(request);
  const admitted: WindowRequest[] = [];
  let keptFree = false;
  for (const request of [...waiting].sort(byAge)) {
    if (fits(request)) admitted.push(request);
    else if (keptFree) continue;
    else keptFree = true;
    take(request);
  }
  return admitted;
}

function byAge(a: WindowRequest, b: WindowRequest): number {
  return a.since - b.since || (a.key < b.key ? -1 : 1);
}

/** What a window has a share of, each once. */
function sharesOf({ namespace, drivers, nodes }: WindowRequest): string[] {
  return ['global', `namespace ${namespace}`, ...new Set([...drivers.map((name) => `driver ${name}`), ...nodes.map((name) => `node ${name}`)])];
}

function limitOf(share: string, limits: WindowLimits): number {
  switch (share.split(' ')[0]) {
    case 'global':
      return limits.global;
    case 'driver':
      return limits.perDriver;
    case 'node':
      return limits.perNode;
    default:
      return 1;
  }
}
