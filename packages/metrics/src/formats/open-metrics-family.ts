import { isHistogram, type MetricType } from "../core/snapshot.ts";
import { FamilyBuilder, type LabelPair, labelKey, type Row } from "./family-builder.ts";
import { type LineScanner, numbered } from "./line-scanner.ts";
import { EXEMPLAR_LABEL_LIMIT } from "./open-metrics.ts";

/** A sample as it stands in a line. */
export interface Sample {
  readonly name: string;
  readonly labels: readonly LabelPair[];
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number | undefined;
  readonly exemplar: { readonly labels: readonly LabelPair[]; readonly value: number; readonly timestamp: number | undefined } | undefined;
}

/** What the names of the samples of each type have beyond the family's. */
const SUFFIXES: Readonly<Record<MetricType, readonly string[]>> = {
  counter: ["_total", "_created"],
  gauge: [""],
  histogram: ["_bucket", "_count", "_sum", "_created"],
  gaugehistogram: ["_bucket", "_gcount", "_gsum"],
  summary: ["", "_count", "_sum", "_created"],
  info: ["_info"],
  stateset: [""],
  unknown: [""],
};

export const isMetricType = (type: string): type is MetricType => Object.hasOwn(SUFFIXES, type);

/** One metric family of an OpenMetrics text: takes its lines in their order and holds each to the rules of the family's type. */
export class OpenMetricsFamily {
  readonly name: string;
  readonly line: number;
  type: MetricType | undefined;
  unit: string | undefined;
  help: string | undefined;
  #builder: FamilyBuilder | undefined;
  readonly #groups = new Set<string>();
  /** The label set of the metric at hand, without what tells its samples apart. */
  #group: string | undefined;
  #timestamp: number | undefined;
  #last: LineScanner | undefined;
  /** The rows of the point at hand: one, but for a state set. */
  readonly #point = new Set<Row>();
  /** The bucket before, in the point at hand. */
  #bucket: { readonly bound: number; readonly upTo: number } | undefined;

  constructor(name: string, line: number) {
    this.name = name;
    this.line = line;
  }

  get hasSamples(): boolean {
    return this.#builder !== undefined;
  }

