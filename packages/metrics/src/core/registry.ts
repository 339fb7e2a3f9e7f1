import type { Arena } from "./arena.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Collected, CollectorRunner, type CollectorState } from "./collection.ts";
import type { Collector } from "./collector.ts";
import { type Counter, CounterData, CounterFamily } from "./counter.ts";
import {
  checkedDefinition,
  checkedHistogram,
  checkedSummary,
  type GaugeOptions,
  type HistogramOptions,
  type LintMode,
  type MetricOptions,
  type SummaryOptions,
} from "./definitions.ts";
import { InferometerError, shown } from "./errors.ts";
import { expiring } from "./expiry.ts";
import type { Definition, Family, RegistryWatcher } from "./family.ts";
import { type Gauge, GaugeData, GaugeFamily } from "./gauge.ts";
import { type Histogram, HistogramData, HistogramFamily } from "./histogram.ts";
import { Info, InfoData } from "./info.ts";
import { declaredLabels, type LabelSpec, type Labels, type LabelsOf } from "./labels.ts";
import type { Metric } from "./metric.ts";
import { checkLabelName } from "./names.ts";
import { CALLBACK_NAME, constantLabels, isOwn, OVERFLOW_NAME, RegistryHome } from "./registry-home.ts";
import { declarationDifference, sampleNames } from "./sample-names.ts";
import { type FamilySnapshot, type MetricType, Snapshot } from "./snapshot.ts";
import { StateSet, StateSetData, StateSetFamily } from "./state-set.ts";
import { type Summary, SummaryData, SummaryFamily } from "./summary.ts";

export interface RegistryOptions {
  /** Put before every name, with an underscore: "vision" makes `vision_frames_total`. Default: none. */
  readonly namespace?: string;
  /** Labels that every series has. Default: none. */
  readonly labels?: Labels;
  /** Default `systemClock`. */
  readonly clock?: Clock;
  /** Most series of the whole registry; what is beyond goes to each metric's overflow series. Default 1 000 000. */
  readonly seriesLimit?: number;
  /** What happens to names that `promtool check metrics` would complain of. Default "warn". */
  readonly lint?: LintMode;
}

/** Which metrics a snapshot holds. */
export interface SnapshotOptions {
  /** Full names of families. Default: all. */
  readonly names?: Iterable<string>;
}

interface Entry {
  readonly data: Family;
  readonly handle: object;
  /** What it was declared with, besides its definition. */
  readonly shape: object | undefined;
  readonly owner: Collector | undefined;
  readonly read: (() => void) | undefined;
}

/**
 * A set of metrics that is exposed together.
 *
 * Registering the same metric twice returns the first; another declaration under the same name throws METRIC_CONFLICT.
 *
 * @example
 * const metrics = new Registry({ namespace: "vision", labels: { site: "lab-1" } });
 * const frames = metrics.counter("frames_processed_total", { help: "Frames processed.", labels: { model: String, status: ["success", "error"] } });
 * frames.inc({ model: "owlv2", status: "success" });
 */
export class Registry {
  readonly #namespace: string;
  readonly #lint: LintMode;
  readonly #entries: Map<string, Entry> = new Map();
  /** The entries in a list that does not change while it is gone through; made anew when they have changed. */
  #list: readonly Entry[] | undefined;
  /** Every sample name that some metric writes, and whose it is. */
  readonly #claimed: Map<string, string> = new Map();
  readonly #home: RegistryHome;
  readonly #runner: CollectorRunner;
  #overflowed: CounterFamily<{ readonly metric: string }> | undefined;

