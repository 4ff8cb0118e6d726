/** What of a request a rule looks at. Every field that is given must match. */
export interface Match {
  /** HTTP method; WebSocket upgrades are GET. */
  readonly method?: string;
  /** Regular expression, searched in path and query (percent-encoded as sent). */
  readonly path?: string;
  /** Only the nth matching request from now on, from 1. Default: each. */
  readonly nth?: number;
  /** Only this share of the matching requests, drawn from the seed of the proxy. */
  readonly probability?: number;
}

/** What happens to a request, instead of being passed on or beside it. */
export type Action =
  /** Waits before the head of the answer, and before each chunk of its body. */
  | { readonly kind: 'delay'; readonly headMillis?: number; readonly chunkMillis?: number }
  /** Answered with a Status by the proxy; the server never sees it. */
  | { readonly kind: 'answer'; readonly code: number; readonly retryAfterSeconds?: number }
  /** The connection is reset: before the server sees the request, or when it has answered and the answer is lost. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  /** The connection stays and nothing passes: no request, no answer. */
  | { readonly kind: 'halfOpen' }
  /** The body is reset after so many bytes. */
  | { readonly kind: 'cutBody'; readonly afterBytes: number }
  /** A watch expires after so many whole lines: by an ERROR event of code 410, or by an ordinary end. */
  | { readonly kind: 'expire'; readonly how: 'event' | 'end'; readonly afterLines: number }
  /** A watch is reset in the middle of the line that follows so many whole ones. */
  | { readonly kind: 'tear'; readonly afterLines: number }
  /** An upgrade is never answered. */
  | { readonly kind: 'noUpgrade' }
  /** Frames of the status channel are swallowed; everything else passes, also the end. */
  | { readonly kind: 'dropStatus' }
  /** Frames of a stream are held back, each by so much, in order. */
  | { readonly kind: 'delayFrames'; readonly millis: number }
  /** A frame of channel 255 comes before the first of the server. */
  | { readonly kind: 'strangeFrame' }
  /** The stream is reset after so many frames of the server. */
  | { readonly kind: 'cutStream'; readonly afterFrames: number };

export interface Rule {
  readonly match: Match;
  readonly action: Action;
  /** Used up after so many requests. Default: never. */
  readonly times?: number;
}

/** The rules in force, with their counts. The first one that fires decides. */
export class RuleSet {
  readonly #random: () => number;
  #entries: { readonly rule: Rule; readonly path: RegExp | undefined; seen: number; fired: number }[] = [];

  /** `random` makes every draw; the same seed and the same requests give the same faults. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Replaces all rules; counts begin anew. Throws when a path is no regular expression. */
  set(rules: readonly Rule[]): void {
    this.#entries = rules.map((rule) => ({ rule, path: rule.match.path === undefined ? undefined : new RegExp(rule.match.path), seen: 0, fired: 0 }));
  }

  /** How often each rule has fired, in order. */
  fired(): number[] {
    return this.#entries.map((entry) => entry.fired);
  }

  /** The action for a request, if any. Counts it. */
  decide(method: string, path: string): Action | undefined {
    for (const entry of this.#entries) {
      const { match, times } = entry.rule;
      if (match.method !== undefined && match.method !== method) continue;
      if (entry.path !== undefined && !entry.path.test(path)) continue;
      entry.seen += 1;
      if (times !== undefined && entry.fired >= times) continue;
      if (match.nth !== undefined && match.nth !== entry.seen) continue;
      if (match.probability !== undefined && this.#random() >= match.probability) continue;
      entry.fired += 1;
      return entry.rule.action;
    }
    return undefined;
  }
}
