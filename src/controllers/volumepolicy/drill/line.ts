/** A drill that is due. */
interface Waiting {
  /** namespace/name of its policy. */
  readonly key: string;
  /** When it was due, ms since the epoch. */
  readonly due: number;
}

/** Who has not asked again for so long does not wait any more; what was begun so long ago is known to the cache. */
const freshMillis = 60_000;

/**
 * Who may begin a drill: so many at a time, one in each namespace, because each may take as much again as the quota of its source; the one that was due
 * first goes first. In memory: there is one leader, and what is under way is told by the statuses of the policies.
 */
export class DrillLine {
  readonly #waiting = new Map<string, { readonly due: number; readonly seen: number }>();
  readonly #begun = new Map<string, number>();
  readonly #atOnce: number;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Whether the drill may begin now. `underWay`: policies with a drill, by their statuses. Who gets no place asks again. */
  mayBegin({ key, due }: Waiting, underWay: readonly string[], now: number): boolean {
    this.#forget(now);
    const running = new Set([...underWay, ...this.#begun.keys()]);
    running.delete(key);
    this.#waiting.set(key, { due, seen: now });
    const busy = new Set([...running].map(namespaceOf));
    const ahead = [...this.#waiting].filter(([other, its]) => !busy.has(namespaceOf(other)) && (its.due < due || (its.due === due && other < key)));
    if (busy.has(namespaceOf(key)) || running.size + ahead.length >= this.#atOnce) return false;
    this.#waiting.delete(key);
    this.#begun.set(key, now);
    return true;
  }

  #forget(now: number): void {
    for (const [key, { seen }] of this.#waiting) if (now - seen > freshMillis) this.#waiting.delete(key);
    for (const [key, at] of this.#begun) if (now - at > freshMillis) this.#begun.delete(key);
  }
}

function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
