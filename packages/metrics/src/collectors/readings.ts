import type { Counter, CounterFamily } from "../core/counter.ts";
import type { Gauge, GaugeFamily } from "../core/gauge.ts";
import type { Labels } from "../core/labels.ts";
import type { Registry } from "../core/registry.ts";

/** How a metric with labels is declared. */
export interface FamilyOptions {
  readonly help: string;
  readonly labels: readonly string[];
}

const NO_VALUES: readonly string[] = [];

/** "untyped": a number of the kernel's of which node_exporter does not say whether it only grows. */
type Kind = "counter" | "gauge" | "untyped";

/**
 * Metrics that say what a reading found, and nothing else: between `begin` and `end` each series that has a value is set, and what was not set
 * is gone afterwards. So a device that was unplugged, a file that cannot be read and a field that the kernel does not have are absent, not 0.
 *
 * A metric is registered when it first has a value.
 */
export class Readings {
  #registry: Registry | undefined;
  #registering = false;
  /** What was registered after the collector itself. */
  readonly #late: Set<string> = new Set();
  #alive: Series[] = [];
  /** Name and label values to the object that stands for that series. */
  readonly #owners: Map<string, Series> = new Map();
  /** Number of the reading that is under way; a series remembers the last that set it. */
  reading = 0;

  /** Tells the metrics where to be; `first` reads for the first time, so that what is registered now belongs to the collector. */
  register(registry: Registry, first: () => void): void {
    this.#registry = registry;
    this.#registering = true;
    try {
      first();
    } finally {
      this.#registering = false;
    }
  }

  counter(name: string, help: string): Series {
    return new ReadingFamily(this, "counter", { name, help, labels: NO_VALUES }).of();
  }

  gauge(name: string, help: string): Series {
    return new ReadingFamily(this, "gauge", { name, help, labels: NO_VALUES }).of();
  }

  untyped(name: string, help: string): Series {
    return new ReadingFamily(this, "untyped", { name, help, labels: NO_VALUES }).of();
  }

  counters(name: string, options: FamilyOptions): ReadingFamily {
    return new ReadingFamily(this, "counter", { name, ...options });
  }

  gauges(name: string, options: FamilyOptions): ReadingFamily {
    return new ReadingFamily(this, "gauge", { name, ...options });
  }

  begin(): void {
    this.reading++;
  }

