/** A drill that is due. */
interface Waiting {
  /** namespace/name of its policy. */
  readonly key: string;
  /** Name of its own namespace. */
  readonly drill: string;
  /** When it was due, ms since the epoch. */
  readonly due: number;
  /** When a drill of the policy's namespace last ended, ms since the epoch; undefined: never. */
  readonly last: number | undefined;
}

/** A drill that is under way: one with a status, or a namespace that is still there, whoever has forgotten it. */
export interface UnderWay {
  /** Name of its own namespace. */
  readonly drill: string;
  /** Namespace that is drilled; undefined where nothing says so. */
  readonly source: string | undefined;
}

/** Who has not asked again for so long does not wait any more; what was begun so long ago is known to the cache. */
const freshMillis = 60_000;
/** A turn is remembered for so long, whatever becomes of the policy that had it. */
const rememberedMillis = 24 * 3600_000;

/**
 * Who may begin a drill: so many at a time, one in each namespace, because each may take as much again as the quota of its source. The namespace goes first
 * that was drilled longest ago, and of its policies the one that was due first. In memory: there is one leader, and what is under way is told by statuses
 * and namespaces.
 */
export class DrillLine {
  readonly #waiting = new Map<string, Waiting & { readonly seen: number }>();
  readonly #begun = new Map<string, { readonly source: string; readonly at: number }>();
  /** When a namespace had its last turn. */
  readonly #turns = new Map<string, number>();
  readonly #atOnce: number;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Whether it is the turn of this drill. Who has to wait asks again, and nobody takes its place meanwhile. */
  isTurn(asking: Waiting, underWay: readonly UnderWay[], now: number): boolean {
    this.#forget(now);
    this.#waiting.set(asking.key, { ...asking, seen: now });
    const running = new Map<string, string | undefined>([...underWay, ...[...this.#begun].map(([drill, { source }]) => ({ drill, source }))].map(({ drill, source }) => [drill, source]));
    running.delete(asking.drill);
    const busy = new Set(running.values());
    const source = namespaceOf(asking.key);
    // It waits for its own namespace; nobody has to wait for that.
    if (busy.has(source)) this.#waiting.delete(asking.key);
    const free = [...this.#waiting.values()].filter(({ key }) => !busy.has(namespaceOf(key)));
    const ahead = new Set(free.filter((other) => this.#isBefore(other, asking)).map(({ key }) => namespaceOf(key)));
    return !busy.has(source) && !ahead.has(source) && running.size + ahead.size < this.#atOnce;
  }

  /** The same, and the place is taken. */
  mayBegin(asking: Waiting, underWay: readonly UnderWay[], now: number): boolean {
    if (!this.isTurn(asking, underWay, now)) return false;
    this.#waiting.delete(asking.key);
    this.#begun.set(asking.drill, { source: namespaceOf(asking.key), at: now });
    return true;
  }

  /** It was begun: its namespace has had its turn. */
  begun({ key }: Waiting, now: number): void {
    this.#turns.set(namespaceOf(key), now);
  }

  /** It could not be begun: nobody waits for it. */
  giveBack({ drill }: Waiting): void {
    this.#begun.delete(drill);
  }

  #isBefore(a: Waiting, b: Waiting): boolean {
    const [turnOfA, turnOfB] = [this.#turnOf(a), this.#turnOf(b)];
    if (turnOfA !== turnOfB) return turnOfA < turnOfB;
    return a.due < b.due || (a.due === b.due && a.key < b.key);
  }

  #turnOf({ key, last }: Waiting): number {
    return Math.max(last ?? -Infinity, this.#turns.get(namespaceOf(key)) ?? -Infinity);
  }

  #forget(now: number): void {
    for (const [key, { seen }] of this.#waiting) if (now - seen > freshMillis) this.#waiting.delete(key);
    for (const [drill, { at }] of this.#begun) if (now - at > freshMillis) this.#begun.delete(drill);
    for (const [source, at] of this.#turns) if (now - at > rememberedMillis) this.#turns.delete(source);
  }
}

function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