  get #type(): MetricType {
    return this.type ?? "unknown";
  }

  /** Names that no other family may have, or may give to its samples. */
  claims(): string[] {
    return [...new Set(["", ...SUFFIXES[this.#type]])].map((suffix) => this.name + suffix);
  }

  /** What a sample's name has beyond the family's, or undefined if it is not one of this family. */
  suffixOf(sample: string): string | undefined {
    return sample.startsWith(this.name)
      ? SUFFIXES[this.#type].find((suffix) => suffix.length === sample.length - this.name.length && sample.endsWith(suffix))
      : undefined;
  }

  /** The names that its samples may have, for an error text. */
  sampleNames(): string {
    return SUFFIXES[this.#type].map((suffix) => this.name + suffix).join(", ");
  }

  add(scanner: LineScanner, sample: Sample, suffix: string): void {
    this.#builder ??= this.#newBuilder();
    checkExemplar(scanner, sample, this.#type, suffix);
    if (suffix === "_bucket") this.#addBucket(scanner, sample);
    else if (this.#type === "summary" && suffix === "") this.#addQuantile(scanner, sample);
    else this.#addValue(scanner, sample, suffix);
    this.#last = scanner;
  }

  /** Call after the last sample. */
  finish(): FamilyBuilder {
    this.#endPoint();
    return this.#builder ?? this.#newBuilder();
  }

  #newBuilder(): FamilyBuilder {
    const suffix = this.type === "counter" ? "_total" : this.type === "info" ? "_info" : "";
    const builder = new FamilyBuilder(this.name + suffix, this.#type);
    builder.help = this.help ?? "";
    builder.unit = this.unit ?? "";
    return builder;
  }

  #addBucket(scanner: LineScanner, { labels, value, timestamp, exemplar }: Sample): void {
    const [bound, others] = numbered(scanner, labels, "le");
    if (bound === Number.POSITIVE_INFINITY && !labels.some(([name, text]) => name === "le" && text === "+Inf"))
      scanner.refuse('the last bucket is written le="+Inf"');
    if (!(value >= 0 && Number.isInteger(value))) scanner.refuse("a bucket's count must be a whole number, 0 or more");
    const row = this.#row(scanner, others, timestamp);
    const before = this.#bucket;
    if (before !== undefined) {
      if (!(bound > before.bound)) scanner.refuse(`buckets must come in ascending order of le, and le=${before.bound} came before`);
      if (value < before.upTo) scanner.refuse(`buckets are cumulative, and le=${before.bound} has ${before.upTo} already`);
    }
    this.#bucket = { bound, upTo: value };
    if (exemplar !== undefined) {
      if (exemplar.value > bound) scanner.refuse(`the exemplar's value ${exemplar.value} is not in the bucket`);
      (row.exemplars ??= []).push(exemplarOf(exemplar));
    }
    (row.buckets ??= new Map()).set(bound, value);
  }

  #addQuantile(scanner: LineScanner, { labels, value, timestamp }: Sample): void {
    const [quantile, others] = numbered(scanner, labels, "quantile");
    if (!(quantile >= 0 && quantile <= 1)) scanner.refuse("a quantile is between 0 and 1");
    if (value < 0) scanner.refuse("the value of a quantile must not be negative");
    const row = this.#row(scanner, others, timestamp);
    row.quantiles ??= new Map();
    if (row.quantiles.has(quantile)) scanner.refuse("this quantile was given before");
    row.quantiles.set(quantile, value);
  }

  #addValue(scanner: LineScanner, { labels, value, timestamp, exemplar }: Sample, suffix: string): void {
    this.#checkValue(scanner, labels, value, suffix);
    const part = suffix.endsWith("count") ? "count" : suffix.endsWith("sum") ? "sum" : suffix === "_created" ? "created" : "value";
    const row = this.#row(scanner, labels, timestamp);
    if (row[part] !== undefined) scanner.refuse("this series was given before, at the same time");
    row[part] = value;
    if (exemplar !== undefined) row.exemplars = [exemplarOf(exemplar)];
  }

  #checkValue(scanner: LineScanner, labels: readonly LabelPair[], value: number, suffix: string): void {
    const type = this.#type;
    const reserved = isHistogram(type) ? "le" : type === "summary" ? "quantile" : undefined;
    if (labels.some(([name]) => name === reserved))
      scanner.refuse(`the label ${reserved} belongs to the ${reserved === "le" ? "buckets" : "quantiles"} only`);
    if (suffix === "_created" && !Number.isFinite(value)) scanner.refuse("a time of creation must be finite");
    if (/^_(total|g?count|sum)$/.test(suffix) && !(value >= 0)) scanner.refuse("this value must not be negative or NaN");
    if (suffix === "_gsum" && Number.isNaN(value)) scanner.refuse("a sum must not be NaN");
    if (suffix.endsWith("count") && !Number.isInteger(value)) scanner.refuse("a count must be a whole number");
    if (type === "info" && value !== 1) scanner.refuse("the value of an info is always 1");
    if (type === "stateset") {
      if (!labels.some(([name]) => name === this.name)) scanner.refuse(`a state stands in the label ${this.name}, which is missing`);
      if (value !== 0 && value !== 1) scanner.refuse("the value of a state is 0 or 1");
    }
  }

  /** The row that a sample belongs to, once it is known that the sample may stand here. */
  #row(scanner: LineScanner, labels: readonly LabelPair[], timestamp: number | undefined): Row {
    const key = labelKey(labels);
    const group = this.#type === "stateset" ? labelKey(labels.filter(([name]) => name !== this.name)) : key;
    if (group === this.#group) {
      if ((timestamp === undefined) !== (this.#timestamp === undefined))
        scanner.refuse("either all samples of a metric have a timestamp, or none has");
      if (timestamp !== undefined && timestamp < this.#timestamp!)
        scanner.refuse(`timestamps must not go backwards, and ${this.#timestamp} came before`);
      if (timestamp !== this.#timestamp) this.#endPoint();
    } else {
      this.#endPoint();
      if (this.#groups.has(group)) scanner.refuse("the samples of a metric must stand together, and others came in between");
      this.#groups.add(group);
      this.#group = group;
    }
    this.#timestamp = timestamp;
    const row = this.#builder!.row(labels, key);
    if (!this.#point.has(row)) {
      // A later point of the same metric takes the place of the earlier one: a snapshot has one moment.
      Object.assign(row, {
        value: undefined,
        sum: undefined,
        count: undefined,
        created: undefined,
        buckets: undefined,
        quantiles: undefined,
        exemplars: undefined,
        timestamp,
      });
      this.#point.add(row);
    }
    return row;
  }

  #endPoint(): void {
    for (const row of this.#point) this.#checkPoint(this.#last!, row);
    this.#point.clear();
    this.#bucket = undefined;
  }

  #checkPoint(scanner: LineScanner, row: Row): void {
    const { name } = this;
    const type = this.#type;
    if (type === "counter" && row.value === undefined) scanner.refuse(`${name}_total is missing`);
    if (!isHistogram(type)) return;
    const g = type === "gaugehistogram" ? "g" : "";
    const total = row.buckets?.get(Number.POSITIVE_INFINITY);
    if (total === undefined) scanner.refuse(`${name} lacks the bucket le="+Inf"`);
    if (row.count !== undefined && row.count !== total) scanner.refuse(`${name}_${g}count is ${row.count}, but the bucket le="+Inf" has ${total}`);
    if ((row.count === undefined) !== (row.sum === undefined)) scanner.refuse(`${name}_${g}count and ${name}_${g}sum must come both or not at all`);
    const [lowest] = row.buckets!.keys();
    if (row.sum === undefined) return;
    if (type === "histogram" && lowest! < 0) scanner.refuse(`${name} has negative bounds, so it must not have a sum`);
    if (row.sum < 0 && !(lowest! < 0)) scanner.refuse(`${name}_gsum is negative, but no bound is`);
  }
}

function checkExemplar(scanner: LineScanner, { exemplar }: Sample, type: MetricType, suffix: string): void {
  if (exemplar === undefined) return;
  if (!(suffix === "_bucket" || (type === "counter" && suffix === "_total"))) scanner.refuse("only counters and buckets can have an exemplar");
  let length = 0;
  for (const [name, value] of exemplar.labels) length += [...name].length + [...value].length;
  if (length > EXEMPLAR_LABEL_LIMIT) scanner.refuse(`the exemplar's labels have ${length} characters, at most ${EXEMPLAR_LABEL_LIMIT} are allowed`);
}

function exemplarOf({ labels, value, timestamp }: NonNullable<Sample["exemplar"]>): {
  labels: Record<string, string>;
  value: number;
  timestamp?: number;
} {
  return { labels: Object.fromEntries(labels), value, ...(timestamp === undefined ? {} : { timestamp }) };
}
