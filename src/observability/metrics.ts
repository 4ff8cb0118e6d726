/** A registry of metrics in the Prometheus text format (exposition format 0.0.4). */

export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  inc(labels?: Labels, by?: number): void;
  /** Forgets one series, for labels that name something that is gone. */
  remove(labels: Labels): void;
}

export interface Gauge {
  set(value: number, labels?: Labels): void;
  add(by: number, labels?: Labels): void;
  /** Forgets one series, for labels that name something that is gone. */
  remove(labels: Labels): void;
}

export interface Histogram {
  /** Values in the unit of the metric's name: seconds. */
  observe(value: number, labels?: Labels): void;
}

export interface Metrics {
  counter(name: string, help: string): Counter;
  gauge(name: string, help: string): Gauge;
  /** `buckets` are upper bounds, ascending, without +Inf. */
  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
  /** Called before every rendering, to set gauges that are read rather than counted. */
  beforeRender(collect: () => void): void;
  render(): string;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  lines(): string[];
}

/** An empty registry. Asking twice for one name is an error: metrics are made once, where they are counted. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>();
  const collectors: (() => void)[] = [];
  const register = (family: Family): void => {
    if (families.has(family.name)) throw new Error(`metric ${family.name} exists already`);
    families.set(family.name, family);
  };
  return {
    counter(name, help) {
      const series = new Series();
      register({ name, help, type: 'counter', lines: () => series.lines(name) });
      return { inc: (labels, by = 1) => series.add(labels, by), remove: (labels) => series.remove(labels) };
    },
    gauge(name, help) {
      const series = new Series();
      register({ name, help, type: 'gauge', lines: () => series.lines(name) });
      return {
        set: (value, labels) => series.set(labels, value),
        add: (by, labels) => series.add(labels, by),
        remove: (labels) => series.remove(labels),
      };
    },
    histogram(name, help, buckets) {
      const histogram = new BucketSeries(buckets);
      register({ name, help, type: 'histogram', lines: () => histogram.lines(name) });
      return { observe: (value, labels) => histogram.observe(labels, value) };
    },
    beforeRender: (collect) => void collectors.push(collect),
    render() {
      for (const collect of collectors) collect();
      return [...families.values()].map(renderFamily).join('');
    },
  };
}

function renderFamily(family: Family): string {
  const help = family.help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
  return [`# HELP ${family.name} ${help}`, `# TYPE ${family.name} ${family.type}`, ...family.lines(), ''].join('\n');
}

/** `{a="b"}` with sorted names, so that equal labels are one series; `le` of histograms comes last by the caller. */
function labelText(labels: Labels | undefined): string {
  if (labels === undefined) return '';
  return Object.keys(labels)
    .sort()
    .map((name) => `${name}="${escapeLabel(labels[name] ?? '')}"`)
    .join(',');
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

function sample(name: string, labels: string, value: number): string {
  return labels === '' ? `${name} ${numberText(value)}` : `${name}{${labels}} ${numberText(value)}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

class Series {
  readonly #values = new Map<string, number>();

  set(labels: Labels | undefined, value: number): void {
    this.#values.set(labelText(labels), value);
  }

  add(labels: Labels | undefined, by: number): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }

  remove(labels: Labels): void {
    this.#values.delete(labelText(labels));
  }

  lines(name: string): string[] {
    return [...this.#values].map(([labels, value]) => sample(name, labels, value));
  }
}

interface Buckets {
  readonly counts: number[];
  sum: number;
  count: number;
}

class BucketSeries {
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Buckets>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  observe(labels: Labels | undefined, value: number): void {
    const key = labelText(labels);
    let entry = this.#series.get(key);
    if (entry === undefined) {
      entry = { counts: this.#bounds.map(() => 0), sum: 0, count: 0 };
      this.#series.set(key, entry);
    }
    entry.sum += value;
    entry.count += 1;
    const index = this.#bounds.findIndex((bound) => value <= bound);
    if (index >= 0) entry.counts[index] = (entry.counts[index] ?? 0) + 1;
  }

  lines(name: string): string[] {
    return [...this.#series].flatMap(([labels, entry]) => {
      const prefix = labels === '' ? '' : `${labels},`;
      let below = 0;
      const buckets = this.#bounds.map((bound, i) => {
        below += entry.counts[i] ?? 0;
        return sample(`${name}_bucket`, `${prefix}le="${numberText(bound)}"`, below);
      });
      return [
        ...buckets,
        sample(`${name}_bucket`, `${prefix}le="+Inf"`, entry.count),
        sample(`${name}_sum`, labels, entry.sum),
        sample(`${name}_count`, labels, entry.count),
      ];
    });
  }
}