  /** Throws NAME_INVALID, LABEL_NAME_INVALID, LABEL_VALUE_INVALID, OPTION_INVALID. */
  constructor(options: RegistryOptions = {}) {
    const { namespace = "", labels = {}, clock = systemClock, seriesLimit = 1_000_000, lint = "warn" } = options;
    if (namespace !== "" && !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(namespace)) {
      throw new InferometerError("NAME_INVALID", `Namespace ${shown(namespace)}: use letters, digits and underscores, not starting with a digit.`);
    }
    if (!(seriesLimit >= 1)) throw new InferometerError("OPTION_INVALID", `seriesLimit is ${shown(seriesLimit)}. Give a number of at least 1.`);
    this.#namespace = namespace;
    this.#lint = lint;
    this.#home = new RegistryHome({
      clock,
      constants: constantLabels(labels),
      seriesLimit,
      onOverflow: (metric) => this.#overflows().inc({ metric }),
    });
    this.#runner = new CollectorRunner(this, clock);
  }

  /** A total that only grows; its name ends in `_total`. Throws NAME_INVALID, HELP_MISSING, LABEL_NAME_INVALID, METRIC_CONFLICT. */
  counter(name: string, options: MetricOptions & { readonly labels?: undefined }): Counter;
  counter<const S extends LabelSpec>(name: string, options: MetricOptions & { readonly labels: S }): CounterFamily<LabelsOf<S>>;
  counter(name: string, options: MetricOptions & { readonly labels?: LabelSpec | undefined }): Counter | CounterFamily {
    return this.#metric(name, options, {
      type: "counter",
      make: (definition) => new CounterData(this.#home, definition),
      handle: (data) => (data.labelNames.length === 0 ? expiring(data, {}, ["inc", "mirror"]) : new CounterFamily(data)),
    });
  }

  /**
   * A value that goes up and down. `read` is called when a snapshot is taken: it returns the value, or with labels sets them.
   * Throws as `counter`.
   */
  gauge(name: string, options: GaugeOptions & { readonly labels?: undefined; readonly read?: () => number }): Gauge;
  gauge<const S extends LabelSpec>(
    name: string,
    options: GaugeOptions & { readonly labels: S; readonly read?: (gauge: GaugeFamily<LabelsOf<S>>) => void },
  ): GaugeFamily<LabelsOf<S>>;
  gauge(
    name: string,
    options: GaugeOptions & { readonly labels?: LabelSpec | undefined; readonly read?: (gauge: never) => number | void },
  ): Gauge | GaugeFamily {
    return this.#metric(name, options, {
      type: options?.type === "unknown" ? "unknown" : "gauge",
      make: (definition) => new GaugeData(this.#home, definition),
      handle: (data) => (data.labelNames.length === 0 ? expiring(data, {}, ["set", "inc", "dec"]) : new GaugeFamily(data)),
      read: (handle) => {
        const value = options.read?.(handle as never);
        if ("value" in handle && handle.value.length === 0 && typeof value === "number") (handle as Gauge).set(value);
      },
    });
  }

  /** Counts values in buckets, classic or native or both. Throws as `counter`, and BUCKETS_INVALID. */
  histogram(name: string, options: HistogramOptions & { readonly labels?: undefined }): Histogram;
  histogram<const S extends LabelSpec>(name: string, options: HistogramOptions & { readonly labels: S }): HistogramFamily<LabelsOf<S>>;
  histogram(name: string, options: HistogramOptions & { readonly labels?: LabelSpec | undefined }): Histogram | HistogramFamily {
    const shape = checkedHistogram(name, options ?? {});
    return this.#metric(name, options, {
      type: "histogram",
      shape,
      make: (definition) => new HistogramData(this.#home, definition, shape),
      handle: (data) => (data.labelNames.length === 0 ? expiring(data, {}, ["observe"]) : new HistogramFamily(data)),
    });
  }

  /** Quantiles over a sliding time window. Throws as `counter`. */
  summary(name: string, options: SummaryOptions & { readonly labels?: undefined }): Summary;
  summary<const S extends LabelSpec>(name: string, options: SummaryOptions & { readonly labels: S }): SummaryFamily<LabelsOf<S>>;
  summary(name: string, options: SummaryOptions & { readonly labels?: LabelSpec | undefined }): Summary | SummaryFamily {
    const shape = checkedSummary(name, options ?? {});
    return this.#metric(name, options, {
      type: "summary",
      shape,
      make: (definition) => new SummaryData(this.#home, definition, shape),
      handle: (data) => (data.labelNames.length === 0 ? expiring(data, {}, ["observe"]) : new SummaryFamily(data)),
    });
  }

  /** Facts as labels of a series that is always 1; its name ends in `_info`. Throws as `counter`. */
  info<const S extends LabelSpec>(name: string, options: MetricOptions & { readonly labels: S }): Info<LabelsOf<S>> {
    return this.#metric(name, options, {
      type: "info",
      make: (definition) => new InfoData(this.#home, definition),
      handle: (data) => new Info<LabelsOf<S>>(data),
    });
  }

  /** Which of some states hold. Throws as `counter`. */
  stateSet<const V extends string>(
    name: string,
    options: MetricOptions & { readonly states: readonly V[]; readonly labels?: undefined },
  ): StateSet<V>;
  stateSet<const V extends string, const S extends LabelSpec>(
    name: string,
    options: MetricOptions & { readonly states: readonly V[]; readonly labels: S },
  ): StateSetFamily<V, LabelsOf<S>>;
  stateSet(
    name: string,
    options: MetricOptions & { readonly states: readonly string[]; readonly labels?: LabelSpec | undefined },
  ): StateSet | StateSetFamily {
    const { states, labels } = options ?? {};
    if (!Array.isArray(states) || states.length === 0)
      throw new InferometerError("OPTION_INVALID", `${name}: states is ${shown(states)}. Give the names of its states: ["up", "down"].`);
    const full = this.#fullName(name);
    const { names, closed } = declaredLabels(labels, full);
    for (const label of names) checkLabelName(label, full, "stateset");
    const withState = Object.fromEntries([...names.map((label, k) => [label, closed[k] ?? String]), [full, states]]) as LabelSpec;
    return this.#metric(
      name,
      { ...options, labels: withState },
      {
        type: "stateset",
        make: (definition) => new StateSetData(this.#home, definition, [...states]),
        handle: (data) => (data.labelNames.length === 1 ? new StateSet(data) : new StateSetFamily(data)),
      },
    );
  }

  /** The metric of that name (with or without the namespace), or undefined. */
  get(name: string): Metric | undefined {
    return (this.#entries.get(this.#fullName(name)) ?? this.#entries.get(name))?.handle as Metric | undefined;
  }

  /** Removes a metric or a collector with its metrics; false if there is none of that name. */
  unregister(name: string): boolean {
    const collector = this.#runner.remove(name);
    if (collector !== undefined) {
      this.#dropOf(collector);
      return true;
    }
    return this.#drop(this.#fullName(name)) || this.#drop(name);
  }

  /** Removes all metrics and collectors. */
  clear(): void {
    for (const { name } of this.#runner.states()) this.#runner.remove(name);
    for (const name of [...this.#entries.keys()]) this.#drop(name);
  }

  /** Sets every metric to zero; metrics and their series stay. */
  reset(): void {
    for (const { data } of this.#entries.values()) data.reset();
  }

  /** Adds collectors: their metrics are read when `collect` is called. Throws COLLECTOR_CONFLICT for a name that is taken. */
  register(...collectors: readonly Collector[]): void {
    for (const collector of collectors) {
      this.#runner.check(collector);
      this.#home.collector = collector;
      try {
        collector.register(this);
        this.#runner.add(collector);
      } catch (error) {
        this.#dropOf(collector); // half a collector is none
        throw error;
      } finally {
        this.#home.collector = undefined;
      }
      this.#home.watcher?.mustAsk();
    }
  }

  /** What the metrics hold at this moment. Collectors are not asked: see `collect`. */
  snapshot(options: SnapshotOptions = {}): Snapshot {
    return this.#snapshot(options, new Set());
  }

  /**
   * Asks the collectors, all at once, and takes a snapshot. Never rejects because of a collector: one that fails, or is not ready when `signal`
   * aborts, is left out, and `scrape_collector_success{collector}` says so.
   */
  async collect(options: SnapshotOptions & { readonly signal?: AbortSignal } = {}): Promise<Collected> {
    const failed = await this.#runner.run(options.signal);
    const missing = failed.size === 0 ? [] : this.#listed().flatMap(({ data, owner }) => (owner !== undefined && failed.has(owner) ? data.name : []));
    return { snapshot: this.#snapshot(options, failed), collectors: this.#runner.states(), missing };
  }

  /** How each collector did at the last `collect`. */
  collectorStates(): readonly CollectorState[] {
    return this.#runner.states();
  }

  /** Closes the collectors. The metrics stay readable. */
  async close(): Promise<void> {
    await this.#runner.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal For whom mirrors the registry in another thread; see journal.ts. `read`: metrics whose values a callback brings. */
  watch(watcher: RegistryWatcher): {
    readonly families: readonly Family[];
    readonly read: ReadonlySet<Family>;
    readonly arena: Arena;
    readonly collectors: boolean;
  } {
    this.#home.watcher = watcher;
    const entries = [...this.#entries.values()];
    const read = new Set(entries.filter((entry) => entry.read !== undefined).map((entry) => entry.data));
    return { families: entries.map((entry) => entry.data), read, arena: this.#home.arena, collectors: this.#runner.states().length > 0 };
  }

  #snapshot(options: SnapshotOptions, failed: ReadonlySet<Collector>): Snapshot {
    const names = options.names === undefined ? undefined : new Set(options.names);
    const entries = this.#listed();
    const families = new Array<FamilySnapshot>(entries.length);
    let length = 0;
    for (const { data, owner, read } of entries) {
      const { name } = data;
      if (names !== undefined && !names.has(name)) continue;
      if (owner !== undefined && failed.has(owner)) continue;
      if (read !== undefined) {
        try {
          read();
        } catch {
          // A broken callback must not take the other metrics with it.
          this.#callbackErrors().inc({ metric: name });
          continue;
        }
      }
      data.expire();
      families[length++] = data.snapshot();
    }
    families.length = length;
    return new Snapshot(families, this.#home.clock.time());
  }

  #listed(): readonly Entry[] {
    this.#list ??= [...this.#entries.values()];
    return this.#list;
  }

  #keep(full: string, entry: Entry): void {
    this.#entries.set(full, entry);
    this.#list = undefined;
  }

  #metric<D extends Family, H extends object>(
    name: string,
    options: MetricOptions & { readonly labels?: LabelSpec | undefined; readonly read?: unknown },
    kind: {
      readonly type: MetricType;
      readonly shape?: object;
      readonly make: (definition: Definition) => D;
      readonly handle: (data: D) => H;
      readonly read?: (handle: H) => void;
    },
  ): H {
    const full = this.#fullName(name);
    const { labels, ...rest } = options ?? {}; // without options: checkedDefinition says what is missing
    const context = { type: kind.type, constants: this.#home.constants, lint: this.#lint };
    const definition = checkedDefinition(full, labels === undefined ? rest : { ...rest, labels }, context);
    const existing = this.#entries.get(full);
    if (existing !== undefined) {
      const difference = declarationDifference({ definition: existing.data.definition, shape: existing.shape }, { definition, shape: kind.shape });
      if (difference === undefined) {
        // What two collectors declare belongs to neither: it does not go, or fail, with the first.
        if (this.#home.collector !== undefined && existing.owner !== this.#home.collector) this.#keep(full, { ...existing, owner: undefined });
        return existing.handle as H;
      }
      throw new InferometerError(
        "METRIC_CONFLICT",
        `${full} is registered already, declared otherwise: ${difference}. Declare it alike, or choose another name.`,
      );
    }
    this.#claim(full, kind.type);
    const data = kind.make(definition);
    const handle = kind.handle(data);
    const read = typeof rest.read === "function" && kind.read !== undefined ? () => kind.read?.(handle) : undefined;
    this.#keep(full, { data, handle, shape: kind.shape, owner: isOwn(full) ? undefined : this.#home.collector, read });
    this.#home.watcher?.familyAdded(data);
    if (read !== undefined) this.#home.watcher?.mustAsk(data);
    return handle;
  }

  #dropOf(collector: Collector): void {
    for (const [full, { owner }] of [...this.#entries]) if (owner === collector) this.#drop(full);
  }

  #drop(full: string): boolean {
    const entry = this.#entries.get(full);
    if (entry === undefined) return false;
    this.#entries.delete(full);
    this.#list = undefined;
    if (full === OVERFLOW_NAME) this.#overflowed = undefined;
    for (const [sample, owner] of [...this.#claimed]) if (owner === full) this.#claimed.delete(sample);
    entry.data.retire();
    this.#home.watcher?.familyRemoved(entry.data);
    return true;
  }

  /** Two metrics must not write the same sample name: a gauge x_count beside a histogram x would spoil the whole scrape. */
  #claim(full: string, type: MetricType): void {
    const names = sampleNames(full, type);
    for (const sample of names) {
      const owner = this.#claimed.get(sample);
      if (owner !== undefined)
        throw new InferometerError("METRIC_CONFLICT", `${full} would write ${sample}, which ${owner} writes already. Choose another name.`);
    }
    for (const sample of names) this.#claimed.set(sample, full);
  }

  #fullName(name: string): string {
    return this.#namespace === "" || typeof name !== "string" || isOwn(name) ? name : `${this.#namespace}_${name}`;
  }

  #overflows(): CounterFamily<{ readonly metric: string }> {
    // Kept, since it is asked for at each record over the limit.
    const help = "Records that went to a metric's overflow series, since it has as many series as it may.";
    return (this.#overflowed ??= this.counter(OVERFLOW_NAME, { help, labels: ["metric"] }));
  }

  #callbackErrors(): CounterFamily<{ readonly metric: string }> {
    return this.counter(CALLBACK_NAME, { help: "Calls of a metric's read function that failed.", labels: ["metric"] });
  }
}