  end(): void {
    const { reading } = this;
    let gone = 0;
    for (let k = 0; k < this.#alive.length; k++) if (this.#alive[k]!.reading !== reading) gone++;
    if (gone === 0) return;
    for (const series of this.#alive) if (series.reading !== reading) series.disappear();
    this.#alive = this.#alive.filter((series) => series.reading === reading);
  }

  /** How many series there are. */
  get size(): number {
    return this.#alive.length;
  }

  /** Takes back what was registered after the collector: the registry does not know whose it is. */
  close(): void {
    for (const name of this.#late) this.#registry?.unregister(name);
    this.#late.clear();
  }

  /** @internal */
  born(series: Series): void {
    this.#alive.push(series);
    this.#owners.set(series.key, series);
  }

  /** @internal Whether the series is no more; it is not if another object has taken its place. */
  died(series: Series): boolean {
    if (this.#owners.get(series.key) !== series) return false;
    return this.#owners.delete(series.key);
  }

  /** @internal */
  declare(kind: Kind, metric: FamilyOptions & { readonly name: string }): Counter | Gauge | CounterFamily<Labels> | GaugeFamily<Labels> {
    const { name, help, labels } = metric;
    if (this.#registry === undefined) throw new Error(`${name} was set before its collector was registered.`);
    if (!this.#registering) this.#late.add(name);
    // node_exporter's names are older than the rules; what two processes see of one machine is one value, not a sum.
    const options = { help, lint: "off" as const };
    if (kind === "counter") return labels.length === 0 ? this.#registry.counter(name, options) : this.#registry.counter(name, { ...options, labels });
    const gauge = { ...options, merge: "last" as const, type: kind === "untyped" ? ("unknown" as const) : ("gauge" as const) };
    return labels.length === 0 ? this.#registry.gauge(name, gauge) : this.#registry.gauge(name, { ...gauge, labels });
  }

  /** @internal */
  undeclare(name: string): void {
    this.#registry?.unregister(name);
    this.#late.delete(name);
  }
}

/** A metric, and its series by their label values. */
export class ReadingFamily {
  readonly readings: Readings;
  readonly kind: Kind;
  readonly name: string;
  readonly #metric: FamilyOptions & { readonly name: string };
  #family: CounterFamily<Labels> | GaugeFamily<Labels> | undefined;

  /** @internal Made by Readings. */
  constructor(readings: Readings, kind: Kind, metric: FamilyOptions & { readonly name: string }) {
    this.readings = readings;
    this.kind = kind;
    this.name = metric.name;
    this.#metric = metric;
  }

  /** The series of these label values, in the order of the declaration. Hold it: it exists once it is set. */
  of(...values: readonly string[]): Series {
    return new Series(this, values.length === 0 ? NO_VALUES : values);
  }

  /** @internal */
  appear(values: readonly string[]): Counter | Gauge {
    if (values.length === 0) return this.readings.declare(this.kind, this.#metric) as Counter | Gauge;
    this.#family ??= this.readings.declare(this.kind, this.#metric) as CounterFamily<Labels> | GaugeFamily<Labels>;
    return this.#family.labels(this.#labels(values));
  }

  /** @internal */
  disappear(values: readonly string[]): void {
    // A metric without labels has its series for as long as it is registered.
    if (values.length === 0) this.readings.undeclare(this.name);
    else this.#family?.remove(this.#labels(values));
  }

  #labels(values: readonly string[]): Labels {
    return Object.fromEntries(this.#metric.labels.map((label, k) => [label, values[k]!]));
  }
}

/** One series. Setting it makes it appear; a reading that does not set it makes it disappear. */
export class Series {
  readonly #family: ReadingFamily;
  readonly #values: readonly string[];
  #child: Counter | Gauge | undefined;
  /** @internal Number of the reading that set it last. */
  reading = 0;

  /** @internal Made by a ReadingFamily. */
  constructor(family: ReadingFamily, values: readonly string[]) {
    this.#family = family;
    this.#values = values;
  }

  /** Says the value, a counter's total or a gauge's number. NaN says that it is not known, and sets nothing. */
  set(value: number): void {
    if (value !== value) return;
    const { readings } = this.#family;
    if (this.#child === undefined) {
      this.#child = this.#family.appear(this.#values);
      readings.born(this);
    }
    this.reading = readings.reading;
    if (this.#family.kind === "counter") (this.#child as Counter).mirror(value);
    else (this.#child as Gauge).set(value);
  }

  /** @internal */
  get key(): string {
    return JSON.stringify([this.#family.name, ...this.#values]);
  }

  /** @internal */
  disappear(): void {
    this.#child = undefined;
    if (this.#family.readings.died(this)) this.#family.disappear(this.#values);
  }
}

/** A series that is always 1 and whose labels are facts: when a fact changes, another series takes its place. */
export class Facts {
  readonly #family: ReadingFamily;
  readonly #fixed: readonly string[];
  #said: readonly string[] = [];
  #series: Series | undefined;

  /** `fixed`: the values of the first labels, which do not change. */
  constructor(family: ReadingFamily, ...fixed: readonly string[]) {
    this.#family = family;
    this.#fixed = fixed;
  }

  say(...facts: readonly string[]): void {
    if (this.#series === undefined || facts.some((fact, k) => fact !== this.#said[k])) {
      this.#said = facts;
      this.#series = this.#family.of(...this.#fixed, ...facts);
    }
    this.#series.set(1);
  }
}
