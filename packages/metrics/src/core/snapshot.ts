import { InferometerError } from "./errors.ts";
import { quantileOfBuckets } from "./quantile.ts";
import type { LabelValue, SeriesTable } from "./series-table.ts";

/** The types that a metric can have on the wire (OpenMetrics' names). */
export type MetricType = "counter" | "gauge" | "histogram" | "gaugehistogram" | "summary" | "info" | "stateset" | "unknown";

/** How a gauge is added up over processes, threads or instances. Counters and histograms always add. */
export type MergeRule = "sum" | "min" | "max" | "mean" | "last";

/** A value that was seen, with the trace it belongs to. `timestamp` is in seconds since 1970. */
export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp?: number;
}

/** One side of a native histogram: `counts[i]` observations lie in (base^(offset+i-1), base^(offset+i)], base = 2^(2^-schema). */
export interface NativeBuckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

/** A native (exponential) histogram's buckets, as Prometheus defines them. */
export interface NativeHistogram {
  /** Resolution: -4 (factor 65536) to 8 (factor 1.0027). */
  readonly schema: number;
  /** Values whose magnitude is at most this count as zero. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: NativeBuckets;
  readonly negative: NativeBuckets;
}

/** What a FamilySnapshot is made of. Arrays are taken over, not copied: who makes one must not write to them afterwards. */
export interface FamilyData {
  /** The name without suffix in `_bucket`, `_sum` ...; a counter's name ends in `_total`, an info's in `_info`. */
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Default "": none. */
  readonly unit?: string;
  /** Default "sum". Only gauges use it. */
  readonly rule?: MergeRule;
  /** Labels that every series of the family has; they come before those of the table. Default: none. */
  readonly constants?: readonly (readonly [name: string, value: string])[];
  readonly table: SeriesTable;
  /** Rows of `table` that belong to this snapshot; the table may have grown since. */
  readonly length: number;
  /**
   * `stride` numbers a row:
   *   counter, gauge, info, unknown   value
   *   stateset                        value, 0 or 1; the state is the label named like the family
   *   (gauge)histogram                a count for each bucket (not cumulative; the last is +Inf), then the sum
   *   histogram, native only          the sum
   *   summary                         count, sum, then a value for each quantile
   * In a parsed histogram NaN for a bucket says that this row does not have that bucket.
   */
  readonly values: Float64Array;
  /** Upper bounds of the classic buckets, ascending, without +Inf; undefined: no classic buckets. */
  readonly bounds?: readonly number[];
  readonly quantiles?: readonly number[];
  readonly natives?: readonly (NativeHistogram | undefined)[];
  /** Seconds since 1970, a row each; NaN: not known. */
  readonly created?: Float64Array;
  /** Seconds since 1970 of each row's sample, where a text gave one; NaN: none. */
  readonly timestamps?: Float64Array;
  /** Row to its exemplars; a classic histogram's are matched to buckets by their value. */
  readonly exemplars?: ReadonlyMap<number, readonly Exemplar[]>;
}

/** A histogram's row, for people. */
export interface HistogramPoint {
  readonly count: number;
  readonly sum: number;
  /** Upper bound and cumulative count; the last bound is Infinity. Empty without classic buckets. */
  readonly buckets: readonly (readonly [upperBound: number, count: number])[];
  readonly native?: NativeHistogram;
}

/** A summary's row, for people. */
export interface SummaryPoint {
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly (readonly [quantile: number, value: number])[];
}

/** One metric with all its series at one moment. Immutable. */
export class FamilySnapshot {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
  readonly rule: MergeRule;
  readonly constants: readonly (readonly [name: string, value: string])[];
  readonly table: SeriesTable;
  readonly length: number;
  readonly values: Float64Array;
  readonly stride: number;
  readonly bounds: readonly number[] | undefined;
  readonly quantiles: readonly number[] | undefined;
  readonly natives: readonly (NativeHistogram | undefined)[] | undefined;
  readonly created: Float64Array | undefined;
  readonly timestamps: Float64Array | undefined;
  readonly exemplars: ReadonlyMap<number, readonly Exemplar[]> | undefined;

  constructor(data: FamilyData) {
    this.name = data.name;
    this.type = data.type;
    this.help = data.help;
    this.unit = data.unit ?? "";
    this.rule = data.rule ?? "sum";
    this.constants = data.constants ?? [];
    this.table = data.table;
    this.length = data.length;
    this.values = data.values;
    this.bounds = data.bounds;
    this.quantiles = data.quantiles;
    this.natives = data.natives;
    this.created = data.created;
    this.timestamps = data.timestamps;
    this.exemplars = data.exemplars;
    this.stride = strideOf(data);
  }

