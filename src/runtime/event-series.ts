/**
 * Which events become one series (client-go tools/events): equal type, action, reason, controller, instance, regarding and related,
 * whatever the note says.
 */
export interface Series<E> {
  readonly event: E;
  count: number;
  lastSeenMillis: number;
  /** When the count was last sent. */
  sentMillis: number;
  sentCount: number;
}

/** A series is over after this long without another event; the next one starts anew. */
const finishMillis = 6 * 60_000;
/** The count of a running series is sent this often. */
const refreshMillis = 30 * 60_000;
const maxSeries = 4096;

/** What to do with an event. */
export type SeriesAction = 'create' | 'update' | 'count';

/** Open series by key. */
export class SeriesTable<E> {
  readonly #series = new Map<string, Series<E>>();

  /** Counts an event: the first is created, the second makes a series, further ones are only counted. */
  record(key: string, event: E, nowMillis: number): { action: SeriesAction; series: Series<E> } {
    const known = this.#series.get(key);
    if (known === undefined || nowMillis - known.lastSeenMillis > finishMillis) {
      const series = { event, count: 1, lastSeenMillis: nowMillis, sentMillis: nowMillis, sentCount: 1 };
      this.#series.delete(key);
      this.#series.set(key, series);
      this.#bound();
      return { action: 'create', series };
    }
    known.count += 1;
    known.lastSeenMillis = nowMillis;
    return { action: this.#take(known, known.count === 2 || nowMillis - known.sentMillis >= refreshMillis, nowMillis), series: known };
  }

  /** Removes finished series and answers those whose last count was not sent yet. */
  finish(nowMillis: number): Series<E>[] {
    const unsent: Series<E>[] = [];
    for (const [key, series] of this.#series) {
      if (nowMillis - series.lastSeenMillis <= finishMillis) continue;
      this.#series.delete(key);
      if (series.count > series.sentCount) unsent.push(series);
    }
    return unsent;
  }

  #take(series: Series<E>, due: boolean, nowMillis: number): SeriesAction {
    if (!due) return 'count';
    series.sentMillis = nowMillis;
    series.sentCount = series.count;
    return 'update';
  }

  #bound(): void {
    const oldest = this.#series.keys().next();
    if (this.#series.size > maxSeries && oldest.done !== true) this.#series.delete(oldest.value);
  }
}