  /** Constant labels and those of the table. */
  get labelNames(): string[] {
    return [...this.constants.map(([name]) => name), ...this.table.labelNames];
  }

  /** All labels of a row. */
  labels(row: number): Record<string, string> {
    return { ...Object.fromEntries(this.constants), ...this.table.labels(row) };
  }

  /** The row with exactly these labels (constant ones may be left out), or -1. */
  row(labels: Readonly<Record<string, string>>): number {
    const values: LabelValue[] = this.table.labelNames.map((name) => (Object.hasOwn(labels, name) ? labels[name] : undefined));
    const row = this.table.find(values);
    return row < this.length ? row : -1;
  }

  /** The value of a row: a counter's, gauge's, info's or state's; of a histogram or summary its count. */
  value(row = 0): number {
    if (isHistogram(this.type)) return this.histogram(row).count;
    return this.values[row * this.stride] ?? Number.NaN;
  }

  /** A histogram's row. Throws OPTION_INVALID for other types. */
  histogram(row = 0): HistogramPoint {
    if (!isHistogram(this.type)) throw this.#wrongType("histogram");
    const start = row * this.stride;
    const native = this.natives?.[row];
    const buckets: (readonly [number, number])[] = [];
    let count = 0;
    if (this.bounds !== undefined) {
      for (let k = 0; k <= this.bounds.length; k++) {
        const inBucket = this.values[start + k]!;
        if (Number.isNaN(inBucket)) continue;
        count += inBucket;
        buckets.push([this.bounds[k] ?? Number.POSITIVE_INFINITY, count]);
      }
    } else if (native !== undefined) count = nativeCount(native);
    return { count, sum: this.values[start + this.stride - 1]!, buckets, ...(native === undefined ? {} : { native }) };
  }

  /** A summary's row. Throws OPTION_INVALID for other types. */
  summary(row = 0): SummaryPoint {
    if (this.type !== "summary") throw this.#wrongType("summary");
    const start = row * this.stride;
    const quantiles = (this.quantiles ?? []).map((quantile, k) => [quantile, this.values[start + 2 + k]!] as const);
    return { count: this.values[start]!, sum: this.values[start + 1]!, quantiles };
  }

  /**
   * An estimate of a quantile (0 to 1) of a histogram's row: linear inside a classic bucket, as PromQL's histogram_quantile; exponential
   * inside a native one. NaN for an empty row.
   */
  quantile(quantile: number, row = 0): number {
    return quantileOfBuckets(this.histogram(row), quantile);
  }

  #wrongType(asked: string): InferometerError {
    return new InferometerError(
      "OPTION_INVALID",
      `${this.name} is a ${this.type}, so it has no ${asked} to read. Read value(row), histogram(row) or summary(row) after its type.`,
    );
  }
}

/** All metrics of a registry at one moment: the only thing that leaves core. Immutable. */
export class Snapshot {
  readonly families: readonly FamilySnapshot[];
  /** Seconds since 1970 when it was taken. */
  readonly timestamp: number;
  /** Made when it is first asked for: a text needs none. */
  #byName: Map<string, FamilySnapshot> | undefined;

  constructor(families: readonly FamilySnapshot[], timestamp: number) {
    this.families = families;
    this.timestamp = timestamp;
  }

  /** The family of that name, as exposed (with namespace, a counter with `_total`). */
  get(name: string): FamilySnapshot | undefined {
    this.#byName ??= new Map(this.families.map((family) => [family.name, family]));
    return this.#byName.get(name);
  }

  /** The value of one series, or undefined where there is none. Handy in tests. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const family = this.get(name);
    const row = family?.row(labels) ?? -1;
    return row === -1 ? undefined : family!.value(row);
  }

  [Symbol.iterator](): Iterator<FamilySnapshot> {
    return this.families[Symbol.iterator]();
  }
}

/** Whether a metric of this type counts since a time that belongs to the count. */
export const hasBeginning = (type: MetricType): boolean => type === "counter" || type === "histogram" || type === "summary";

export const isHistogram = (type: MetricType): boolean => type === "histogram" || type === "gaugehistogram";

/** All observations of a native histogram. */
export function nativeCount(native: NativeHistogram): number {
  let count = native.zeroCount;
  for (const n of native.positive.counts) count += n;
  for (const n of native.negative.counts) count += n;
  return count;
}

function strideOf(data: FamilyData): number {
  if (isHistogram(data.type)) return data.bounds === undefined ? 1 : data.bounds.length + 2;
  if (data.type === "summary") return 2 + (data.quantiles?.length ?? 0);
  return 1;
}
